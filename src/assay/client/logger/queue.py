"""The bounded queue between the threads that predict and the one that sends."""

from __future__ import annotations

import threading
from collections import deque
from typing import TypeAlias

from assay.client.logger.block import Block
from assay.domain.columns import Kind

__all__ = ["BoundedQueue", "Entry"]

Entry: TypeAlias = bytes | Block
"""One row as JSON, or many rows of a frame."""

# What a bytes object and its place in the queue take besides its characters, on CPython.
_OVERHEAD = 56


class BoundedQueue:
    """Predictions and labels that wait, first in, first out, at most so many rows and bytes.

    Rows that were taken count until they are settled, so that the bound holds while they are on their way.

    Parameters
    ----------
    max_rows, max_bytes : the bound; bytes are those of the rows as JSON, or of a frame's columns.
    drop_oldest : where there is no room, drop what has waited longest rather than what comes.
    """

    def __init__(self, max_rows: int, max_bytes: int, *, drop_oldest: bool = False) -> None:
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self._drop_oldest = drop_oldest
        self.reset()

    def reset(self) -> None:
        """Forget everything, the lock too: another thread of the parent may have held it at a fork."""
        # Reentrant, because a finalizer or a signal handler that runs in the middle may log as well.
        self._lock = threading.RLock()
        self._lanes: dict[Kind, deque[Entry]] = {Kind.PREDICTIONS: deque(), Kind.LABELS: deque()}
        self.rows = 0
        self.bytes = 0
        self.put_rows = dict.fromkeys(self._lanes, 0)
        self.settled_rows = dict.fromkeys(self._lanes, 0)

    def put(self, kind: Kind, entry: Entry) -> int:
        """Append `entry`; return how many rows were dropped for want of room, of it or of older ones."""
        if type(entry) is bytes:
            rows, size = 1, len(entry) + _OVERHEAD
        else:
            rows, size = _measure(entry)
        dropped = 0
        with self._lock:
            if self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                dropped = self._make_room(kind, rows, size) if self._drop_oldest else 0
                if self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                    return dropped + rows
            self._lanes[kind].append(entry)
            self.rows += rows
            self.bytes += size
            self.put_rows[kind] += rows
        return dropped

    def take(self, kind: Kind, most_rows: int, most_bytes: int) -> list[Entry]:
        """Take entries from the front, one at least if there is one; :meth:`settle` gives back their room."""
        taken: list[Entry] = []
        rows = size = 0
        with self._lock:
            lane = self._lanes[kind]
            while lane:
                more_rows, more_size = _measure(lane[0])
                if taken and (rows + more_rows > most_rows or size + more_size > most_bytes):
                    break
                taken.append(lane.popleft())
                rows += more_rows
                size += more_size
        return taken

    def settle(self, kind: Kind, entries: list[Entry]) -> int:
        """Give back the room of entries that were taken; return how many rows they are."""
        measures = [_measure(entry) for entry in entries]
        rows = sum(rows for rows, _ in measures)
        with self._lock:
            self._forget(kind, rows, sum(size for _, size in measures))
        return rows

    def waiting(self, kind: Kind) -> bool:
        """Whether there is something to take."""
        return bool(self._lanes[kind])

    def _make_room(self, kind: Kind, rows: int, size: int) -> int:
        """Drop from the front, of the same kind first; return the number of rows."""
        dropped = 0
        for lane_kind in (kind, *(other for other in self._lanes if other is not kind)):
            lane = self._lanes[lane_kind]
            while lane and (self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes):
                gone_rows, gone_size = _measure(lane.popleft())
                self._forget(lane_kind, gone_rows, gone_size)
                dropped += gone_rows
        return dropped

    def _forget(self, kind: Kind, rows: int, size: int) -> None:
        self.rows -= rows
        self.bytes -= size
        self.settled_rows[kind] += rows


def _measure(entry: Entry) -> tuple[int, int]:
    """Rows and bytes of an entry."""
    if isinstance(entry, bytes):
        return 1, len(entry) + _OVERHEAD
    return entry.rows, entry.size
