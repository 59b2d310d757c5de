"""Timestamps of a request, as instants in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa

from assay.domain.columns import TIMESTAMP
from assay.domain.time import DAY, MINUTE, SECOND, from_micros, to_micros
from assay.errors import InvalidInput
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.values import Values, infer, listed

__all__ = ["Moments", "constant", "instants", "moments"]

_EARLIEST = 0
_LATEST = to_micros(datetime(2200, 1, 1, tzinfo=UTC))
_AHEAD = DAY
"""How far ahead of the server's clock a timestamp may be: clocks that are wrong by a day are normal."""
_GRACE = MINUTE
"""How far ahead one may be without being counted as from the future."""
_PER_UNIT = {"s": SECOND, "ms": 1_000, "us": 1}
_NAIVE = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class Moments:
    """A timestamp column without nulls; how many values had no zone, and which lie in the future."""

    array: pa.Array
    naive: int = 0
    future: int = 0


def constant(micros: int, rows: int) -> pa.Array:
    """Return a timestamp column that holds one instant `rows` times."""
    data = np.full(rows, micros, dtype=np.int64)
    return pa.Array.from_buffers(TIMESTAMP, rows, [None, pa.py_buffer(data)], 0)


def moments(what: str, values: Values | None, faults: Faults, *, now: int) -> Moments:
    """Read ISO 8601 texts, datetimes or Arrow timestamps; missing ones are `now` (µs since the epoch).

    A time without a zone is read as UTC and counted. A time before 1970, from 2200 on, or more than a day
    ahead of `now` is a fault of its row.
    """
    rows = faults.rows
    array = None if values is None else infer(values)
    if values is None or (array is not None and pa.types.is_null(array.type)):
        return Moments(constant(now, rows))
    micros, present, naive = _read(what, values, array, faults)
    filled = np.where(present, micros, now)
    outside = (filled < _EARLIEST) | (filled >= _LATEST)
    if outside.any():
        faults.add_where(outside, "bad_timestamp", f"{what} is outside the years 1970 to 2199")
    ahead = (filled > now + _AHEAD) & ~outside
    if ahead.any():
        clock = from_micros(now).isoformat(timespec="seconds")
        faults.add_where(
            ahead,
            "future_timestamp",
            lambda row: (
                f"{what} {from_micros(filled[row]).isoformat()} is more than a day ahead of the server's "
                f"clock, {clock}; correct it, or leave it out for the time of arrival"
            ),
        )
    good = ~(outside | ahead)
    future = int(np.count_nonzero(good & (filled > now + _GRACE)))
    result = pa.Array.from_buffers(TIMESTAMP, rows, [None, pa.py_buffer(np.ascontiguousarray(filled))], 0)
    return Moments(result, int(np.count_nonzero(naive & good & present)), future)


def instants(what: str, values: Values) -> np.ndarray:
    """Read a column of moments leniently: microseconds since 1970 (int64), -1 where there is none.

    Raises
    ------
    InvalidInput
        Where no value of the column is a moment.
    """
    array = infer(values)
    faults = Faults(len(values))
    if array is not None and pa.types.is_null(array.type):
        micros, present = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    else:
        micros, present, _ = _read(what, values, array, faults)
    if not present.any() and len(values):
        raise InvalidInput(f"{what} holds no moments; give datetimes or ISO 8601 texts")
    return np.where(present & (micros >= _EARLIEST) & (micros < _LATEST), micros, -1)


def _read(
    what: str, values: Values, array: pa.Array | None, faults: Faults
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Microseconds (int64), which rows have one, and which of them had no zone."""
    if array is not None and pa.types.is_string(array.type):
        for kind, naive in ((TIMESTAMP, False), (_NAIVE, True)):
            try:
                parsed = array.cast(kind)
            except pa.ArrowInvalid:
                continue
            return _micros(parsed), _present(parsed), np.full(len(array), naive)
    elif array is not None and pa.types.is_timestamp(array.type):
        naive_column = array.type.tz is None
        return _instants(array), _present(array), np.full(len(array), naive_column)
    return _one_by_one(what, values, faults)


def _instants(array: pa.Array) -> np.ndarray:
    """Microseconds of Arrow timestamps of any unit; ones that int64 cannot hold become out of range."""
    raw = _micros(array)
    if array.type.unit == "ns":
        return raw // 1_000
    factor = _PER_UNIT[array.type.unit]
    limit = np.iinfo(np.int64).max // factor
    return np.where(np.abs(raw) > limit, -1, np.clip(raw, -limit, limit) * factor)


def _micros(array: pa.Array) -> np.ndarray:
    """Return the int64 behind a timestamp array; anything where it is null."""
    return np.frombuffer(array.buffers()[1], dtype=np.int64, count=len(array), offset=8 * array.offset)


def _present(array: pa.Array) -> np.ndarray:
    """Which values are not null."""
    if not array.null_count:
        return np.ones(len(array), dtype=bool)
    return array.is_valid().to_numpy(zero_copy_only=False)


def _one_by_one(what: str, values: Values, faults: Faults) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read values that are not all alike, or not all good."""
    rows = faults.rows
    micros = np.zeros(rows, dtype=np.int64)
    present = np.zeros(rows, dtype=bool)
    naive = np.zeros(rows, dtype=bool)
    for row, value in enumerate(listed(values)):
        if value is None:
            continue
        moment: object = value
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                moment = None
        elif isinstance(value, date) and not isinstance(value, datetime):
            moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has no zone; counted
        if not isinstance(moment, datetime):
            faults.add(
                row,
                "bad_timestamp",
                f"{what} {shown(value)} is no timestamp; write ISO 8601, such as 2026-01-31T12:00:00Z",
            )
            continue
        micros[row] = to_micros(moment)
        present[row] = True
        naive[row] = moment.tzinfo is None
    return micros, present, naive
