r"""Law of a weighted sum of squared normals, :math:`\sum_j \lambda_j Z_j^2`.

This is the law, for many rows, of every statistic that adds up squared differences of two distribution
functions. Smirnov's formula gives the probability of the upper tail as an alternating sum of integrals, each
smaller than the one before by an exponential factor: small probabilities keep all their digits, unlike one
minus a distribution function.

References
----------
.. [1] N. Smirnov, "Sur la distribution de ω²", Comptes Rendus 202 (1936).
.. [2] T. Anderson and D. Darling, "Asymptotic theory of certain goodness of fit criteria based on stochastic
   processes", Annals of Mathematical Statistics 23 (1952).
.. [3] J. Durbin and M. Knott, "Components of Cramér-von Mises statistics I", Journal of the Royal Statistical
   Society B 34 (1972).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import chdtrc, roots_genlaguerre

from assay.stats.summaries.codec import Floats

__all__ = ["anderson_darling_tail", "cramer_von_mises_tail", "weighted_chi_square_tail"]

_INTERVALS = 24
_NODES = 24
_NEGLIGIBLE = 1e-5  # weights below this share of the largest are replaced by their mean


def _nodes(low: Floats, high: Floats, log_determinant: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """Places u and signed weights w with ``tail(x) = sum(w * exp(-u * x / 2))``.

    Each integral of Smirnov's formula runs between two roots of the determinant, where its integrand grows
    like one over a root: Gauss-Chebyshev quadrature integrates just that.
    """
    angles = np.cos((2 * np.arange(1, _NODES + 1) - 1) * math.pi / (2 * _NODES))
    middle, half = ((low + high) / 2)[:, None], ((high - low) / 2)[:, None]
    u = middle + half * angles
    root = half * np.sqrt(1 - angles**2)
    signs = np.where(np.arange(low.size) % 2 == 0, 1.0, -1.0)[:, None]
    weights = signs * root / (_NODES * u) * np.exp(-0.5 * log_determinant(u))
    return u.ravel(), weights.ravel()


def _tail(x: float, u: Floats, weights: Floats) -> float:
    return min(max(float(weights @ np.exp(u * (-0.5 * x))), 0.0), 1.0)


@cache
def _cramer_von_mises() -> tuple[Floats, Floats]:
    j = np.arange(1, 2 * _INTERVALS + 1)
    roots = ((j * math.pi) ** 2).astype(np.float64)

    def log_determinant(u: Floats) -> Floats:
        return np.log(np.abs(np.sin(np.sqrt(u)))) - 0.5 * np.log(u)

    return _nodes(roots[0::2], roots[1::2], log_determinant)


@cache
def _anderson_darling() -> tuple[Floats, Floats]:
    j = np.arange(1, 2 * _INTERVALS + 1)
    roots = (j * (j + 1)).astype(np.float64)

    def log_determinant(u: Floats) -> Floats:
        return np.log(np.abs(np.cos(math.pi / 2 * np.sqrt(1 + 4 * u)))) - np.log(math.pi * u)

    return _nodes(roots[0::2], roots[1::2], log_determinant)


def cramer_von_mises_tail(x: float) -> float:
    """Probability that the limit of the Cramér-von Mises statistic, weights ``1 / (j π)²``, exceeds `x`.

    >>> round(cramer_von_mises_tail(0.46136), 5), round(cramer_von_mises_tail(0.74346), 5)
    (0.05, 0.01)
    """
    return 1.0 if x < 0.006 else _tail(x, *_cramer_von_mises())


def anderson_darling_tail(x: float) -> float:
    """Probability that the limit of the Anderson-Darling statistic, weights ``1 / (j (j + 1))``, exceeds `x`.

    >>> round(anderson_darling_tail(2.492), 4), round(anderson_darling_tail(3.878), 4)
    (0.05, 0.01)
    """
    return 1.0 if x < 0.06 else _tail(x, *_anderson_darling())


def weighted_chi_square_tail(x: float, weights: Floats) -> float:
    """Probability that the sum of squared normals with `weights` exceeds `x`.

    Parameters
    ----------
    x : the value of the sum.
    weights : from 0, some above it, no two of them the same; those that are less than a hundred thousandth
        of the largest count as their mean.

    Returns
    -------
    float
        From 0 to 1; three digits are right, of small probabilities too, unless two weights nearly agree.

    Examples
    --------
    Two equal weights would be exactly one; these are nearly equal, and nearly give exp(-x / 2).

    >>> round(weighted_chi_square_tail(4.0, np.array([1.01, 0.99])), 3), round(math.exp(-2.0), 3)
    (0.135, 0.135)
    """
    weights = np.sort(weights)[::-1]
    large = weights > _NEGLIGIBLE * weights[0]
    x -= float(weights[~large].sum())
    weights = weights[large]
    if x <= 0:
        return 1.0
    if weights.size == 1:
        return float(chdtrc(1, x / weights[0]))
    roots = 1 / weights

    def log_determinant(u: Floats) -> Floats:
        return np.log(np.abs(1 - u[..., None] * weights)).sum(axis=-1)

    pairs = weights.size // 2
    total = 0.0
    if pairs:
        u, found = _nodes(roots[0 : 2 * pairs : 2], roots[1 : 2 * pairs : 2], log_determinant)
        total = float(found @ np.exp(u * (-0.5 * x)))
    if weights.size % 2:  # the last integral has no end
        t, found = roots_genlaguerre(_NODES, -0.5)
        last = roots[-1]
        u = last + 2 * t / x
        rest = log_determinant(u) - np.log(u - last)
        value = math.sqrt(2 / x) * float(np.sum(found / u * np.exp(-0.5 * rest)))
        total += (-1.0) ** pairs * math.exp(-0.5 * last * x) * value / math.pi
    return min(max(total, 0.0), 1.0)
