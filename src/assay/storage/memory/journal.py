"""The journal as a list."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assay.domain.batch import Entry, JournalBatch, Receipt
from assay.domain.columns import Kind

__all__ = ["MemoryJournal"]


@dataclass(frozen=True, slots=True)
class _Key:
    body_hash: bytes
    response: bytes
    created_at: int


class MemoryJournal:
    """:class:`assay.ports.journal.Journal` in memory: durable for as long as the process.

    Examples
    --------
    >>> journal = MemoryJournal()
    >>> journal.append([Entry("fraud", Kind.LABELS, b"batch", rows=1)], now=0)[0].position
    1
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._head = 0
        self._batches: list[JournalBatch] = []
        self._keys: dict[tuple[str, str], _Key] = {}

    def append(self, entries: Sequence[Entry], *, now: int) -> list[Receipt]:
        """Store `entries` in order; see the port."""
        with self._lock:
            return [self._append(entry, now) for entry in entries]

    def _append(self, entry: Entry, now: int) -> Receipt:
        if entry.idempotency_key is not None:
            name = (entry.model_id, entry.idempotency_key)
            known = self._keys.get(name)
            if known is not None and known.body_hash == entry.body_hash:
                return Receipt(None, replayed=True, response=known.response)
            if known is not None:
                return Receipt(None, conflict=True)
            self._keys[name] = _Key(entry.body_hash, entry.response, now)
        if not entry.payload:
            return Receipt(None, response=entry.response)
        self._head += 1
        self._batches.append(
            JournalBatch(self._head, entry.model_id, entry.kind, entry.payload, entry.rows, now)
        )
        return Receipt(self._head, response=entry.response)

    def read(
        self,
        *,
        after: int,
        upto: int | None = None,
        model_id: str | None = None,
        kinds: Collection[Kind] | None = None,
        max_bytes: int | None = None,
    ) -> list[JournalBatch]:
        """Batches after a position, in order; see the port."""
        found: list[JournalBatch] = []
        size = 0
        for batch in self._after(after):
            if (
                (upto is not None and batch.position > upto)
                or (model_id is not None and batch.model_id != model_id)
                or (kinds is not None and batch.kind not in kinds)
            ):
                continue
            found.append(batch)
            size += len(batch.payload)
            if max_bytes is not None and size > max_bytes:
                break
        return found

    def head(self) -> int:
        """Position of the newest batch ever appended."""
        with self._lock:
            return self._head

    def backlog(self, *, after: int) -> tuple[int, int]:
        """Rows after the position, and when the oldest of them was appended."""
        batches = self._after(after)
        return sum(batch.rows for batch in batches), batches[0].appended_at if batches else 0

    def models(self, *, after: int) -> list[tuple[str, Kind, int, int, int]]:
        """Rows and positions after `after` per model and kind."""
        groups: dict[tuple[str, Kind], list[JournalBatch]] = {}
        for batch in self._after(after):
            groups.setdefault((batch.model_id, batch.kind), []).append(batch)
        return sorted(
            (model, kind, sum(batch.rows for batch in group), group[0].position, group[-1].position)
            for (model, kind), group in groups.items()
        )

    def trim(self, *, batches: Sequence[tuple[str, Kind, int]], keys_before: int) -> int:
        """Delete batches and old keys; see the port."""
        limits: dict[tuple[str, Kind], int] = {}
        for model_id, kind, position in batches:
            limits[model_id, kind] = max(position, limits.get((model_id, kind), 0))
        with self._lock:
            kept = [
                batch
                for batch in self._batches
                if batch.position > limits.get((batch.model_id, batch.kind), 0)
            ]
            removed = len(self._batches) - len(kept)
            self._batches = kept
            self._keys = {name: key for name, key in self._keys.items() if key.created_at >= keys_before}
        return removed

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _after(self, position: int) -> list[JournalBatch]:
        with self._lock:
            return [batch for batch in self._batches if batch.position > position]
