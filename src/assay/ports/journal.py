"""The journal: durable, ordered batches, kept until every consumer has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from assay.domain.batch import Entry, JournalBatch, Receipt
from assay.domain.columns import Kind

__all__ = ["Journal"]


class Journal(Protocol):
    """An append-only sequence of batches.

    Positions are positive integers that grow with every append; a reader that has seen position `p` and
    sees a later one will never find a new batch at or below `p`, whatever other processes append at the
    same time. Positions may have gaps. Every method may be called from any thread.
    """

    def append(self, entries: Sequence[Entry], *, now: int) -> list[Receipt]:
        """Store `entries` in order, in one durable transaction, and return a receipt for each.

        Returns only after the commit has reached the disk. An entry whose idempotency key is known is not
        stored again: its receipt is `replayed` (same body hash) or a `conflict` (another one); the same
        holds for a key that comes twice within `entries`. An entry with an empty payload gets no
        position, but its key and response are kept. `now` is microseconds since the epoch.

        Raises
        ------
        StorageFull, StorageUnavailable
            Nothing of `entries` was stored.
        """
        ...

    def read(
        self,
        *,
        after: int,
        upto: int | None = None,
        model_id: str | None = None,
        kinds: Collection[Kind] | None = None,
        max_bytes: int | None = None,
    ) -> list[JournalBatch]:
        """Batches with ``after < position <= upto``, in order.

        At least one batch is returned if there is one; no further batch is added once their payloads
        have more than `max_bytes`.
        """
        ...

    def head(self) -> int:
        """Position of the newest batch ever appended; 0 for an empty journal (trimmed ones count)."""
        ...

    def backlog(self, *, after: int) -> tuple[int, int]:
        """Rows after the position, and when (µs since the epoch) the oldest was appended; 0 for none."""
        ...

    def models(self, *, after: int) -> list[tuple[str, Kind, int, int, int]]:
        """(model, kind, rows, first position, last position) of the batches after `after`."""
        ...

    def trim(self, *, batches: Sequence[tuple[str, Kind, int]], keys_before: int) -> int:
        """Delete batches that every consumer has, and old idempotency keys; return the number of batches.

        `batches` names (model, kind, position): the batches of that model and kind up to that position
        are deleted. Keys older than `keys_before` (µs since the epoch) are forgotten.
        """
        ...

    def wipe(self) -> None:
        """Free the store's files of what deleted batches have left behind in them.

        Deleting marks space as free; an erasure asks for more. Appends wait meanwhile.
        """
        ...

    def close(self) -> None:
        """Release connections. A closed journal is not used again; closing twice is no error."""
        ...
