"""Cramér-von Mises: the mean squared distance between two distribution functions.

References
----------
.. [1] T. Anderson, "On the distribution of the two-sample Cramér-von Mises criterion", Annals of Mathematical
   Statistics 33 (1962).
.. [2] Y. Xiao, A. Gordon and A. Yakovlev, "A C++ program for the Cramér-von Mises two-sample test", Journal
   of Statistical Software 17 (2006).
"""

from __future__ import annotations

import math

import numpy as np

from assay.stats.drift.coarse import coarse_groups, is_continuous
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.permutations import cramer_von_mises_permutations
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.steps import Steps
from assay.stats.drift.weighted_chi_square import cramer_von_mises_tail, weighted_chi_square_tail
from assay.stats.summaries.codec import Floats

__all__ = ["EXACT_PATHS", "cramer_von_mises", "cramer_von_mises_of"]

EXACT_PATHS = 200
"""The exact law is taken where the product of both numbers of rows is at most this."""


def cramer_von_mises(reference: Side, current: Side) -> DriftStatistic:
    """Return ``n m / N² Σ ((F - G)² before + (F - G)² after) / 2`` over the N rows of both, from 0.

    F and G are the two distribution functions, taken on either side of every row's value. Without ties,
    and with ties between samples of equal size, that is :func:`scipy.stats.cramervonmises_2samp`. With ties
    between samples of different size SciPy's midranks grow with the ties alone, up to enormous values for two
    equal constants; here equal distributions give 0. About 1/6 is expected without change.

    From summaries, the difference F - G is taken as straight inside an open cell; `bound` holds for any
    order of the rows in it. Infinite values are left out, as missing ones are.

    The p-value is exact (over all permutations of the rows, ties and all) while ``n * m`` is at most
    `EXACT_PATHS`; then Anderson's [1]_, the limit law scaled to the exact mean and variance; and where single
    values hold over 2% of the rows, the law of the same quadratic form with those ties.

    Returns
    -------
    DriftStatistic
        Named ``cramer_von_mises``. None as value where one side has no finite value.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds texts.

    Examples
    --------
    >>> found = cramer_von_mises([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0])
    >>> round(found.value, 4), round(found.p_value, 4)
    (0.5952, 0.0571)
    """
    return cramer_von_mises_of(Pair.of(reference, current).steps)


def cramer_von_mises_of(steps: Steps) -> DriftStatistic:
    """Like :func:`cramer_von_mises`, of a pair's steps."""
    n, m = steps.n, steps.m
    if not n or not m:
        return DriftStatistic("cramer_von_mises", None)
    rows = steps.rows
    squares = steps.differences**2
    squares = (squares[:-1] + squares[1:]) / 2
    scale = n * m / (n + m) ** 2
    bound = 0.0
    if steps.open.any():
        before, after = steps.differences[:-1], steps.differences[1:]
        squares = np.where(steps.open, (before**2 + before * after + after**2) / 3, squares)
        least, most = steps.reach()
        high = np.maximum(least**2, most**2)
        low = np.where((least < 0) & (most > 0), 0.0, np.minimum(least**2, most**2))
        weights = rows * steps.open
        bound = scale * max(float(weights @ (high - squares)), float(weights @ (squares - low)), 0.0)
    value = scale * float(rows.astype(np.float64) @ squares)
    return DriftStatistic("cramer_von_mises", value, bound, _p_value(value, steps, n, m))


def _p_value(value: float, steps: Steps, n: int, m: int) -> float:
    if n * m <= EXACT_PATHS and not steps.open.any():
        return cramer_von_mises_permutations(value, steps)
    if is_continuous(steps):
        total = n + m
        mean = (1 + 1 / total) / 6
        variance = (total + 1) / total**2 / 45 * (4 * n * m * total - 3 * (n * n + m * m) - 2 * n * m)
        variance /= 4 * n * m
        return cramer_von_mises_tail(1 / 6 + (value - mean) / math.sqrt(45 * variance))
    return _tied_tail(value * (n + m - 1) / (n + m), steps.shares)


def _tied_tail(value: float, shares: Floats) -> float:
    """Tail of the sum over steps of the squared Brownian bridge, both ends of each step averaged."""
    upto = np.cumsum(shares)[:-1]
    if not upto.size:
        return 1.0
    mean = float(((shares[:-1] + shares[1:]) / 2) @ (upto * (1 - upto)))
    groups = coarse_groups(shares)
    upto = np.cumsum(groups)[:-1]
    root = np.sqrt((groups[:-1] + groups[1:]) / 2)
    kernel = np.minimum.outer(upto, upto) - np.outer(upto, upto)
    weights = np.maximum(np.linalg.eigvalsh(root[:, None] * kernel * root), 0.0)
    return weighted_chi_square_tail(value - (mean - float(weights.sum())), weights)
