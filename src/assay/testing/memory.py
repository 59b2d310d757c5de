"""Journal, profiles and registry in memory, which pass the contracts too: for tests of their users."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from assay.domain.batch import Entry, JournalBatch, Receipt
from assay.domain.columns import Kind
from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Model
from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    ProfileState,
    Rebuild,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import Granularity
from assay.errors import StaleWriter

__all__ = ["MemoryJournal", "MemoryProfiles", "MemoryRegistry"]


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
        self._keys: dict[tuple[str, str], tuple[bytes, bytes, int]] = {}  # body hash, response, time

    def append(self, entries: Sequence[Entry], *, now: int) -> list[Receipt]:
        """Store `entries` in order; see the port."""
        with self._lock:
            return [self._append(entry, now) for entry in entries]

    def _append(self, entry: Entry, now: int) -> Receipt:
        if entry.idempotency_key is not None:
            name = (entry.model_id, entry.idempotency_key)
            known = self._keys.get(name)
            if known is not None:
                same = known[0] == entry.body_hash
                return Receipt(None, replayed=same, conflict=not same, response=known[1] if same else b"")
            self._keys[name] = (entry.body_hash, entry.response, now)
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
            self._keys = {name: key for name, key in self._keys.items() if key[2] >= keys_before}
        return removed

    def wipe(self) -> None:
        """Do nothing: nothing is left behind."""

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _after(self, position: int) -> list[JournalBatch]:
        with self._lock:
            return [batch for batch in self._batches if batch.position > position]


class MemoryRegistry:
    """:class:`assay.ports.registry.Registry` in memory.

    Examples
    --------
    >>> registry = MemoryRegistry()
    >>> registry.put(Model("fraud"))
    >>> [model.model_id for model in registry.models()]
    ['fraud']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, Model] = {}
        self._findings: dict[tuple[str, FindingKind, str], Finding] = {}
        self._analyses: dict[str, tuple[str, str, int, bytes]] = {}

    def get(self, model_id: str) -> Model | None:
        """Return the model, or None."""
        with self._lock:
            return self._models.get(model_id)

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models in order of their names, those after `after` first."""
        with self._lock:
            names = sorted(name for name in self._models if name > after)
            return [self._models[name] for name in names[:limit]]

    def put(self, model: Model) -> None:
        """Store the model, replacing what was stored."""
        self.store([model], [])

    def store(self, models: Sequence[Model], findings: Sequence[Finding]) -> None:
        """Store what the profiler noticed, all at once."""
        with self._lock:
            self._models.update((model.model_id, model) for model in models)
            for finding in findings:
                name = (finding.model_id, finding.kind, finding.subject)
                old = self._findings.get(name)
                if old is None:
                    self._findings[name] = finding
                    continue
                latest = finding if finding.last_seen >= old.last_seen else old
                self._findings[name] = replace(
                    latest,
                    first_seen=min(old.first_seen, finding.first_seen),
                    count=old.count + finding.count,
                )

    def findings(self, model_id: str) -> list[Finding]:
        """Findings about the model, the last seen first."""
        with self._lock:
            found = [finding for finding in self._findings.values() if finding.model_id == model_id]
        return sorted(found, key=lambda finding: (-finding.last_seen, finding.kind, finding.subject))

    def put_analysis(
        self, analysis_id: str, model_id: str, *, kind: str, created_at: int, payload: bytes
    ) -> None:
        """Keep an analysis under its id, replacing the one that has it."""
        with self._lock:
            self._analyses[analysis_id] = (model_id, kind, created_at, payload)

    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None:
        """Return the newest analysis of that kind, or None."""
        with self._lock:
            found = [
                (created_at, analysis_id, payload)
                for analysis_id, (model, its_kind, created_at, payload) in self._analyses.items()
                if model == model_id and its_kind == kind
            ]
        return max(found)[2] if found else None


class MemoryProfiles:
    """:class:`assay.ports.profiles.Profiles` in memory.

    Parameters
    ----------
    registry : where the models and findings of a change go.

    Examples
    --------
    >>> profiles = MemoryProfiles(MemoryRegistry())
    >>> profiles.commit(ProfileChange(before=0, after=3))
    >>> profiles.position()
    3
    """

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._position = 0
        self._profiles: dict[ProfileKey, bytes] = {}
        self._waiting: dict[tuple[str, str], WaitingLabel] = {}
        self._dirty: set[DirtyBucket] = set()
        self._rebuilds: dict[tuple[str, str], Rebuild] = {}
        self._orphans: dict[str, int] = {}
        self._references: dict[tuple[str, str], StoredReference] = {}

    def position(self) -> int:
        """Journal position up to which the profiles hold every row; 0 at first."""
        with self._lock:
            return self._position

    def commit(self, change: ProfileChange) -> None:
        """Write all of `change` or nothing; of what is both removed and stored, the stored one stays."""
        with self._lock:
            if self._position != change.before:
                raise StaleWriter(
                    f"the profiles stand at position {self._position}, not at {change.before}: "
                    "another writer has moved on; read again"
                )
            self._position = change.after
            self._remove(change)
            self._store(change)
            self._registry.store(change.models, change.findings)

    def _remove(self, change: ProfileChange) -> None:
        dropped = set(change.drop_references)
        if dropped:
            self._profiles = {
                key: payload
                for key, payload in self._profiles.items()
                if (key.model_id, key.reference_id) not in dropped
            }
        for pair in dropped:
            self._references.pop(pair, None)
        for key in change.deletes:
            self._profiles.pop(key, None)
        for name in change.settled:
            self._waiting.pop(name, None)
        self._dirty.difference_update(change.cleaned)

    def _store(self, change: ProfileChange) -> None:
        self._profiles.update(change.upserts)
        for label in change.waiting:
            name = (label.model_id, label.prediction_id)
            old = self._waiting.get(name)
            if old is None or (label.observed_at, label.label) > (old.observed_at, old.label):
                self._waiting[name] = label
        self._dirty.update(change.dirty)
        for model_id, count in change.orphans.items():
            self._orphans[model_id] = self._orphans.get(model_id, 0) + count
        self._references.update(((one.model_id, one.reference_id), one) for one in change.references)
        self._rebuilds.update(((one.model_id, one.reference_id), one) for one in change.rebuilds)

    def get(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, bytes]:
        """Bytes of those `keys` that are stored."""
        with self._lock:
            return {key: self._profiles[key] for key in keys if key in self._profiles}

    def scan(
        self,
        model_id: str,
        kind: ProfileKind,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str | None = None,
        slice_key: str = "",
        slice_value: str | None = "",
        reference_id: str = "",
    ) -> list[tuple[ProfileKey, bytes]]:
        """Profiles whose bucket starts in ``[start, end)``; see the port."""
        wanted = (model_id, kind, granularity, slice_key, reference_id)
        with self._lock:
            found = [
                (key, payload)
                for key, payload in self._profiles.items()
                if (key.model_id, key.kind, key.granularity, key.slice_key, key.reference_id) == wanted
                and start <= key.start < end
                and version in (None, key.version)
                and slice_value in (None, key.slice_value)
            ]
        return sorted(found, key=lambda item: (item[0].start, item[0].version, item[0].slice_value))

    def extent(self, model_id: str) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """First and last hour of the model's traffic per (version, slice key, slice value)."""
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        with self._lock:
            keys = list(self._profiles)
        for key in keys:
            if (key.model_id, key.kind, key.granularity) == (model_id, ProfileKind.TRAFFIC, Granularity.HOUR):
                name = (key.version, key.slice_key, key.slice_value)
                first, last = found.get(name, (key.start, key.start))
                found[name] = (min(first, key.start), max(last, key.start))
        return found

    def waiting(
        self,
        model_id: str,
        ids: Collection[str] | None = None,
        *,
        received_before: int | None = None,
    ) -> list[WaitingLabel]:
        """Waiting labels of the model, in the order in which they were received."""
        wanted = None if ids is None else set(ids)
        with self._lock:
            found = [
                label
                for label in self._waiting.values()
                if label.model_id == model_id
                and (wanted is None or label.prediction_id in wanted)
                and (received_before is None or label.received_at < received_before)
            ]
        return sorted(found, key=lambda label: (label.received_at, label.prediction_id))

    def state(self, model_id: str | None = None) -> ProfileState:
        """Dirty buckets, rebuilds and counts of labels; of one model or of all."""
        with self._lock:
            dirty = [bucket for bucket in self._dirty if model_id in (None, bucket.model_id)]
            rebuilds = [one for one in self._rebuilds.values() if model_id in (None, one.model_id)]
            orphans = {name: count for name, count in self._orphans.items() if model_id in (None, name)}
            waiting = sum(1 for name, _ in self._waiting if name == model_id)
        rebuilds.sort(key=lambda one: (one.started_at, one.model_id, one.reference_id))
        return ProfileState(sorted(dirty), rebuilds, orphans, waiting)

    def references(self, model_id: str, *, with_payload: bool = True) -> list[StoredReference]:
        """References of the model, newest first; payloads empty unless asked for."""
        with self._lock:
            found = [one for one in self._references.values() if one.model_id == model_id]
        found.sort(key=lambda one: (one.created_at, one.reference_id), reverse=True)
        return found if with_payload else [replace(one, payload=b"") for one in found]
