"""G-test: the likelihood ratio that two samples have the same shares of categories.

References
----------
.. [1] S. Wilks, "The likelihood test of independence in contingency tables", Annals of Mathematical
   Statistics 6 (1935).
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, rel_entr

from assay.stats.drift.chi_square import MIN_EXPECTED, pooled_table
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["g_test", "g_test_cell"]


def g_test(
    reference: Ints, current: Ints, *, min_expected: float = MIN_EXPECTED, cut: bool = False
) -> DriftStatistic:
    """Twice the log-likelihood ratio of the table of two samples by bins, without continuity correction.

    Parameters
    ----------
    reference, current : counts in the same bins. Both are samples: the reference's shares are not taken for
        the truth.
    min_expected, cut : as in :func:`assay.stats.drift.chi_square.chi_square`.

    Returns
    -------
    DriftStatistic
        The statistic (from 0, without upper limit; it grows with the number of rows) and its chi-square
        p-value for independent rows (that of the registry is corrected for few rows, see
        :mod:`assay.stats.drift.divergence_law`). None as value where one side is empty; 0.0 with
        p-value 1.0 where only one bin remains.

    Examples
    --------
    >>> result = g_test(np.array([50, 50]), np.array([30, 70]))
    >>> round(result.value, 3), round(result.p_value, 4)
    (8.402, 0.0037)
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("g_test", None)
    table = pooled_table(reference, current, min_expected, cut=cut)
    if table.shape[1] == 1:
        return DriftStatistic("g_test", 0.0, p_value=1.0)
    theory = np.outer([n, m], table.sum(axis=0)) / (n + m)
    value = max(2 * float(rel_entr(table, theory).sum()), 0.0)
    return DriftStatistic("g_test", value, p_value=float(chdtrc(table.shape[1] - 1, value)))


def g_test_cell(ours: Floats, theirs: Floats, n: int, m: int, bins: int) -> Floats:  # noqa: ARG001 - as all
    """Return a bin's term, for :mod:`assay.stats.drift.divergence_law`."""
    share = (ours + theirs) / (n + m)
    return np.asarray(2 * (rel_entr(ours, n * share) + rel_entr(theirs, m * share)))
