"""Time as Assay keeps it: int64 microseconds since the epoch, UTC, and the buckets cut from it."""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime, timedelta

import numpy as np

from assay.errors import InvalidInput

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Granularity",
    "duration_text",
    "from_micros",
    "parse_duration",
    "to_micros",
]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"\s*(\d{1,9})\s*([smhdw])\s*")


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch; a `moment` without a zone is read as UTC.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1))
    1000000
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the zone-aware UTC datetime of `micros` since the epoch.

    Beyond the years 1 and 9999 it is the end of these: a window that ends in the last hour of all is rounded
    to one that ends after it.

    >>> from_micros(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return _EPOCH + timedelta(microseconds=min(max(int(micros), _FIRST), _LAST))


def parse_duration(text: str) -> int:
    """Microseconds of a duration such as ``15m``, ``24h``, ``30d`` or ``2w``.

    Raises
    ------
    InvalidInput
        Where `text` is not a number followed by one of s, m, h, d, w, or is zero.

    Examples
    --------
    >>> parse_duration("24h") == 24 * HOUR
    True
    """
    match = _DURATION.fullmatch(text)
    micros = int(match[1]) * _UNITS[match[2]] if match else 0
    if micros <= 0 or micros > 36_500 * DAY:
        raise InvalidInput(
            f"{text[:80]!r} is not a duration; write a number and a unit, such as 15m, 24h, 30d or 2w"
        )
    return micros


def duration_text(micros: int) -> str:
    """Write whole seconds as a duration, in the largest unit up to a day that divides them.

    >>> duration_text(7 * DAY), duration_text(90 * MINUTE)
    ('7d', '90m')
    """
    unit = next(unit for unit in "dhms" if micros % _UNITS[unit] == 0 or unit == "s")
    return f"{micros // _UNITS[unit]}{unit}"


class Granularity(enum.StrEnum):
    """The widths of time buckets, finest first."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    def floor(self, micros: int) -> int:
        """Start of the bucket that holds `micros`."""
        return int(self.floor_array(np.asarray([micros], dtype=np.int64))[0])

    def floor_array(self, micros: np.ndarray) -> np.ndarray:
        """Starts of the buckets that hold each of `micros` (int64, any shape)."""
        micros = np.asarray(micros, dtype=np.int64)
        if self is Granularity.MONTH:
            months = micros.astype("datetime64[us]").astype("datetime64[M]")
            return months.astype("datetime64[us]").astype(np.int64)
        width = _WIDTH[self]
        return micros // width * width

    def next(self, start: int) -> int:
        """Start of the bucket after the one that starts at `start`."""
        if self is Granularity.MONTH:
            month = np.datetime64(int(start), "us").astype("datetime64[M]") + 1
            return int(month.astype("datetime64[us]").astype(np.int64))
        return start + _WIDTH[self]


_WIDTH = {Granularity.MINUTE: MINUTE, Granularity.HOUR: HOUR, Granularity.DAY: DAY}
