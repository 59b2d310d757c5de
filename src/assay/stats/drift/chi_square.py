"""Chi-square test that two samples have the same shares of categories.

References
----------
.. [1] W. Cochran, "Some methods for strengthening the common χ² tests", Biometrics 10 (1954).
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["MIN_EXPECTED", "chi_square", "chi_square_cell", "pooled_table"]

MIN_EXPECTED = 5.0
"""Bins with fewer expected rows than this on either side are put together [1]_."""


def chi_square(
    reference: Ints, current: Ints, *, min_expected: float = MIN_EXPECTED, cut: bool = False
) -> DriftStatistic:
    """Pearson's statistic of the table of two samples by bins, without continuity correction.

    Parameters
    ----------
    reference, current : counts in the same bins.
    min_expected : bins whose expected count is smaller, on either side, are put together into one, and,
        where that is still too small, together with the smallest of the others.
    cut : whether the bins end at quantiles of the reference: what is expected follows from it alone then.

    Returns
    -------
    DriftStatistic
        The statistic (from 0, without upper limit) and its chi-square p-value for independent rows (that of
        the registry is corrected for few rows, see :mod:`assay.stats.drift.divergence_law`). None as value
        where one side is empty; 0.0 with p-value 1.0 where only one bin remains.

    Examples
    --------
    >>> result = chi_square(np.array([50, 50]), np.array([30, 70]))
    >>> round(result.value, 3), round(result.p_value, 4)
    (8.333, 0.0039)
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("chi_square", None)
    table = pooled_table(reference, current, min_expected, cut=cut)
    degrees = table.shape[1] - 1
    if not degrees:
        return DriftStatistic("chi_square", 0.0, p_value=1.0)
    both = table.sum(axis=0)
    theory = np.outer([n, m], both) / (n + m)
    value = float(((table - theory) ** 2 / theory).sum())
    return DriftStatistic("chi_square", value, p_value=float(chdtrc(degrees, value)))


def pooled_table(
    reference: Ints, current: Ints, min_expected: float = MIN_EXPECTED, *, cut: bool = False
) -> Floats:
    """Return the table of two samples (both with rows) by bins, float64[2, bins], rare bins put together.

    Which bins are rare must not depend on what is left to chance. Of rows that were dealt to two samples that
    are not the counts of both together; of bins that were `cut` at quantiles of the reference, its own.
    """
    n, m = int(reference.sum()), int(current.sum())
    table = np.stack([reference, current]).astype(np.float64)
    table = table[:, table.any(axis=0)]
    # The smaller side has the smaller expectations.
    expected = table[0] * (min(n, m) / n) if cut else table.sum(axis=0) * (min(n, m) / (n + m))
    small = expected < min_expected
    if np.count_nonzero(small) and table.shape[1] > 1:
        if expected[small].sum() < min_expected and not small.all():
            small[np.flatnonzero(~small)[np.argmin(expected[~small])]] = True
        table = np.column_stack([table[:, ~small], table[:, small].sum(axis=1)])
    return table


def chi_square_cell(ours: Floats, theirs: Floats, n: int, m: int, bins: int) -> Floats:  # noqa: ARG001 - as all
    """Return a bin's term, for :mod:`assay.stats.drift.divergence_law`."""
    share = (ours + theirs) / (n + m)
    with np.errstate(invalid="ignore"):
        found = (ours - n * share) ** 2 * (1 / n + 1 / m) / share
    return np.asarray(np.where(share > 0, found, 0.0))
