"""CUSUM: cumulative sums of deviations from a known level, with a run length that is computed, not simulated.

References
----------
.. [1] E. Page, "Continuous inspection schemes", Biometrika 41 (1954).
.. [2] M. Reynolds, Z. Stoumbos, "A CUSUM chart for monitoring a proportion when inspecting continuously",
   Journal of Quality Technology 31 (1999).
.. [3] G. Lorden, "Procedures for reacting to a change in distribution", Annals of Mathematical Statistics 42
   (1971).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.sequential.blocks import BlockDetector
from assay.stats.sequential.cusum_run_length import (
    bernoulli_step,
    bernoulli_threshold,
    normal_threshold,
)

__all__ = ["BernoulliCusum", "Cusum"]

_BLOCK = 4_096


class _PageCusum(BlockDetector):
    """Page's recursion ``C = max(0, C + step)`` over blocks, for one direction or both."""

    _sides: tuple[float, ...]  # factors of the deviation: +1 looks for a rise, -1 for a fall

    def _empty(self) -> None:
        sides = (len(self._sides), 1)
        # Of the present block: the sum so far, begun with the statistic at its beginning, and the least sum
        # or 0.
        self._sum, self._least, self._filled = np.zeros(sides), np.zeros(sides), 0

    @property
    def statistic(self) -> float:
        """The larger of the sums; at `threshold` there is an alarm."""
        return float((self._sum - self._least).max())

    @abstractmethod
    def _steps(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """What each value adds to the sums: float64[sides, values]."""

    def _room(self) -> int:
        return _BLOCK - self._filled

    def _statistics(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        self._sums = np.add.accumulate(np.hstack([self._sum, self._steps(piece)]), axis=1)[:, 1:]
        self._leasts = np.minimum(np.minimum.accumulate(self._sums, axis=1), self._least)
        return (self._sums - self._leasts).max(axis=0)

    def _take(self, taken: int) -> None:
        self._sum = self._sums[:, taken - 1 : taken].copy()
        self._least = self._leasts[:, taken - 1 : taken].copy()
        self._filled += taken
        if self._filled == _BLOCK:
            # Begun anew from the statistic, so that sums of millions of values do not lose their digits.
            self._sum, self._least = self._sum - self._least, np.zeros_like(self._least)
            self._filled = 0

    def _restart(self) -> None:
        self._empty()

    def _state(self) -> dict[str, Any]:
        return {
            "sum": self._sum.ravel().tolist(),
            "least": self._least.ravel().tolist(),
            "filled": self._filled,
        }

    def _set_state(self, state: Mapping[str, Any]) -> None:
        shape = (len(self._sides), 1)
        self._sum = np.array(state["sum"], dtype=np.float64).reshape(shape)
        self._least = np.array(state["least"], dtype=np.float64).reshape(shape)
        self._filled = int(state["filled"])
        if not 0 <= self._filled < _BLOCK or not (self._sum - self._least >= 0).all():
            raise ValueError(self._filled)


class Cusum(_PageCusum):
    """CUSUM of values whose mean and standard deviation are known.

    Deviations are counted in standard deviations: ``C = max(0, C + (value - mean) / sd - k)`` with k half the
    shift that is looked for; an alarm comes at ``C >= h``. It is the quickest way, in Lorden's sense [3]_, to
    find just this shift in independent normal values. Where the threshold is solved for a run length, this
    holds for such values, with this mean and this deviation: a mean that is off by a tenth of a deviation
    changes it several fold (:func:`~assay.stats.sequential.cusum_run_length.normal_run_length` tells how
    much).

    Parameters
    ----------
    mean, sd : of the values before a change; `sd` over 0.
    shift : size of the change to look for, in standard deviations; over 0.
    run_length : mean number of values until a false alarm, from which h is solved; over 2. Of both directions
        together. Not with `threshold`.
    threshold : h itself, over 0.
    direction : "up", "down" or "both".

    Examples
    --------
    >>> detector = Cusum(mean=0.0, sd=1.0, run_length=465)
    >>> round(detector.threshold, 1)
    5.0
    >>> detector.update([0.3, -0.2, 0.1, 2.5, 2.0, 1.5, 2.2]).alarms
    (7,)
    """

    name = "cusum"

    def __init__(
        self,
        *,
        mean: float,
        sd: float,
        shift: float = 1.0,
        run_length: float | None = None,
        threshold: float | None = None,
        direction: Literal["up", "down", "both"] = "both",
    ) -> None:
        super().__init__()
        if direction not in ("up", "down", "both"):
            raise InvalidInput(f'direction={direction!r} must be "up", "down" or "both"')
        if not math.isfinite(mean):
            raise InvalidInput(f"mean={mean!r} must be a number: that of the values before a change")
        _over("sd", sd, 0)
        _over("shift", shift, 0)
        self._sides = {"up": (1.0,), "down": (-1.0,), "both": (1.0, -1.0)}[direction]
        self._mean, self._sd, self._k = float(mean), float(sd), shift / 2
        self._limit = _threshold(
            run_length,
            threshold,
            # Alarms of the two sides come at rates that add up.
            lambda wanted: normal_threshold(wanted * len(self._sides), k=self._k),
        )
        self._arguments = {
            "mean": self._mean,
            "sd": self._sd,
            "shift": float(shift),
            "threshold": self._limit,
            "direction": direction,
        }
        self._empty()

    def _steps(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        deviations = (piece - self._mean) / self._sd
        return np.array(self._sides)[:, None] * deviations - self._k

    def _options(self) -> dict[str, Any]:
        return self._arguments


class BernoulliCusum(_PageCusum):
    """CUSUM of ones and zeros whose share is known: errors of a classifier, one by one.

    The log-likelihood ratio between the shares `after` and `before`, scaled so that a zero counts -1 and a
    one counts ``m - 1`` with a whole m [2]_; then the run length is that of a chain of few states, and exact.
    `after` is moved a little to make m whole, and `threshold` is a whole number; the run length is the least
    one of at least what was asked for.

    Parameters
    ----------
    before, after : shares of ones, both in (0, 1); looks for a rise where `after` is larger, else for a fall.
    run_length : mean number of values until a false alarm, at least; over 2. Not with `threshold`.
    threshold : the sum at which there is an alarm, over 0.

    Examples
    --------
    >>> detector = BernoulliCusum(before=0.1, after=0.2, run_length=1_000)
    >>> detector.threshold
    31.0
    >>> detector.update([0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1]).alarms
    (11,)
    """

    name = "bernoulli-cusum"
    low, high = 0.0, 1.0
    _sides = (1.0,)

    def __init__(
        self,
        *,
        before: float,
        after: float,
        run_length: float | None = None,
        threshold: float | None = None,
    ) -> None:
        super().__init__()
        if not (0 < before < 1 and 0 < after < 1) or before == after:
            raise InvalidInput(
                f"before={before!r} and after={after!r} must be two different shares between 0 and 1"
            )
        self._falls = after < before
        share, other = (1 - before, 1 - after) if self._falls else (before, after)
        self._up = bernoulli_step(share, other)
        self._limit = _threshold(
            run_length,
            threshold,
            lambda wanted: float(bernoulli_threshold(wanted, share=share, step=self._up)),
        )
        self._arguments = {"before": float(before), "after": float(after), "threshold": self._limit}
        self._empty()

    def _check(self, array: npt.NDArray[np.float64]) -> None:
        wrong = ~(np.isnan(array) | (array == 0) | (array == 1))
        if wrong.any():
            value = array[int(wrong.argmax())]
            raise InvalidInput(
                f"value {int(wrong.argmax())} of this update is {value!r}, neither 0 nor 1; "
                'for values between, take the detector "e-detector"'
            )

    def _steps(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        ones = 1 - piece if self._falls else piece
        return (ones * self._up - 1)[None, :]

    def _options(self) -> dict[str, Any]:
        return self._arguments


def _over(name: str, value: float, least: float) -> None:
    if not least < value < math.inf:
        raise InvalidInput(f"{name}={value!r} must be a number over {least:g}")


def _threshold(run_length: float | None, threshold: float | None, solve: Callable[[float], float]) -> float:
    if (run_length is None) == (threshold is None):
        raise InvalidInput("give either the run_length that false alarms may have, or the threshold itself")
    if threshold is not None:
        _over("threshold", threshold, 0)
        return float(threshold)
    wanted = 0.0 if run_length is None else run_length
    _over("run_length", wanted, 2)
    return solve(float(wanted))
