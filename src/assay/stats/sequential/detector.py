"""What all detectors on streams share: values in, alarms out, a state that survives a restart."""

from __future__ import annotations

import abc
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput

__all__ = ["Detector", "StreamUpdate", "Values", "read_values"]

Values = float | Sequence[float] | npt.NDArray[Any]
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class StreamUpdate:
    """What a detector says about the values of one update.

    Attributes
    ----------
    alarms : positions of the values at which it gave an alarm, in order. Positions count all values that ever
        came, from 1, missing ones included, so that a position names a row of the stream.
    n : values judged so far, over all updates.
    missing : values that were missing (NaN), over all updates; they are passed over.
    statistic : where the detector stands after the last value; None where it does not say.
    threshold : the statistic at which it gives an alarm; None where it does not say.
    """

    alarms: tuple[int, ...]
    n: int
    missing: int
    statistic: float | None
    threshold: float | None

    @property
    def detected(self) -> bool:
        """Whether these values gave an alarm."""
        return bool(self.alarms)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**asdict(self), "alarms": list(self.alarms), "detected": self.detected}


def read_values(values: Values, *, low: float = -math.inf, high: float = math.inf) -> npt.NDArray[np.float64]:
    """Return the values of an update as floats, shape (n,); NaN stays and means missing.

    Raises
    ------
    InvalidInput
        For what is no number, has more than one dimension, or is outside ``[low, high]`` or infinite.
    """
    try:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError) as exc:
        raise InvalidInput("a detector takes numbers: one, or a sequence of them; NaN where missing") from exc
    if array.ndim != 1:
        raise InvalidInput(f"a detector takes values in one dimension, in order; got shape {array.shape}")
    wrong = np.isinf(array) | (array < low) | (array > high)
    if wrong.any():
        place = int(wrong.argmax())
        if np.isinf(array[place]):
            raise InvalidInput(f"value {place} of this update is infinite; give NaN where a value is missing")
        raise InvalidInput(
            f"value {place} of this update is {array[place]!r}, outside [{low:g}, {high:g}]; "
            "clip or scale the values first: (value - least possible) / (largest - least possible)"
        )
    return array


class Detector(abc.ABC):
    """Follows a stream of values in their order and gives an alarm when its level has changed.

    After an alarm a detector starts afresh with the next value, so that a stream may give many. How values
    are cut into updates changes nothing, to the last bit; their order does.

    Attributes
    ----------
    name : under which `assay.detector` makes it.
    n, missing : values judged and passed over so far.
    detected : whether there was an alarm since the start or the last `reset`.
    detected_at : the position of the first of these alarms; None before.
    alarms : how many there were.
    last_alarm : the position of the latest; None before.
    """

    name: ClassVar[str]
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf

    def __init__(self) -> None:
        self.n = 0
        self.missing = 0
        self.alarms = 0
        self.detected_at: int | None = None
        self.last_alarm: int | None = None

    @property
    def detected(self) -> bool:
        """Whether there was an alarm since the start or the last `reset`."""
        return self.detected_at is not None

    @property
    def statistic(self) -> float | None:
        """Where the detector stands."""
        return None

    @property
    def threshold(self) -> float | None:
        """The statistic at which it gives an alarm."""
        return None

    def update(self, values: Values) -> StreamUpdate:
        """Take one value, or many in the order in which they came.

        Returns
        -------
        StreamUpdate
            The alarms that these values gave.

        Raises
        ------
        InvalidInput
            For what the detector does not take; nothing of the update is then used.
        """
        array = read_values(values, low=self.low, high=self.high)
        self._check(array)
        kept = np.flatnonzero(~np.isnan(array))
        begun = self.n + self.missing
        places = [begun + int(kept[index]) + 1 for index in self._feed(array[kept])]
        self.n += kept.size
        self.missing += array.size - kept.size
        if places:
            self.detected_at = self.detected_at or places[0]
            self.last_alarm = places[-1]
            self.alarms += len(places)
        return StreamUpdate(tuple(places), self.n, self.missing, self.statistic, self.threshold)

    def reset(self) -> None:
        """Forget the alarms and start afresh with the next value; what is counted stays counted."""
        self.alarms, self.detected_at, self.last_alarm = 0, None, None
        self._restart()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; `from_dict` goes on from there to the last bit."""
        return {
            "detector": self.name,
            "format": _FORMAT,
            "options": self._options(),
            "n": self.n,
            "missing": self.missing,
            "alarms": self.alarms,
            "detected_at": self.detected_at,
            "last_alarm": self.last_alarm,
            "state": self._state(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Make the detector again that `to_dict` described.

        Raises
        ------
        InvalidInput
            Where `saved` is not what this kind of detector gave.
        """
        try:
            _same(saved, cls.name)
            made = cls(**saved["options"])
            made.n, made.missing, made.alarms = (_count(saved[field]) for field in ("n", "missing", "alarms"))
            made.detected_at, made.last_alarm = (
                None if saved[field] is None else _count(saved[field])
                for field in ("detected_at", "last_alarm")
            )
            made._set_state(saved["state"])
        except InvalidInput:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as exc:
            raise InvalidInput(
                f"the saved state of a detector {cls.name!r} does not read back; start a new one"
            ) from exc
        return made

    def _check(self, array: npt.NDArray[np.float64]) -> None:  # noqa: B027 - most take every number
        """Raise InvalidInput for values that this detector does not take."""

    @abc.abstractmethod
    def _feed(self, array: npt.NDArray[np.float64]) -> list[int]:
        """Take values without NaN; return the indices of those that gave an alarm."""

    @abc.abstractmethod
    def _restart(self) -> None:
        """Start afresh."""

    @abc.abstractmethod
    def _options(self) -> dict[str, Any]:
        """Return the arguments that make such a detector."""

    @abc.abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return what the values so far have left, as plain values."""

    @abc.abstractmethod
    def _set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `_state` gave."""


def _same(saved: Mapping[str, Any], name: str) -> None:
    if saved["detector"] != name or saved["format"] != _FORMAT:
        raise InvalidInput(f"this is not the state of a detector {name!r} in format {_FORMAT}")


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
