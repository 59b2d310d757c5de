"""Which single predictions somebody looks for, and where a page of them ends."""

from __future__ import annotations

import base64
import binascii
import contextlib
import math
import re
from dataclasses import dataclass
from typing import Self

from assay.errors import InvalidInput

__all__ = ["OUTCOMES", "Cursor", "PredictionFilter"]

OUTCOMES = ("right", "wrong", "labelled", "unlabelled", "error")
"""What may have become of a prediction."""

_LONGEST_CURSOR = 20_000
_CURSOR = re.compile(r"(-?[0-9]{1,18})\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class PredictionFilter:
    """Conditions on a prediction; it must meet all that are not None.

    Attributes
    ----------
    version : the model's version.
    slice : a tag (any, declared or not) and its value.
    outcome : ``right`` or ``wrong`` (the predicted class against the truth that counts), ``labelled``,
        ``unlabelled``, or ``error`` (the model failed).
    below_confidence : its confidence is lower than this, 0 < t <= 1. Its confidence is the field
        ``confidence`` where that was logged, else the score's distance from the other class,
        ``max(score, 1 - score)``, else the probability of the predicted class; one without any is not met.
    predicted, actual : the predicted and the true class, as text.
    contains : a part of its id.

    Raises
    ------
    InvalidInput
        Where a condition cannot be met by anything.
    """

    version: str | None = None
    slice: tuple[str, str] | None = None
    outcome: str | None = None
    below_confidence: float | None = None
    predicted: str | None = None
    actual: str | None = None
    contains: str | None = None

    def __post_init__(self) -> None:
        if self.outcome is not None and self.outcome not in OUTCOMES:
            raise InvalidInput(
                f"unknown outcome {self.outcome[:80]!r}; the outcomes are {', '.join(OUTCOMES)}"
            )
        for what in ("version", "predicted", "actual", "contains"):
            _check_text(what, getattr(self, what))
        for part in self.slice or ():
            _check_text("slice", part)
        threshold = self.below_confidence
        if threshold is not None and not (math.isfinite(threshold) and 0 < threshold <= 1):
            raise InvalidInput(
                f"a confidence below {threshold} is no condition; give a number above 0, up to 1"
            )

    @property
    def needs_truth(self) -> bool:
        """Whether labels must be looked up to tell."""
        return self.actual is not None or self.outcome in ("right", "wrong", "labelled", "unlabelled")

    @property
    def is_open(self) -> bool:
        """Whether every prediction meets it."""
        return self == PredictionFilter()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place among the predictions, newest first.

    Those after it have an earlier time or, with the same time, a smaller id.

    Attributes
    ----------
    time : microseconds since the epoch.
    prediction_id : the id of the last one before the place; empty: before everything of that time.

    Examples
    --------
    >>> Cursor(5, "a/b").text(), Cursor.parse("5.YS9i")
    ('5.YS9i', Cursor(time=5, prediction_id='a/b'))
    """

    time: int
    prediction_id: str = ""

    def text(self) -> str:
        """Write it for an address: digits, letters, ``-`` and ``_``."""
        return f"{self.time}.{base64.urlsafe_b64encode(self.prediction_id.encode()).decode().rstrip('=')}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what :meth:`text` wrote.

        Raises
        ------
        InvalidInput
            Where the text is no cursor.
        """
        found = _CURSOR.fullmatch(text)
        if found is not None and len(text) <= _LONGEST_CURSOR:
            padded = found[2] + "=" * (-len(found[2]) % 4)
            with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                return cls(int(found[1]), base64.urlsafe_b64decode(padded).decode())
        raise InvalidInput(
            f"{text[:80]!r} is no place among the predictions; give `next` of the page before as it came"
        )


def _check_text(what: str, text: str | None) -> None:
    """Refuse what no store can hold, and so nobody can have logged."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} holds half of a surrogate pair, which is not text") from None
