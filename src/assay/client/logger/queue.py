"""The bounded queue between the threads that predict and the one that sends."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, TypeAlias

from assay.client.logger.block import Block
from assay.domain.columns import Kind

__all__ = ["BoundedQueue", "Entry"]

Entry: TypeAlias = bytes | Block
"""One row as JSON, or many rows of a frame."""

# What a bytes object and its place in the queue take besides its characters, on CPython.
_OVERHEAD: Final = 56
# The member of an enumeration is not looked up at each call.
_PREDICTIONS: Final = Kind.PREDICTIONS

_FEW: Final = 256
"""Fewer entries than this stay in an inbox until the sender comes for them: most calls then only append."""
_SHARE: Final = 16
"""Entries that one call admits at most: its own, and some whose callers found the lock taken."""
_CROWD: Final = 16_384
"""So many entries in an inbox make a caller wait for the lock, for the bound must hold. Threads at full
speed log fewer while the one that has the lock waits for the interpreter."""
_LARGE: Final = 2_048
"""A row of so many bytes, and every block, waits likewise."""
_PATIENCE: Final = 0.1
"""Seconds; only a holder that is stopped altogether holds the lock for so long."""


class BoundedQueue:
    """Predictions and labels that wait, first in, first out, at most so many rows and bytes.

    Rows that were taken count until they are settled, so that the bound holds while they are on their way.

    A caller does not wait for another: it leaves its row in an inbox, which needs no lock. Where a few
    hundred lie there, whoever has the lock admits some of them, a few each time. A thread that loses the
    processor while it has the lock would otherwise stop all others, in turn, for the interpreter's switch
    interval each. What is in the inboxes (half of `max_bytes` at the very most) comes on top of the bound
    until the next call.

    Parameters
    ----------
    max_rows, max_bytes : the bound; bytes are those of the rows as JSON, or of a frame's columns.
    drop_oldest : where there is no room, drop what has waited longest rather than what comes.

    Attributes
    ----------
    dropped : rows that were dropped for want of room, ever.
    bytes : that the admitted rows take.
    """

    def __init__(self, max_rows: int, max_bytes: int, *, drop_oldest: bool = False) -> None:
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self._drop_oldest = drop_oldest
        self._crowd = min(_CROWD, max_bytes // (2 * _LARGE))
        self._few = min(_FEW, max_rows // 16, max_bytes // 65_536)  # a small bound is kept to the row
        self.reset()

    def reset(self) -> None:
        """Forget everything, the lock too: another thread of the parent may have held it at a fork."""
        # Reentrant, because a finalizer or a signal handler that runs in the middle may log or close as well.
        self._lock = threading.RLock()
        self._predictions = _Lane()
        self._labels = _Lane()
        self._rows = 0
        self.bytes = 0
        self.dropped = 0

    @property
    def rows(self) -> int:
        """Rows that wait or are on their way."""
        return self._rows + len(self._predictions.inbox) + len(self._labels.inbox)

    def put(self, kind: Kind, entry: Entry) -> None:
        """Append `entry`; what does not fit is dropped, it or older ones."""
        lane = self._predictions if kind is _PREDICTIONS else self._labels
        inbox = lane.inbox
        inbox.append(entry)
        if type(entry) is bytes and len(entry) < _LARGE:
            waiting = len(inbox)
            if waiting < self._few:
                return
            crowded = waiting >= self._crowd
            mine = self._lock.acquire(blocking=crowded, timeout=_PATIENCE if crowded else -1)
        else:
            mine = self._lock.acquire(timeout=_PATIENCE)
        if mine:
            try:
                self._admit(lane, _SHARE)
            finally:
                self._lock.release()

    def take(self, kind: Kind, most_rows: int, most_bytes: int) -> list[Entry]:
        """Take entries from the front, one at least if there is one; :meth:`settle` gives back their room."""
        taken: list[Entry] = []
        rows = size = 0
        with self._lock:
            lane = self._lane(kind)
            self._admit(lane, len(lane.inbox))
            entries = lane.entries
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

    def admit(self) -> tuple[int, int]:
        """Count what lies in the inboxes; return the rows and bytes kept then, which are within the bound."""
        with self._lock:
            for lane in (self._predictions, self._labels):
                self._admit(lane, len(lane.inbox))
            return self._rows, self.bytes

    def put_until_now(self) -> tuple[int, int]:
        """How many predictions and labels were ever put."""
        self.admit()
        return self._predictions.put, self._labels.put

    def settled(self, goal: tuple[int, int]) -> bool:
        """Whether as many predictions and labels are settled or dropped."""
        return self._predictions.settled >= goal[0] and self._labels.settled >= goal[1]

    def _lane(self, kind: Kind) -> _Lane:
        return self._predictions if kind is _PREDICTIONS else self._labels

    def _admit(self, lane: _Lane, most: int) -> None:
        """Move up to `most` entries from the inbox to the queue, with the lock held."""
        inbox = lane.inbox
        while inbox and most > 0:
            most -= 1
            entry = inbox.popleft()
            if type(entry) is bytes:
                rows, size = 1, len(entry) + _OVERHEAD
            else:
                rows, size = _measure(entry)
            if self._rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                if self._drop_oldest:
                    self._make_room(lane, rows, size)
                if self._rows + rows > self.max_rows or self.bytes + size > self.max_bytes:
                    self.dropped += rows
                    continue
            lane.entries.append(entry)
            lane.put += rows
            self._rows += rows
            self.bytes += size

    def _make_room(self, lane: _Lane, rows: int, size: int) -> None:
        """Drop from the front, of the same kind first."""
        other = self._labels if lane is self._predictions else self._predictions
        for source in (lane, other):
            while source.entries and (
                self._rows + rows > self.max_rows or self.bytes + size > self.max_bytes
            ):
                gone_rows, gone_size = _measure(source.entries.popleft())
                self._forget(source, gone_rows, gone_size)
                self.dropped += gone_rows

    def _forget(self, lane: _Lane, rows: int, size: int) -> None:
        self._rows -= rows
        self.bytes -= size
        lane.settled += rows


class _Lane:
    """What waits of one kind, and how many rows came and went."""

    __slots__ = ("entries", "inbox", "put", "settled")

    def __init__(self) -> None:
        self.inbox: deque[Entry] = deque()
        self.entries: deque[Entry] = deque()
        self.put = 0
        self.settled = 0


def _measure(entry: Entry) -> tuple[int, int]:
    """Rows and bytes of an entry."""
    if isinstance(entry, bytes):
        return 1, len(entry) + _OVERHEAD
    return entry.rows, entry.size
