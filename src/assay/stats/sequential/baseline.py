"""The level before a change: known, bounded by reference rows, or learned from the stream itself.

A detector that takes an estimate for the truth promises too much: where the estimate happens to be low, its
alarms come too often, for ever. Here a level that is not known is replaced by an upper bound that holds with
a stated probability, at all times.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.stats.sequential.proportion import proportion_upper_bound

__all__ = ["Baseline", "EstimatedBaseline", "KnownBaseline", "LearnedBound"]

_LEAST = 1e-6  # bets divide by the level and by what is missing to 1
_GROWTH = 1.05  # the level is looked at anew whenever there are a twentieth more values
_LAGS = 8  # looks between the values that are estimated from and the present: a third of all values
_MARGIN = 0.5  # standard errors that are added to an estimate


class Baseline(abc.ABC):
    """The level that bets are made against; constant between two looks.

    Attributes
    ----------
    level : the mean that values are taken to have before a change, in (0, 1); None while nothing is known.
    until : how many further values this level serves for; None for ever.
    """

    level: float | None
    until: int | None

    def take_all(self, values: npt.NDArray[np.float64]) -> None:  # noqa: B027 - a known level learns nothing
        """Take values, at most `until` of them."""

    def restart(self) -> None:  # noqa: B027 - a known level has nothing to forget
        """Forget what was learned from the stream."""

    def state(self) -> dict[str, Any]:
        """Return what was learned from the stream."""
        return {}

    def set_state(self, state: Mapping[str, Any]) -> None:  # noqa: B027 - a known level has none
        """Take back what `state` gave."""


class KnownBaseline(Baseline):
    """A level that is given."""

    def __init__(self, level: float) -> None:
        self.level = min(max(level, _LEAST), 1 - _LEAST)
        self.until = None


class _Learned(Baseline):
    """What both ways of learning share: counts, and looks at geometrically growing numbers of values."""

    until: int
    first_look = 1

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin to learn."""
        self.n = 0
        self.total = 0.0
        self.level = None
        self.until = self.first_look

    def take_all(self, values: npt.NDArray[np.float64]) -> None:
        """Learn from values, at most `until` of them."""
        self.n += values.size
        # Added one by one: the sum does not depend on how the values were cut.
        self.total = float(np.add.accumulate(np.append(self.total, values))[-1])
        self.until -= values.size
        if self.until == 0:
            self._look()
            self.until = max(math.ceil(self.n * (_GROWTH - 1)), 1)

    @abc.abstractmethod
    def _look(self) -> None:
        """Find the level anew."""

    def state(self) -> dict[str, Any]:
        """Return what was learned from the stream."""
        return {"n": self.n, "total": self.total, "level": self.level, "until": self.until}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` gave."""
        self.n, self.total = int(state["n"]), float(state["total"])
        self.level = None if state["level"] is None else float(state["level"])
        self.until = int(state["until"])
        if self.until < 1 or (self.level is not None and not 0 < self.level < 1):
            raise ValueError(self.until)


class LearnedBound(_Learned):
    """The least upper bound so far on the mean of all values so far.

    The bounds hold at all times together with probability `confidence`, and the least of them is kept: values
    that come after a change cannot lift it.
    """

    def __init__(self, confidence: float) -> None:
        self._alpha = 1 - confidence
        super().__init__()

    def _look(self) -> None:
        bound = min(max(proportion_upper_bound(self.n, self.total, alpha=self._alpha), _LEAST), 1 - _LEAST)
        self.level = bound if self.level is None else min(self.level, bound)


class EstimatedBaseline(_Learned):
    """The mean of the values until about a third ago, and half its standard error; nothing is promised.

    What comes just before an alarm is the change itself, so the latest third is not estimated from.
    """

    first_look = 30

    def restart(self) -> None:
        """Begin to learn."""
        super().restart()
        self._marks: list[tuple[int, float]] = []

    def _look(self) -> None:
        self._marks = [*self._marks[-_LAGS + 1 :], (self.n, self.total)]
        n, total = self._marks[0]
        mean = (total + 0.5) / (n + 1)
        mean += _MARGIN * math.sqrt(mean * (1 - mean) / (n + 1))
        self.level = min(max(mean, _LEAST), 1 - _LEAST)

    def state(self) -> dict[str, Any]:
        """Return what was learned from the stream."""
        return {**super().state(), "marks": [list(mark) for mark in self._marks]}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` gave."""
        super().set_state(state)
        self._marks = [(int(n), float(total)) for n, total in state["marks"]]
