"""Change in the share of rows without a value."""

from __future__ import annotations

import math

from scipy.special import ndtr

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["missing_rows", "missing_share"]


def missing_rows(summary: NumericSummary | CategoricalSummary) -> int:
    """Rows without a value; NaN counts as none."""
    return summary.missing + (summary.nan if isinstance(summary, NumericSummary) else 0)


def missing_share(
    reference: NumericSummary | CategoricalSummary, current: NumericSummary | CategoricalSummary
) -> DriftStatistic:
    """Share of the current rows without a value minus that of the reference, from -1 to 1.

    The p-value is the two-sided one of the pooled test of two proportions, for independent rows; 1.0
    where both shares are 0 or both are 1. None as value where one side has no rows.

    >>> from assay.stats.summaries.numeric import NumericCells
    >>> cells = NumericCells.from_values([1.0])
    >>> missing_share(NumericSummary.of([1.0, 1.0], cells), NumericSummary.of([1.0], cells, missing=1)).value
    0.5
    """
    n, m = reference.rows, current.rows
    if not n or not m:
        return DriftStatistic("missing_share", None)
    ours, theirs = missing_rows(reference), missing_rows(current)
    value = theirs / m - ours / n
    pooled = (ours + theirs) / (n + m)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    p_value = float(2 * ndtr(-abs(value) / error)) if error else 1.0
    return DriftStatistic("missing_share", value, p_value=p_value)
