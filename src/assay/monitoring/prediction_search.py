"""Looks for predictions that meet conditions, from the newest back, for as long as a reader will wait.

The rows are read in stretches of time, the columns that the conditions look at and no others. What meets
them at sight is held against its labels, a few hundred ids first and ever more as long as the page is not
full. So the memory is that of one stretch, a page that is soon full costs little, and one that is not says
how far it looked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import LABEL_FIELDS, PROBABILITY, Kind
from assay.domain.model import Model
from assay.domain.prediction_filter import Cursor, PredictionFilter
from assay.monitoring.label_join import micros_of
from assay.monitoring.prediction_conditions import columns_for, meets_at_sight, meets_with_truth
from assay.monitoring.raw_rows import RawRows, StillRows

__all__ = ["Found", "PredictionSearch"]

STRETCH = 80_000
"""Rows of a stretch, about: a row group of the lake is decoded whole in any case."""

MOST = 100_000
"""Most rows of a stretch; where the estimate was too low, the stretch is cut short."""

LOOKED_UP = 2_000
"""Most ids whose labels are looked up at once; the lake finds so many without reading all labels."""

JOINED = 20_000
"""Ids that are joined with all labels at once, which takes as long as some four look-ups of fewer."""

FEW_LABELS = 1_000_000
"""Labels of a model that are read whole, rather than looked up, for so many ids."""

Key = tuple[int, str]
"""Time (µs) and id of a prediction."""


@dataclass(slots=True)
class Found:
    """What a search found.

    Attributes
    ----------
    keys : time and id, newest first.
    more : whether older ones were found, too.
    stopped : where the search stopped for its length: all with this time or a later one were looked at.
    """

    keys: list[Key] = field(default_factory=list)
    more: bool = False
    stopped: int | None = None


class PredictionSearch:
    """Searches the raw rows.

    Parameters
    ----------
    raw : the rows.
    clock : seconds, for the length of a search.
    stretch : rows of a stretch, about.
    """

    def __init__(
        self, raw: RawRows, *, clock: Callable[[], float] = time.monotonic, stretch: int = STRETCH
    ) -> None:
        self._raw = raw
        self._clock = clock
        self._stretch = stretch

    def find(
        self,
        model: Model,
        only: PredictionFilter,
        *,
        start: int | None,
        end: int | None,
        limit: int,
        after: Cursor | None,
        seconds: float,
    ) -> Found:
        """Return the first `limit` predictions in ``start <= t < end`` after the cursor that meet `only`.

        It stops before the stretch, or the look into labels, which would not end within `seconds` if it took
        as long as the one before it.
        """
        deadline = self._clock() + seconds
        rows = self._raw.still(model.model_id, Kind.PREDICTIONS)
        labels = self._raw.still(model.model_id, Kind.LABELS) if only.needs_truth else None
        sizes: Sequence[int] = ()
        if labels is not None:
            few = labels.rows() <= FEW_LABELS
            first = min(max(4 * (limit + 1), 100), LOOKED_UP)
            sizes = (first, min(4 * first, LOOKED_UP), *((JOINED, MOST) if few else ()))
        columns = columns_for(model, only)
        if only.below_confidence is not None:
            columns |= {name for name in rows.names() if name.startswith(PROBABILITY)}
        until = end
        if after is not None:  # rows of the cursor's own time come after it only where it has an id
            behind = after.time + 1 if after.prediction_id else after.time
            until = behind if end is None else min(end, behind)
        size = limit + 1 if only.is_open else self._stretch
        found = Found()
        while True:
            began = self._clock()
            low = rows.reach_back(end=until, rows=size)
            low = start if low is None else low if start is None else max(low, start)
            table, low = _read(rows, columns, low, until)
            if after is not None:
                table = table.filter(_behind(table, after))
            table = table.filter(pa.array(meets_at_sight(model, only, table)))
            for part, floor in _newest_first(table, limit + 1 - len(found.keys), sizes):
                looked = self._clock()
                if labels is None:
                    found.keys += _keys(part)
                else:
                    known = labels.read(
                        ids=part.column("prediction_id").to_pylist(), columns=tuple(LABEL_FIELDS)
                    )
                    keep = meets_with_truth(model, only, part, known)
                    found.keys += _keys(part.filter(pa.array(keep)))
                if len(found.keys) > limit:
                    found.keys.sort(reverse=True)
                    del found.keys[limit:]
                    found.more = True
                    return found
                if floor is not None and self._too_late(looked, deadline):
                    return self._stop(found, floor)
            if low is None or (start is not None and low <= start):
                found.keys.sort(reverse=True)
                return found
            if self._too_late(began, deadline):
                return self._stop(found, low)
            until, size = low, self._stretch if not only.is_open else min(4 * size, self._stretch)

    def _too_late(self, began: float, deadline: float) -> bool:
        """Whether one more look, as long as that which began at `began`, would end after `deadline`."""
        now = self._clock()
        return 2 * now - began > deadline

    @staticmethod
    def _stop(found: Found, floor: int) -> Found:
        found.keys.sort(reverse=True)
        found.stopped = floor
        return found


def _read(
    rows: StillRows, columns: set[str], low: int | None, until: int | None
) -> tuple[pa.Table, int | None]:
    """Read all rows of a stretch, or of its later part where it holds too many; and where it begins."""
    table = rows.read(columns=columns, start=low, end=until, newest=MOST)
    if table.num_rows < MOST:
        return table, low
    times = micros_of(table, "timestamp")
    floor = int(times.min())
    if floor == int(times.max()):  # more rows of one time than a stretch should have
        return rows.read(columns=columns, start=floor, end=floor + 1), floor
    # Of the earliest time there may be more than were read.
    return table.filter(pa.array(times > floor)), floor + 1


def _behind(table: pa.Table, after: Cursor) -> pa.Array:
    """Which rows come after the cursor."""
    times = micros_of(table, "timestamp")
    smaller = pc.less(table.column("prediction_id"), after.prediction_id)
    same = np.asarray(smaller.to_numpy(zero_copy_only=False), dtype=bool)
    return pa.array((times < after.time) | ((times == after.time) & same))


def _newest_first(
    table: pa.Table, wanted: int, sizes: Sequence[int]
) -> Iterator[tuple[pa.Table, int | None]]:
    """Give the rows in pieces from the newest back, and the time down to which each piece is complete.

    Rows of the same time stay together. `sizes`: rows of the first pieces, of all others as of the last of
    them. Without any: one piece with as many as are `wanted`, or a few more of the same time.
    """
    times = micros_of(table, "timestamp") if table.num_rows else np.empty(0, dtype=np.int64)
    order = np.argsort(-times, kind="stable")
    falling = -times[order]
    place = 0
    for size in chain(sizes or (wanted,), repeat(sizes[-1] if sizes else wanted)):
        if place >= len(order):
            return
        following = int(np.searchsorted(falling, falling[min(place + size, len(order)) - 1], side="right"))
        yield table.take(pa.array(order[place:following])), int(times[order[following - 1]])
        if not sizes and following >= wanted:
            return
        place = following


def _keys(table: pa.Table) -> list[Key]:
    return list(
        zip(micros_of(table, "timestamp").tolist(), table.column("prediction_id").to_pylist(), strict=True)
    )
