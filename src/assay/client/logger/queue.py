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
        self._predictions = _Lane()
        self._labels = _Lane()
        self.rows = 0
        self.bytes = 0

    def put(self, kind: Kind, entry: Entry) -> int:
        """Append `entry`; return how many rows were dropped for want of room, of it or of older ones."""
        if type(entry) is bytes:
            rows, size = 1, len(entry) + _OVERHEAD
        else:
            rows, size = _measure(entry)
        dropped = 0
        with self._lock:
            if self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                dropped = self._make_room(self._lane(kind), rows, size) if self._drop_oldest else 0
                if self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                    return dropped + rows
            lane = self._lane(kind)
            lane.entries.append(entry)
            lane.put += rows
            self.rows += rows
            self.bytes += size
        return dropped

    def take(self, kind: Kind, most_rows: int, most_bytes: int) -> list[Entry]:
        """Take entries from the front, one at least if there is one; :meth:`settle` gives back their room."""
        taken: list[Entry] = []
        rows = size = 0
        with self._lock:
            entries = self._lane(kind).entries
            while entries:
                more_rows, more_size = _measure(entries[0])
                if taken and (rows + more_rows > most_rows or size + more_size > most_bytes):
                    break
                taken.append(entries.popleft())
                rows += more_rows
                size += more_size
        return taken

    def settle(self, kind: Kind, entries: list[Entry]) -> int:
        """Give back the room of entries that were taken; return how many rows they are."""
        measures = [_measure(entry) for entry in entries]
        rows = sum(rows for rows, _ in measures)
        with self._lock:
            self._forget(self._lane(kind), rows, sum(size for _, size in measures))
        return rows

    def put_until_now(self) -> tuple[int, int]:
        """How many predictions and labels were ever put."""
        return self._predictions.put, self._labels.put

    def settled(self, goal: tuple[int, int]) -> bool:
        """Whether as many predictions and labels are settled or dropped."""
        return self._predictions.settled >= goal[0] and self._labels.settled >= goal[1]

    def _lane(self, kind: Kind) -> _Lane:
        # Not a dict: the hash of an enumeration's member is computed in Python, three times a call.
        return self._predictions if kind is Kind.PREDICTIONS else self._labels

    def _make_room(self, lane: _Lane, rows: int, size: int) -> int:
        """Drop from the front, of the same kind first; return the number of rows."""
        dropped = 0
        other = self._labels if lane is self._predictions else self._predictions
        for source in (lane, other):
            while source.entries and (self.rows + rows > self.max_rows or self.bytes + size > self.max_bytes):
                gone_rows, gone_size = _measure(source.entries.popleft())
                self._forget(source, gone_rows, gone_size)
                dropped += gone_rows
        return dropped

    def _forget(self, lane: _Lane, rows: int, size: int) -> None:
        self.rows -= rows
        self.bytes -= size
        lane.settled += rows


class _Lane:
    """What waits of one kind, and how many rows came and went."""

    __slots__ = ("entries", "put", "settled")

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.put = 0
        self.settled = 0


def _measure(entry: Entry) -> tuple[int, int]:
    """Rows and bytes of an entry."""
    if isinstance(entry, bytes):
        return 1, len(entry) + _OVERHEAD
    return entry.rows, entry.size
