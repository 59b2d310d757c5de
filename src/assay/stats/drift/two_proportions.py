"""Test that two samples have the same share of rows of a kind.

References
----------
.. [1] R. Fisher, "The logic of inductive inference", Journal of the Royal Statistical Society 98 (1935).
.. [2] W. Cochran, "Some methods for strengthening the common χ² tests", Biometrics 10 (1954).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaln, ndtr

__all__ = ["fisher_exact", "two_proportions"]

_MIN_EXPECTED = 5.0
_ROUNDING = 1e-7


def two_proportions(ours: int, n: int, theirs: int, m: int) -> float:
    """Two-sided p-value for `ours` of `n` rows against `theirs` of `m` (both from 1 row on).

    The pooled normal test; Fisher's exact one where fewer than five rows are expected anywhere in the table
    [2]_. 1.0 where all rows are of the kind, or none.

    >>> round(two_proportions(50, 100, 70, 100), 4), round(two_proportions(0, 10, 4, 10), 4)
    (0.0039, 0.0867)
    """
    total, kind = n + m, ours + theirs
    if kind in (0, total):
        return 1.0
    if min(n, m) * min(kind, total - kind) < _MIN_EXPECTED * total:
        return fisher_exact(ours, n, theirs, m)
    pooled = kind / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * ndtr(-abs(theirs / m - ours / n) / error))


def fisher_exact(ours: int, n: int, theirs: int, m: int, *, more: bool = False) -> float:
    """Fisher's exact p-value [1]_, as :func:`scipy.stats.fisher_exact`.

    Parameters
    ----------
    ours, n, theirs, m : as in :func:`two_proportions`.
    more : whether only a larger share of `theirs` counts as evidence; else both directions, where every
        table that is no more probable than the given one counts.

    Notes
    -----
    Takes time with the smallest of `n`, `m`, the rows of the kind and the others. Too large, never too
    small: few tables are possible.
    """
    total, kind = n + m, ours + theirs
    least, most = max(0, kind - n), min(kind, m)
    k = np.arange(least, most + 1)
    logs = _log_choose(kind, k) + _log_choose(total - kind, m - k) - _log_choose(total, np.array(m))
    seen = logs[theirs - least]
    found = logs[theirs - least :] if more else logs[logs <= seen + _ROUNDING]
    return float(min(np.exp(found).sum(), 1.0))


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
