"""Exact laws of two-sample statistics over all ways to deal the rows to the two samples, ties kept.

A way to deal them is a path on a grid, one step right for a row of the reference, one up for a current one,
in the order of the values. Between rows of equal value the path is not looked at.

References
----------
.. [1] G. Schröer and D. Trenkler, "Exact and randomization distributions of Kolmogorov-Smirnov tests two or
   three samples", Computational Statistics and Data Analysis 20 (1995).
.. [2] Y. Xiao, A. Gordon and A. Yakovlev, "A C++ program for the Cramér-von Mises two-sample test", Journal
   of Statistical Software 17 (2006).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations

import numpy as np

from assay.stats.drift.steps import Steps
from assay.stats.summaries.codec import Floats, Ints

__all__ = [
    "MAX_DEALINGS",
    "anderson_darling_permutations",
    "cramer_von_mises_permutations",
    "few_dealings",
    "kolmogorov_smirnov_permutations",
]

MAX_DEALINGS = 5_000
"""Where there are no more ways than this to deal the rows, each can be looked at."""

_ROUNDING = 1e-9


def kolmogorov_smirnov_permutations(value: float, steps: Steps, *, excess: bool = False) -> float:
    """Share of all permutations in which the largest distance is at least `value` [1]_.

    With `excess`, in which the current distribution function is at least `value` above the reference's
    anywhere.

    Takes time with the number of rows times that of the smaller sample. All terms are positive: small
    probabilities keep their digits.
    """
    n, m = sorted((steps.n, steps.m))
    ends = np.zeros(n + m + 1, dtype=np.bool_)
    ends[np.cumsum(steps.rows)] = True
    i = np.arange(n + 1)
    sign = 1.0 if steps.m == n else -1.0
    touched = np.zeros(n + 1)
    for t in range(1, n + m + 1):
        j = t - i
        inside = (j >= 0) & (j <= m)
        # The t-th row is of the first sample with probability i / t, given that i of the first t are.
        come = touched * np.clip(j, 0, m) / t
        come[1:] += touched[:-1] * i[1:] / t
        if ends[t]:
            distance = sign * (i / n - j / m) if excess else np.abs(i / n - j / m)
            come[distance >= value - _ROUNDING] = 1.0
        touched = np.where(inside, come, 0.0)
    return float(min(touched[n], 1.0))


def cramer_von_mises_permutations(value: float, steps: Steps) -> float:
    """Share of all permutations in which the Cramér-von Mises statistic is at least `value` [2]_.

    Takes time and memory with the number of different values of the statistic: for few rows only.
    """
    n, m = steps.n, steps.m
    rows = steps.rows
    # In whole numbers: twice the weight of each end of a step, and differences times n m over their divisor.
    weight = np.zeros(n + m + 1, dtype=np.int64)
    ends = np.cumsum(rows)
    weight[ends[:-1]] = rows[:-1] + rows[1:]
    divisor = math.gcd(n, m)
    a, b = n // divisor, m // divisor
    least = value * 2 * (n + m) ** 2 * n * m / divisor**2
    column: list[tuple[Ints, Floats]] = []
    for i in range(n + 1):
        below: tuple[Ints, Floats] | None = None
        fresh: list[tuple[Ints, Floats]] = []
        for j in range(m + 1):
            parts = [part for part in (below, column[j] if i else None) if part is not None]
            sums, ways = _joined(parts) if parts else (np.zeros(1, dtype=np.int64), np.ones(1))
            below = sums + weight[i + j] * (b * i - a * j) ** 2, ways
            fresh.append(below)
        column = fresh
    sums, ways = column[m]
    return float(ways[sums >= least * (1 - _ROUNDING) - _ROUNDING].sum() / math.comb(n + m, n))


def _joined(parts: list[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    if len(parts) == 1:
        return parts[0]
    sums, place = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    ways = np.bincount(place, weights=np.concatenate([part[1] for part in parts]))
    return sums, ways.astype(np.float64)


def few_dealings(n: int, m: int) -> bool:
    """Whether there are at most `MAX_DEALINGS` ways to deal the rows, told without counting them all.

    >>> few_dealings(7, 7), few_dealings(7, 8), few_dealings(10**6, 10**6)
    (True, False, False)
    """
    # The smaller sample alone already has too many, and the number itself would have a million digits.
    small = min(n, m)
    return small <= MAX_DEALINGS.bit_length() and math.comb(n + m, small) <= MAX_DEALINGS


def anderson_darling_permutations(value: float, weights: Floats, steps: Steps) -> float:
    """Share of all permutations in which ``Σ weights * (F - G)²`` is `value` or more.

    The differences are those in the middle of each step. For at most `MAX_DEALINGS` permutations.
    """
    n, m = steps.n, steps.m
    upto = np.zeros((math.comb(n + m, n), steps.rows.size + 1))
    upto[:, 1:] = np.cumsum(_dealings(n, m), axis=1)[:, np.cumsum(steps.rows) - 1]
    ends = np.concatenate([[0], np.cumsum(steps.rows)])
    differences = upto / n - (ends - upto) / m
    sums = ((differences[:, :-1] + differences[:, 1:]) / 2) ** 2 @ weights
    return float((sums >= value * (1 - _ROUNDING) - _ROUNDING).mean())


@lru_cache(maxsize=8)
def _dealings(n: int, m: int) -> Ints:
    """All ways to choose which of the rows are the reference's: int64[ways, n + m], 1 for these."""
    chosen = np.array(list(combinations(range(n + m), n)))
    dealt = np.zeros((len(chosen), n + m), dtype=np.int64)
    np.put_along_axis(dealt, chosen, 1, axis=1)
    return dealt
