"""Detectors that work through blocks of values at once and still do not care how updates are cut.

A block ends after a fixed number of values counted from its beginning, never at the end of an update. What an
update leaves of a block open, the next one continues with the same operations in the same order.
"""

from __future__ import annotations

import abc

import numpy as np
import numpy.typing as npt

from assay.stats.sequential.detector import Detector

__all__ = ["BlockDetector"]

# Values that are looked at together after an alarm; twice as many each time that none comes. What is computed
# beyond an alarm is thrown away, and after a change alarms may come every few values.
_SPAN = 32


class BlockDetector(Detector):
    """A detector whose alarms are given by a statistic that reaches a threshold."""

    def _feed(self, array: npt.NDArray[np.float64]) -> list[int]:
        alarms: list[int] = []
        begun, span = 0, _SPAN
        while begun < array.size:
            piece = array[begun : begun + min(self._room(), span)]
            span *= 2
            reached = self._statistics(piece) >= self._limit
            place = int(reached.argmax())
            alarm = bool(reached[place])
            taken = place + 1 if alarm else piece.size
            self._take(taken)
            begun += taken
            if alarm:
                alarms.append(begun - 1)
                self._restart()
                span = _SPAN
        return alarms

    @property
    def threshold(self) -> float:
        """The statistic at which an alarm is given."""
        return self._limit

    _limit: float

    @abc.abstractmethod
    def _room(self) -> int:
        """Return how many values the present block still takes, at least 1."""

    @abc.abstractmethod
    def _statistics(self, piece: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the statistic after each of at most `_room` values; remember what `_take` needs."""

    @abc.abstractmethod
    def _take(self, taken: int) -> None:
        """Keep the first `taken` of the values that `_statistics` has just seen."""
