"""Moves rows from the journal into the lake, and deletes from the journal what every consumer has."""

from __future__ import annotations

from collections.abc import Callable

from assay.domain.columns import Kind
from assay.domain.time import SECOND
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles

__all__ = ["LakeWriter"]

_CHUNK = 64 << 20


class LakeWriter:
    """The journal's consumer that fills the lake.

    Parameters
    ----------
    journal, lake, profiles : the stores; the profiles' position says what may be deleted.
    clock : microseconds since the epoch.
    rows, seconds : a model's rows are moved when there are so many, or when the oldest is so old.
    keys_seconds : how long idempotency keys are kept.
    """

    def __init__(
        self,
        journal: Journal,
        lake: Lake,
        profiles: Profiles,
        *,
        clock: Callable[[], int],
        rows: int,
        seconds: float,
        keys_seconds: float,
    ) -> None:
        self._journal = journal
        self._lake = lake
        self._profiles = profiles
        self._clock = clock
        self._rows = rows
        self._age = int(seconds * SECOND)
        self._keys = int(keys_seconds * SECOND)
        self._since: dict[tuple[str, Kind], int] = {}

    def run(self, *, force: bool = False) -> int:
        """Move what is due (everything, with `force`); return the number of rows moved."""
        now = self._clock()
        moved = 0
        known = self._profiles.position()
        done: list[tuple[str, Kind, int]] = []
        for model_id, kind, rows, _first, last in self._journal.models(after=0):
            if kind is Kind.ERASURE:
                if last <= known:
                    self.finish_erasure(model_id, upto=last)
                continue
            if not kind.holds_rows:
                done.append((model_id, kind, min(last, known)))
                continue
            since = self._since.setdefault((model_id, kind), now)
            if not force and rows < self._rows and now - since < self._age:
                continue
            moved += self.flush(model_id, kind, upto=last)
            self._since.pop((model_id, kind), None)
            done.append((model_id, kind, min(self._lake.position(model_id, kind), known)))
        if done:
            self._journal.trim(batches=done, keys_before=now - self._keys)
        return moved

    def finish_erasure(self, model_id: str, *, upto: int) -> None:
        """Delete a model's batches up to a position that lake and profiles have reached, for good.

        The erasure's own batch goes last: as long as it is there, this is done again after a crash.
        """
        keys_before = self._clock() - self._keys
        others = [kind for kind in Kind if kind is not Kind.ERASURE]
        for kinds in (others, [Kind.ERASURE]):
            self._journal.trim(batches=[(model_id, kind, upto) for kind in kinds], keys_before=keys_before)
            self._journal.wipe()

    def flush(self, model_id: str, kind: Kind, *, upto: int) -> int:
        """Move one model's rows of one kind up to a position; return how many."""
        moved = 0
        position = self._lake.position(model_id, kind)
        while position < upto:
            batches = self._journal.read(
                after=position, upto=upto, model_id=model_id, kinds=(kind,), max_bytes=_CHUNK
            )
            if not batches:
                break
            position = batches[-1].position
            moved += self._lake.write(
                model_id, kind, [(batch.position, batch.table()) for batch in batches], upto=position
            )
        return moved
