"""Change in the share of rows without a value."""

from __future__ import annotations

from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.two_proportions import two_proportions
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["missing_rows", "missing_share", "missing_share_of"]

_SUMMARIES = (NumericSummary, CategoricalSummary)


def missing_rows(summary: NumericSummary | CategoricalSummary) -> int:
    """Rows without a value; NaN counts as none."""
    return summary.missing + (summary.nan if isinstance(summary, NumericSummary) else 0)


def missing_share(reference: Side, current: Side) -> DriftStatistic:
    """Share of the current rows without a value minus that of the reference, from -1 to 1.

    The p-value is the two-sided one of the test of two proportions, for independent rows, exact where few
    rows are expected (see :mod:`assay.stats.drift.two_proportions`); 1.0 where both shares are 0 or both
    are 1. None as value where one side has no rows.

    >>> from assay.stats.summaries.numeric import NumericCells
    >>> cells = NumericCells.from_values([1.0])
    >>> missing_share(NumericSummary.of([1.0, 1.0], cells), NumericSummary.of([1.0], cells, missing=1)).value
    0.5
    >>> missing_share(["a", "b"], ["a", None]).value
    0.5
    """
    if isinstance(reference, _SUMMARIES) and isinstance(current, _SUMMARIES):
        return _of_counts(missing_rows(reference), reference.rows, missing_rows(current), current.rows)
    return missing_share_of(Pair.of(reference, current))


def missing_share_of(pair: Pair) -> DriftStatistic:
    """Like :func:`missing_share`, of a pair."""
    (ours, theirs), (n, m) = pair.missing, pair.rows
    return _of_counts(ours, n, theirs, m)


def _of_counts(ours: int, n: int, theirs: int, m: int) -> DriftStatistic:
    if not n or not m:
        return DriftStatistic("missing_share", None)
    return DriftStatistic("missing_share", theirs / m - ours / n, p_value=two_proportions(ours, n, theirs, m))
