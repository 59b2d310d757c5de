"""Anderson-Darling: squared distance of two distribution functions, each place in units of its own chance.

References
----------
.. [1] A. Pettitt, "A two-sample Anderson-Darling rank statistic", Biometrika 63 (1976).
.. [2] F. Scholz and M. Stephens, "K-sample Anderson-Darling tests", Journal of the American Statistical
   Association 82 (1987).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from assay.stats.drift.coarse import coarse_groups, is_continuous
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.permutations import anderson_darling_permutations, few_dealings
from assay.stats.drift.result import DriftStatistic
from assay.stats.drift.steps import Steps
from assay.stats.drift.weighted_chi_square import anderson_darling_tail, weighted_chi_square_tail
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["anderson_darling", "anderson_darling_of"]

_CHUNK = 1 << 14  # fits the processor's cache

_LARGE = 100_000  # from here on, the first terms of the expansion are right to ten digits

_LIMIT = math.sqrt(2 * (math.pi**2 / 3 - 3))
"""Standard deviation of the limit law, whose mean is 1."""


def anderson_darling(reference: Side, current: Side) -> DriftStatistic:
    """Return Scholz and Stephens's ``(A² - 1) / σ``, about 0 without change (least about -1.3), no upper end.

    A² is the sum, over the rows of both, of the squared difference of the two distribution functions in units
    of its variance under no change; the tails count as much as the middle. With ties the distribution
    functions are taken in the middle of each step, and σ is the standard deviation that A² has without ties.
    That is ``scipy.stats.anderson_ksamp(..., variant="midrank")``.

    From summaries, the rows of an open cell count as tied; `bound` holds for any order of the rows in it.
    Infinite values are left out, as missing ones are.

    The p-value is exact (over all permutations of the rows, ties and all) where there are at most 5,000 of
    them, as for two samples of 7 rows; then the upper tail of the limit law itself at ``1 + 0.761 * value``,
    not SciPy's interpolation between 0.001 and 0.25; and where single values hold over 2% of the rows, that
    of the same quadratic form with those ties.

    Returns
    -------
    DriftStatistic
        Named ``anderson_darling``. None as value where one side has no finite value, or both together have
        fewer than four. 0.0 with p-value 1.0 where all values are the same one.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds texts.

    Examples
    --------
    >>> found = anderson_darling([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0])
    >>> round(found.value, 3), round(found.p_value, 3)
    (3.122, 0.057)
    """
    return anderson_darling_of(Pair.of(reference, current).steps)


def anderson_darling_of(steps: Steps) -> DriftStatistic:
    """Like :func:`anderson_darling`, of a pair's steps."""
    n, m = steps.n, steps.m
    total = n + m
    if not n or not m or total < 4:
        return DriftStatistic("anderson_darling", None)
    rows = steps.rows
    if rows.size == 1 and not steps.open[0]:
        return DriftStatistic("anderson_darling", 0.0, p_value=1.0)
    ends = np.cumsum(rows)
    terms = np.empty(rows.size)
    for start in range(0, rows.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        middle = steps.differences[:-1][part] + steps.differences[1:][part]
        variance = _variance(ends[part] - rows[part], ends[part], total)
        terms[part] = rows[part] * middle * middle / (4 * variance)
    factor = (total - 1) * n * m / total
    deviation = math.sqrt(_variance_of_sum(n, m))
    squared = factor * float(terms.sum())
    bound = _bound(steps, ends, terms, total) * factor / deviation if steps.open.any() else 0.0
    value = (squared - 1) / deviation
    return DriftStatistic("anderson_darling", value, bound, _p_value(value, squared, factor, steps, ends))


def _p_value(value: float, squared: float, factor: float, steps: Steps, ends: Ints) -> float:
    if few_dealings(steps.n, steps.m) and not steps.open.any():
        weights = steps.rows / _variance(ends - steps.rows, ends, int(ends[-1]))
        return anderson_darling_permutations(squared / factor, weights, steps)
    if is_continuous(steps):
        return anderson_darling_tail(1 + _LIMIT * value)
    return _tied_tail(squared, steps.shares)


def _variance(start: Ints, end: Ints, total: int) -> Floats:
    """Return N² times the variance of a Brownian bridge averaged over both ends of a step."""
    s, e = start.astype(np.float64), end.astype(np.float64)
    return (s * (total - s) + e * (total - e) + 2 * s * (total - e)) / 4


def _bound(steps: Steps, ends: Ints, terms: Floats, total: int) -> float:
    """Most that the sum of the terms can change by any order of the rows inside the open steps."""
    least, most = (one[steps.open] for one in steps.reach())
    high = ends[steps.open]
    rows = steps.rows[steps.open]
    low, given = high - rows, terms[steps.open]
    # The variance is a concave function of a step's two ends: its least value is at a corner.
    corners = [_variance(low, low + 1, total), _variance(high - 1, high, total), _variance(low, high, total)]
    smallest = np.minimum.reduce(corners)
    inner = np.clip(total / 2, low, high)
    above = rows * np.maximum(least**2, most**2) / smallest
    below = rows * np.where((least < 0) & (most > 0), 0.0, np.minimum(least**2, most**2))
    below = below / (inner * (total - inner))
    return max(float((above - given).sum()), float((given - below).sum()), 0.0)


@cache
def _harmonic(total: int) -> tuple[float, float]:
    """Return Scholz and Stephens's h = Σ 1/i and g = Σ Σ 1/((N - i) j), expanded where N is large."""
    if total > _LARGE:
        logarithm = math.log(total) + float(np.euler_gamma)
        return logarithm - 0.5 / total, math.pi**2 / 6 - (2 * logarithm + 1) / total
    sums = np.cumsum(1 / np.arange(total - 1, 1, -1))
    return float(sums[-1]) + 1, float((sums / np.arange(2, total)).sum())


def _variance_of_sum(n: int, m: int) -> float:
    """Variance of A² without ties [2]_, equation 4, for two samples."""
    total, inverse = n + m, 1 / n + 1 / m
    h, g = _harmonic(total)
    a = (4 * g - 6) + (10 - 6 * g) * inverse
    b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
    c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h
    d = (2 * h + 6) * 4 - 8 * h
    size = float(total)
    return (a * size**3 + b * size**2 + c * size + d) / ((size - 1) * (size - 2) * (size - 3))


def _tied_tail(squared: float, shares: Floats) -> float:
    """Tail of the sum over steps of squared standard normals, correlated as a Brownian bridge."""
    groups = coarse_groups(shares)
    middle = np.cumsum(groups) - groups / 2
    covariance = np.minimum.outer(middle, middle) - np.outer(middle, middle)
    covariance[np.diag_indices_from(covariance)] -= groups / 4
    root = np.sqrt(groups / np.diag(covariance))
    weights = np.maximum(np.linalg.eigvalsh(root[:, None] * covariance * root), 0.0)
    return weighted_chi_square_tail(squared, weights)
