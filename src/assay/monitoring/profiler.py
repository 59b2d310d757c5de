"""The journal's consumer that fills the profiles, one transaction a round."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from assay.domain.batch import JournalBatch
from assay.domain.columns import PROBABILITY, TAG, Kind
from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    Rebuild,
    StoredReference,
    WaitingLabel,
)
from assay.monitoring.commands import Declaration, Erasure, read_command
from assay.monitoring.deltas import Deltas, decode_if_fits
from assay.monitoring.erasure import Eraser
from assay.monitoring.intake_findings import feature_findings, timestamp_findings
from assay.monitoring.label_join import JoinedRound, LabelJoin
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.profile_cache import ProfileCache
from assay.monitoring.raw_rows import RawRows, concat
from assay.monitoring.rebuild import DirtyRebuilder, ReferenceRebuilder, known_slice_values
from assay.monitoring.references import ReferenceKeeper
from assay.monitoring.summary_pool import StoredSummary, SummaryPool
from assay.monitoring.task import settle
from assay.monitoring.upkeep import Upkeep
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry

__all__ = ["Profiler"]

_MOST_CREDIT = 1.0  # seconds
_KEYS_AT_ONCE = 256
OUTCOME_COLUMNS = ("model_version", "prediction", "prediction_class", "score")


@dataclass(slots=True)
class _Round:
    """What one round gathers before its commit."""

    before: int
    after: int
    deltas: list[SummaryPool] = field(default_factory=list)
    waiting: list[WaitingLabel] = field(default_factory=list)
    settled: list[tuple[str, str]] = field(default_factory=list)
    dirty: list[DirtyBucket] = field(default_factory=list)
    orphans: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    models: dict[str, Model] = field(default_factory=dict)
    references: list[StoredReference] = field(default_factory=list)
    drop_references: list[tuple[str, str]] = field(default_factory=list)
    joined: dict[str, JoinedRound] = field(default_factory=dict)


class Profiler:
    """Turns journal batches into profiles, round by round, each exactly once.

    A round reads what is new in the journal, joins labels, summarises, merges into the stored profiles and
    writes everything with the new position in one transaction. Where there is nothing new, it rebuilds what
    corrections, erasures and new references have made stale.

    Commands in the journal (a declaration, a reference, an erasure) are rounds of their own. Thread-safe.
    """

    def __init__(
        self,
        journal: Journal,
        lake: Lake,
        profiles: Profiles,
        registry: Registry,
        lake_writer: LakeWriter,
        *,
        clock: Callable[[], int],
        round_bytes: int,
        cache_bytes: int,
    ) -> None:
        self._lock = threading.RLock()
        self._journal = journal
        self._profiles = profiles
        self._registry = registry
        self._clock = clock
        self._round_bytes = round_bytes
        self._raw = RawRows(journal, lake)
        self._join = LabelJoin(self._raw, profiles)
        self._cache: ProfileCache[ProfileKey, StoredSummary] = ProfileCache(cache_bytes)
        self.references = ReferenceKeeper(self._raw, profiles)
        self._slice_values: dict[str, dict[str, set[str]]] = {}
        self._dirty = DirtyRebuilder(self._raw, profiles, self.references, clock=clock)
        self._rebuilds = ReferenceRebuilder(self._raw, profiles, self.references)
        self._eraser = Eraser(self._raw, lake, lake_writer, profiles, rebuild=self._rebuild)
        self._upkeep = Upkeep(profiles, registry, self._join, clock=clock)
        self._credit = 0.0
        self.revisions: dict[str, int] = {}
        self.rows = 0

    def reset(self) -> None:
        """Forget what is remembered of the stores, after a failure or when another process has written."""
        with self._lock:
            self._cache.clear()
            self._join.reset()
            self.references.reset()
            self._slice_values.clear()

    def position(self) -> int:
        """Journal position up to which the profiles hold every row."""
        return self._profiles.position()

    def step(self) -> bool:
        """Do one piece of work; return whether there may be more.

        Raises
        ------
        StaleWriter
            Another process has moved on; call :meth:`reset` and step again.
        """
        with self._lock:
            try:
                return self._step()
            except BaseException:
                self.reset()  # what is remembered may run ahead of what is stored
                raise

    def _step(self) -> bool:
        before = self._profiles.position()
        batches = self._journal.read(after=before, max_bytes=self._round_bytes)
        if not batches:
            if self._rebuild(before):
                return True
            self._upkeep.expire_labels(before)
            return False
        # Under constant traffic, what is stale gets a third of the time: the rounds earn it.
        started = time.monotonic()
        if self._credit > 0 and self._rebuild(before):
            self._credit -= time.monotonic() - started
            return True
        self._take(before, batches)
        self._credit = min(_MOST_CREDIT, self._credit + (time.monotonic() - started) / 2)
        return True

    def drop_minutes(self) -> int:
        """Delete profiles by the minute that are older than they are kept; return how many."""
        with self._lock:
            dropped = self._upkeep.drop_minutes(self._profiles.position())
            self._cache.drop(dropped)
            return len(dropped)

    # -- one round --------------------------------------------------------------------------------

    def _take(self, before: int, batches: list[JournalBatch]) -> None:
        if not batches[0].kind.holds_rows:
            self._obey(before, batches[0])
            return
        ordinary: list[JournalBatch] = []
        for batch in batches:
            if not batch.kind.holds_rows:
                break
            ordinary.append(batch)
        round_ = _Round(before, ordinary[-1].position)
        by_model: dict[str, dict[Kind, list[pa.Table]]] = {}
        for batch in ordinary:
            by_model.setdefault(batch.model_id, {}).setdefault(batch.kind, []).append(batch.table())
            self.rows += batch.rows
        for model_id, tables in by_model.items():
            self._gather(round_, model_id, tables)
        self._commit(round_)

    def _gather(self, round_: _Round, model_id: str, tables: Mapping[Kind, list[pa.Table]]) -> None:
        """Add to `round_` what one model's new rows change."""
        now = self._clock()
        stored = self._registry.get(model_id)
        model = stored or Model(model_id, created_at=now)
        findings = timestamp_findings(model_id, tables, now=now)
        predictions = concat(
            [table.replace_schema_metadata(None) for table in tables.get(Kind.PREDICTIONS, [])]
        )
        labels = concat([table.replace_schema_metadata(None) for table in tables.get(Kind.LABELS, [])])
        model = settle(model, predictions, labels)
        if stored is not None and stored.task is not None and stored.task is not model.task:
            round_.dirty.extend(self._dirty.all_hours(model_id))
        slices = frozenset(TAG + key for key in model.settings.slices)
        joined = self._join.join(
            model_id,
            predictions=predictions,
            labels=labels,
            upto=round_.before,
            horizon=model.settings.label_horizon,
            columns=OUTCOME_COLUMNS,
            chosen=lambda name: name.startswith(PROBABILITY) or name in slices,
        )
        provisional = self.references.grow(model, predictions, upto=round_.before, now=now)
        if provisional is not None:
            model = model.with_(reference_id=provisional.stored.reference_id)
            round_.references.append(provisional.stored)
            round_.drop_references.extend((model_id, old) for old in provisional.replaced)
        live = self.references.live(model) if provisional is None else [provisional.reference]
        findings += feature_findings(model_id, predictions, live[0] if live else None, now=now)
        deltas = Deltas(
            model,
            live,
            minutes_since=now - model.settings.minute_retention,
            slice_values=self._known_slices(model_id),
        )
        if provisional is not None and provisional.rows_before.num_rows:
            earlier = provisional.rows_before
            nothing = np.full(earlier.num_rows, -1, dtype=np.int64)
            deltas.add(earlier, nothing, joined.labels, kinds=(ProfileKind.FEATURES,))
        if predictions.num_rows:
            deltas.add(predictions, joined.truth_of_new, joined.labels)
        if joined.old is not None and joined.old.num_rows:
            deltas.add(
                joined.old, joined.truth_of_old, joined.labels, kinds=(ProfileKind.OUTCOMES,), late=True
            )
        if model != stored:
            round_.models[model_id] = model
        round_.deltas.append(deltas.values)
        round_.waiting.extend(joined.waiting)
        round_.settled.extend((model_id, name) for name in joined.settled)
        round_.dirty.extend(DirtyBucket(model_id, start) for start in joined.dirty)
        if joined.orphans:
            round_.orphans[model_id] = joined.orphans
        round_.findings.extend(findings)
        round_.joined[model_id] = joined

    def _commit(self, round_: _Round) -> None:
        """Merge into what is stored and write, then remember."""
        upserts: dict[ProfileKey, bytes] = {}
        merged: dict[ProfileKey, StoredSummary] = {}
        for pool in round_.deltas:
            self._merge(round_, pool, upserts, merged)
        self._profiles.commit(
            ProfileChange(
                before=round_.before,
                after=round_.after,
                upserts=upserts,
                waiting=tuple(round_.waiting),
                settled=tuple(round_.settled),
                dirty=tuple(sorted(set(round_.dirty))),
                orphans=round_.orphans,
                findings=tuple(round_.findings),
                models=tuple(round_.models.values()),
                references=tuple(round_.references),
                drop_references=tuple(round_.drop_references),
            )
        )
        self._cache.drop(upserts.keys() - merged.keys())
        self._cache.store(merged)
        for model_id, joined in round_.joined.items():
            self._join.confirm(model_id, joined)
            self._touch(model_id)

    def _merge(
        self,
        round_: _Round,
        deltas: SummaryPool,
        upserts: dict[ProfileKey, bytes],
        merged: dict[ProfileKey, StoredSummary],
    ) -> None:
        """Merge deltas into what is stored under the same keys; keep the latest decoded, in `merged`."""
        keys = list(deltas)
        for begin in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[begin : begin + _KEYS_AT_ONCE]
            held = self._cache.find(some)
            stored = self._profiles.get([key for key in some if key not in held])
            for key in some:
                known = held.get(key)
                if known is None and key in stored:
                    known = self._decode(round_, key, stored[key])
                if known is None:
                    upserts[key] = deltas.encoded(key)
                    continue
                delta = deltas[key]
                # A model whose task was told otherwise starts its outcomes anew; its hours are dirty.
                fits = type(known) is type(delta)
                summary = known.merge(delta) if fits else delta  # type: ignore[arg-type] # checked
                upserts[key] = summary.to_bytes()
                if len(keys) <= _KEYS_AT_ONCE:
                    merged[key] = summary

    def _decode(self, round_: _Round, key: ProfileKey, data: bytes) -> StoredSummary | None:
        model = round_.models.get(key.model_id) or self._registry.get(key.model_id)
        if model is None:
            return None
        return decode_if_fits(model, key, data, self.references.by_id(key.model_id))

    def _known_slices(self, model_id: str) -> dict[str, set[str]]:
        """Slice values that have profiles, by tag."""
        if model_id not in self._slice_values:
            self._slice_values[model_id] = known_slice_values(self._profiles, model_id)
        return self._slice_values[model_id]

    def _touch(self, model_id: str) -> None:
        self.revisions[model_id] = self.revisions.get(model_id, 0) + 1

    # -- everything else --------------------------------------------------------------------------

    def _obey(self, before: int, batch: JournalBatch) -> None:
        """Carry out a command."""
        command = read_command(batch.kind, batch.payload)
        model_id = batch.model_id
        if isinstance(command, Erasure):
            self._eraser.erase(batch, command, before=before)
        else:
            model = self._registry.get(model_id)
            known = model or Model(model_id, created_at=self._clock())
            if isinstance(command, Declaration):
                change = self._declared(model, command.apply(known))
            else:
                change = self._rebuilds.begin(known, command, now=self._clock())
            self._profiles.commit(replace(change, before=before, after=batch.position))
        self.reset()
        self._touch(model_id)

    def _declared(self, before: Model | None, model: Model) -> ProfileChange:
        """Return what a declaration changes: outcomes for another task, all profiles for other slices."""
        stale = before is not None and (
            before.task is not model.task or before.settings.slices != model.settings.slices
        )
        dirty = self._dirty.all_hours(model.model_id) if stale else []
        return ProfileChange(before=0, after=0, models=(model,), dirty=tuple(dirty))

    def _rebuild(self, position: int) -> bool:
        """Take one step of rebuilding; false where nothing is stale."""
        state = self._profiles.state()
        if state.running:
            self._write_rebuild(position, state.running[0])
            return True
        if state.dirty:
            model = self._registry.get(state.dirty[0].model_id)
            if model is not None:
                change = self._dirty.rebuild_day(model, state.dirty, position=position)
                self._profiles.commit(change)
                self._cache.clear()
                self._touch(model.model_id)
                return True
        return False

    def _write_rebuild(self, position: int, rebuild: Rebuild) -> None:
        model = self._registry.get(rebuild.model_id)
        if model is None:
            return
        change = self._rebuilds.step(model, rebuild, position=position)
        self._profiles.commit(change)
        self._cache.clear()
        self.references.reset(model.model_id)
        self._touch(model.model_id)
