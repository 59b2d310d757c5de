"""Which stored buckets make up a window of event time."""

from __future__ import annotations

from dataclasses import dataclass

from assay.domain.time import DAY, HOUR, MINUTE, Granularity
from assay.errors import InvalidInput

__all__ = ["Piece", "cover", "plan_steps", "snap"]

_COARSER = {
    Granularity.MINUTE: Granularity.HOUR,
    Granularity.HOUR: Granularity.DAY,
    Granularity.DAY: Granularity.MONTH,
}
_MAX_STEPS = 5_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Buckets of one width that start in ``[start, end)``."""

    granularity: Granularity
    start: int
    end: int


def snap(start: int, end: int, finest: Granularity, *, minutes_since: int) -> tuple[int, int]:
    """Widen a window outward to bucket bounds.

    `finest` is the finest width that is stored. Minutes are there only from `minutes_since` on; before
    it a bound is widened to the hour.

    Raises
    ------
    InvalidInput
        Where the window is empty.
    """
    if end <= start:
        raise InvalidInput(f"the window is empty: its end {end} is not after its start {start} (µs)")

    def unit(moment: int) -> Granularity:
        if finest is Granularity.MINUTE and Granularity.HOUR.floor(moment) < minutes_since:
            return Granularity.HOUR
        return finest

    low = unit(start).floor(start)
    high = unit(end).floor(end)
    return low, high if high == end else unit(end).next(high)


def cover(start: int, end: int, finest: Granularity) -> list[Piece]:
    """Fewest pieces that together are ``[start, end)``, in order of time, whose bounds `finest` divides.

    >>> [piece.granularity.value for piece in cover(0, 25 * HOUR, Granularity.HOUR)]
    ['day', 'hour']
    """
    if start >= end:
        return []
    coarser = _COARSER.get(finest)
    if coarser is None:
        return [Piece(finest, start, end)]
    low = coarser.floor(start)
    if low < start:
        low = coarser.next(low)
    high = coarser.floor(end)
    if low >= high:
        return [Piece(finest, start, end)]
    pieces = []
    if start < low:
        pieces.append(Piece(finest, start, low))
    pieces.extend(cover(low, high, coarser))
    if high < end:
        pieces.append(Piece(finest, high, end))
    return pieces


def plan_steps(start: int, end: int, step: int, finest: Granularity) -> tuple[Granularity, list[int]]:
    """Width of the buckets to read for windows of `step` microseconds, and the windows' starts.

    The last window ends at `end` or after it.

    Raises
    ------
    InvalidInput
        Where the step is no multiple of a stored width, or there would be more than 5,000 windows.
    """
    floor = MINUTE if finest is Granularity.MINUTE else HOUR
    if step % floor:
        raise InvalidInput(f"the step must be a multiple of one {finest.value}")
    count = -(-(end - start) // step)
    if count > _MAX_STEPS:
        raise InvalidInput(
            f"the window holds {count} steps; at most {_MAX_STEPS} are given, take a longer one"
        )
    if step % DAY == 0 and start % DAY == 0:
        width = Granularity.DAY
    elif step % HOUR == 0 and start % HOUR == 0:
        width = Granularity.HOUR
    else:
        width = finest
    return width, list(range(start, end, step))
