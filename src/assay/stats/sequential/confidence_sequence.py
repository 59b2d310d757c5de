"""What all confidence sequences share: an interval that may be looked at whenever one likes.

A confidence interval of 95% is right in 95 of 100 cases if it is looked at once. Looked at after every batch,
until it says what one hopes for, it is wrong as often as not. A confidence sequence is right at all times
together with the stated probability: it may be watched, and the watching may stop for any reason.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.sequential.detector import Values, read_values

__all__ = ["ConfidenceSequence", "SequenceInterval"]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SequenceInterval:
    """Where the mean is, as far as the values so far say.

    Attributes
    ----------
    estimate : the mean, or the weighted mean that the interval is around; None before any value.
    lower, upper : the interval.
    confidence : probability that the intervals of all times contain the mean.
    n, missing : values used, and values passed over because they were missing (NaN).
    """

    estimate: float | None
    lower: float
    upper: float
    confidence: float
    n: int
    missing: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


class ConfidenceSequence(abc.ABC):
    """Takes values in their order, and says at any time where their mean is.

    The values' means given what came before must be one and the same; the values need not be independent. How
    they are cut into updates changes nothing.

    Parameters
    ----------
    confidence : probability that all intervals contain the mean, in (0, 1).
    """

    name: ClassVar[str]
    low: ClassVar[float]
    high: ClassVar[float]

    def __init__(self, confidence: float) -> None:
        if not 0 < confidence < 1:
            raise InvalidInput(f"confidence={confidence!r} is not between 0 and 1; 0.95 is usual")
        self.confidence = float(confidence)
        self.alpha = 1 - self.confidence
        self.n = 0
        self.missing = 0

    def update(self, values: Values) -> SequenceInterval:
        """Take one value or many; return the interval after the last of them.

        Raises
        ------
        InvalidInput
            For values that are no numbers or outside the range; none of them is then used.
        """
        array = read_values(values, low=self.low, high=self.high)
        kept = array[~np.isnan(array)]
        self._feed(kept)
        self.n += kept.size
        self.missing += array.size - kept.size
        return self.interval

    @property
    def interval(self) -> SequenceInterval:
        """The interval after all values so far."""
        estimate, lower, upper = self._interval()
        return SequenceInterval(estimate, lower, upper, self.confidence, self.n, self.missing)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "sequence": self.name,
            "format": _FORMAT,
            "options": self._options(),
            "n": self.n,
            "missing": self.missing,
            "state": self._state(),
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Make the sequence again that `to_dict` described.

        Raises
        ------
        InvalidInput
            Where `saved` is not what this kind of sequence gave.
        """
        try:
            _same(saved, cls.name)
            made = cls(**saved["options"])
            made.n, made.missing = int(saved["n"]), int(saved["missing"])
            for field, value in made._state().items():
                made._take_back(field, like=value, saved=saved["state"][field])
        except InvalidInput:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise InvalidInput(f"the saved state of a sequence {cls.name!r} does not read back") from exc
        return made

    def _options(self) -> dict[str, Any]:
        return {"confidence": self.confidence}

    @abc.abstractmethod
    def _feed(self, array: npt.NDArray[np.float64]) -> None:
        """Take values without NaN; `n` counts those before them."""

    @abc.abstractmethod
    def _interval(self) -> tuple[float | None, float, float]:
        """Return estimate, lower and upper end."""

    @abc.abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return the sums so far by the names of their attributes, without the underscore."""

    def _take_back(self, field: str, *, like: Any, saved: Any) -> None:
        """Set an attribute from what `_state` gave, which is `like` that of an empty sequence."""
        value = np.array(saved, dtype=np.float64)
        if value.shape != np.shape(like) or not np.isfinite(value).all():
            raise ValueError(field)
        setattr(self, f"_{field}", value if value.ndim else float(value))


def _same(saved: Mapping[str, Any], name: str) -> None:
    if saved["sequence"] != name or saved["format"] != _FORMAT:
        raise InvalidInput(f"this is not the state of a sequence {name!r}; start a new one")
