"""Which data a reader asks for: a stretch of event time, its steps, one version, one slice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeAlias

from assay.domain.time import DAY, duration_text, from_micros, parse_duration, to_micros
from assay.errors import InvalidInput

__all__ = ["EVERYTHING", "Moment", "Slice", "WindowQuery", "micros_of", "pair_of"]

Moment: TypeAlias = datetime | str
"""A time: a datetime (UTC where it has no zone) or ISO 8601 text."""

Slice: TypeAlias = tuple[str, str] | str
"""A tag and its value: ``("region", "eu")`` or ``"region:eu"``."""


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """Which data a reader asks for. Times are int64 microseconds, durations too; the end is excluded.

    Where a bound is absent, that of what is stored takes its place.

    Attributes
    ----------
    start, end : bounds of event time since the epoch.
    step : width of the windows it is cut into; None: it is one.
    version : one version of the model; None: all together.
    slice : a tag and its value; None: all together.
    period : length of a window that ends at `end`, instead of `start`.

    Raises
    ------
    InvalidInput
        Where both a period and a start are given, or the end is not after the start.
    """

    start: int | None = None
    end: int | None = None
    step: int | None = None
    version: str | None = None
    slice: tuple[str, str] | None = None
    period: int | None = None

    def __post_init__(self) -> None:
        if self.period is not None and self.start is not None:
            raise InvalidInput("give a period, or start and end, not both")
        if self.start is not None and self.end is not None:
            _check_order(self.start, self.end)

    @classmethod
    def of(
        cls,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> Self:
        """Read what a user wrote.

        Raises
        ------
        InvalidInput
            Where a time, a duration or a slice is not understood.

        Examples
        --------
        >>> WindowQuery.of(period="7d", slice="region:eu").arguments()
        {'period': '7d', 'slice': ('region', 'eu')}
        """
        return cls(
            start=micros_of("start", start),
            end=micros_of("end", end),
            step=None if step is None else parse_duration(step),
            version=version,
            slice=pair_of("slice", slice),
            period=None if period is None else parse_duration(period),
        )

    def arguments(self) -> dict[str, Any]:
        """Return what a user would write for it, by the name of the argument; times as ISO 8601 text."""
        given = {
            "period": None if self.period is None else duration_text(self.period),
            "start": None if self.start is None else from_micros(self.start).isoformat(),
            "end": None if self.end is None else from_micros(self.end).isoformat(),
            "step": None if self.step is None else duration_text(self.step),
            "version": self.version,
            "slice": self.slice,
        }
        return {name: value for name, value in given.items() if value is not None}

    def bounds(self, first: int | None, last: int | None, *, now: int) -> tuple[int, int]:
        """Start and end, once it is known what is stored.

        Parameters
        ----------
        first, last : of what is stored; None where nothing is: then it is the day before `end`, or `now`.
        now : microseconds since the epoch.

        Raises
        ------
        InvalidInput
            Where nothing lies between them.
        """
        end = self.end if self.end is not None else now if last is None else last
        if self.start is not None:
            start = self.start
        elif self.period is not None:
            start = end - self.period
        else:
            start = end - DAY if first is None else first
        _check_order(start, end)
        return start, end


EVERYTHING = WindowQuery()
"""All that is stored."""


def micros_of(what: str, moment: Moment | None) -> int | None:
    """Microseconds since the epoch of a time; None stays None, a time without a zone is UTC.

    Raises
    ------
    InvalidInput
        Where it is no time.
    """
    if moment is None:
        return None
    if isinstance(moment, str):
        try:
            return to_micros(datetime.fromisoformat(moment))
        except (ValueError, OverflowError):
            raise InvalidInput(
                f"{what} {moment[:80]!r} is no time; write 2024-01-31 or 2024-01-31T12:00Z"
            ) from None
    if not isinstance(moment, datetime):
        raise InvalidInput(f"{what} is a {type(moment).__name__}; give a datetime, or text as in ISO 8601")
    return to_micros(moment)


def pair_of(what: str, value: Slice | None) -> tuple[str, str] | None:
    """Tag and value, given as a pair or as ``tag:value``.

    Raises
    ------
    InvalidInput
        Where it is neither.

    Examples
    --------
    >>> pair_of("slice", "region:eu")
    ('region', 'eu')
    """
    if value is None:
        return None
    if isinstance(value, str):
        key, colon, rest = value.partition(":")
        if not key or not colon:
            raise InvalidInput(f"{what} {value[:80]!r} names no value; write it as tag:value")
        return key, rest
    key, rest = value
    return key, rest


def _check_order(start: int, end: int) -> None:
    if start >= end:
        raise InvalidInput("the window is empty: its start is not before its end")
