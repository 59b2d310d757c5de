"""Confidence sequence for the mean of values whose spread is known: Robbins' normal mixture.

References
----------
.. [1] H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
   Statistics 41 (1970).
.. [2] S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
   sequences", Annals of Statistics 49 (2021), equation 14.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.sequential.confidence_sequence import ConfidenceSequence

__all__ = ["SubGaussianSequence"]


class SubGaussianSequence(ConfidenceSequence):
    """Interval for the mean of sub-Gaussian values that holds at all times together.

    Sub-Gaussian with deviation `sd` are normal values of this deviation, and all values within an interval
    that is twice this deviation wide. Half the width after n values is
    ``sd * sqrt((n + r) * log((n + r) / (r * alpha ** 2))) / n``.

    Parameters
    ----------
    sd : the deviation, over 0; not an estimate from the same values.
    confidence : probability that all intervals contain the mean.
    best_at : number of values at which the interval shall be narrowest, compared with what is possible; it is
        valid at all others.

    Examples
    --------
    >>> sequence = SubGaussianSequence(sd=1.0, best_at=100)
    >>> interval = sequence.update([0.5, -0.5] * 50)
    >>> interval.estimate, round(interval.upper, 3)
    (0.0, 0.304)
    """

    name = "sub-gaussian"
    low, high = -math.inf, math.inf

    def __init__(self, *, sd: float, confidence: float = 0.95, best_at: float = 1_000) -> None:
        super().__init__(confidence)
        if not 0 < sd < math.inf:
            raise InvalidInput(f"sd={sd!r} must be a number over 0: the deviation that values have at most")
        if not 1 <= best_at < math.inf:
            raise InvalidInput(f"best_at={best_at!r} must be a number of values, at least 1")
        self._sd, self._best_at = float(sd), float(best_at)
        # The number of values at which the mixture is tightest, to first order in log(1 / alpha) [2]_.
        spent = -2 * math.log(self.alpha)
        self._extra = self._best_at / (spent + math.log1p(spent))
        self._total = 0.0

    def _feed(self, array: npt.NDArray[np.float64]) -> None:
        self._total = float(np.add.accumulate(np.append(self._total, array))[-1])

    def _interval(self) -> tuple[float | None, float, float]:
        if not self.n:
            return None, -math.inf, math.inf
        mean, seen = self._total / self.n, self.n + self._extra
        log = math.log(seen / self._extra) - 2 * math.log(self.alpha)
        half = self._sd * math.sqrt(seen * log) / self.n
        return mean, mean - half, mean + half

    def _options(self) -> dict[str, Any]:
        return {"sd": self._sd, "confidence": self.confidence, "best_at": self._best_at}

    def _state(self) -> dict[str, Any]:
        return {"total": self._total}
