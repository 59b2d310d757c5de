"""Confidence sequence for a proportion: the beta-binomial mixture.

References
----------
.. [1] H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
   Statistics 41 (1970).
.. [2] S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
   sequences", Annals of Statistics 49 (2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from assay.stats.sequential.confidence_sequence import ConfidenceSequence

__all__ = ["ProportionSequence", "proportion_upper_bound"]

_LEAST = 1e-12


class ProportionSequence(ConfidenceSequence):
    """Interval for the share of ones, or the mean of values in [0, 1], that holds at all times together.

    The evidence against a mean m is the likelihood of the values under a Beta(1/2, 1/2) mixture of
    proportions, divided by that under m; it is a martingale where m is the truth, so by Ville's inequality it
    ever reaches ``1 / (1 - confidence)`` with probability ``1 - confidence`` at most [1]_. For values between
    0 and 1 it is a supermartingale [2]_: the interval holds, and is wider than need be where they vary
    little; see :class:`~assay.stats.sequential.empirical_bernstein.EmpiricalBernsteinSequence`.

    The interval depends on the number of values and on their sum only. Before any value it is [0, 1].

    Examples
    --------
    >>> sequence = ProportionSequence(confidence=0.95)
    >>> interval = sequence.update([0, 1, 0, 0, 1, 0, 0, 0] * 50)
    >>> interval.estimate, round(interval.lower, 3), round(interval.upper, 3)
    (0.25, 0.179, 0.331)
    """

    name = "proportion"
    low, high = 0.0, 1.0

    def __init__(self, *, confidence: float = 0.95) -> None:
        super().__init__(confidence)
        self._total = 0.0

    def _feed(self, array: npt.NDArray[np.float64]) -> None:
        self._total = float(np.add.accumulate(np.append(self._total, array))[-1])

    def _interval(self) -> tuple[float | None, float, float]:
        n, total = self.n, self._total
        if not n:
            return None, 0.0, 1.0
        mixture = float(betaln(total + 0.5, n - total + 0.5) - betaln(0.5, 0.5))

        def evidence(mean: float) -> float:
            return mixture - _log_likelihood(n, total, mean) + math.log(self.alpha)

        mean = min(max(total / n, 0.0), 1.0)
        return mean, _edge(evidence, outer=0.0, inner=mean), _edge(evidence, outer=1.0, inner=mean)

    def _state(self) -> dict[str, Any]:
        return {"total": self._total}


def proportion_upper_bound(n: int, total: float, *, alpha: float) -> float:
    """Bound the mean of values in [0, 1] from above, at all times together, with probability ``1 - alpha``.

    The mixture is that of :class:`ProportionSequence`, over proportions below the one that is tested only:
    all of `alpha` is spent on one side.

    Parameters
    ----------
    n, total : number of values, and their sum.
    alpha : probability that the bound is ever too low, in (0, 1).

    Examples
    --------
    >>> round(proportion_upper_bound(1_000, 100, alpha=0.05), 4)
    0.1335
    """
    if not n:
        return 1.0
    a, b = total + 0.5, n - total + 0.5
    mixture = float(betaln(a, b) - betaln(0.5, 0.5))

    def evidence(mean: float) -> float:
        below = math.log(max(float(betainc(a, b, mean)), 1e-300)) - math.log(float(betainc(0.5, 0.5, mean)))
        return mixture + below - _log_likelihood(n, total, mean) + math.log(alpha)

    return _edge(evidence, outer=1.0, inner=min(max(total / n, _LEAST), 1.0))


def _log_likelihood(n: int, total: float, mean: float) -> float:
    """Log-likelihood of `n` values with this sum, were they ones and zeros of this mean."""
    ones, zeros = total, n - total
    if (mean <= 0 and ones > 0) or (mean >= 1 and zeros > 0):
        return -math.inf
    return (ones * math.log(mean) if ones > 0 else 0.0) + (zeros * math.log1p(-mean) if zeros > 0 else 0.0)


def _edge(evidence: Callable[[float], float], *, outer: float, inner: float) -> float:
    """Return the mean between `outer`, 0 or 1, and `inner` where the evidence against it becomes positive."""
    # At 0 and 1 themselves the evidence may be infinite.
    end = _LEAST if outer == 0 else 1 - _LEAST
    if abs(inner - outer) <= _LEAST or evidence(end) <= 0:
        return outer
    return float(brentq(evidence, inner, end, xtol=1e-13))
