"""Whatever is done, the database answers as the dictionaries do."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Model
from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import Granularity
from assay.errors import StaleWriter
from assay.storage.sql import SqlJournal, SqlProfiles, SqlRegistry, open_database
from assay.testing.memory import MemoryJournal, MemoryProfiles, MemoryRegistry

names = st.sampled_from(["a", "b", "ab"])
kinds = st.sampled_from(list(Kind))
small = st.integers(0, 6)
entries = st.builds(
    Entry,
    model_id=names,
    kind=kinds,
    payload=st.binary(max_size=30),
    rows=st.integers(1, 9),
    idempotency_key=st.none() | names,
    body_hash=st.sampled_from([b"1", b"2"]),
    response=st.binary(max_size=3),
)
keys = st.builds(
    ProfileKey,
    model_id=names,
    version=names,
    kind=st.sampled_from([ProfileKind.TRAFFIC, ProfileKind.FEATURES]),
    granularity=st.sampled_from([Granularity.HOUR, Granularity.DAY]),
    start=st.integers(-3, 3),
    slice_key=st.sampled_from(["", "a"]),
    slice_value=st.sampled_from(["", "b"]),
    reference_id=st.sampled_from(["", "a"]),
)
labels = st.builds(WaitingLabel, names, names, small, small, st.binary(max_size=2))
references = st.builds(
    StoredReference, names, names, st.booleans(), small, small, st.binary(max_size=3), names
)
findings = st.builds(
    Finding,
    names,
    st.sampled_from(FindingKind),
    names,
    names,
    small,
    small,
    small,
    st.dictionaries(names, small),
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "upserts": st.dictionaries(keys, st.binary(max_size=3), max_size=8),
        "deletes": st.lists(keys, max_size=4).map(tuple),
        "waiting": st.lists(labels, max_size=4).map(tuple),
        "settled": st.lists(st.tuples(names, names), max_size=3).map(tuple),
        "dirty": st.lists(st.builds(DirtyBucket, names, small), max_size=3).map(tuple),
        "cleaned": st.lists(st.builds(DirtyBucket, names, small), max_size=3).map(tuple),
        "orphans": st.dictionaries(names, small),
        "findings": st.lists(findings, max_size=3).map(tuple),
        "models": st.lists(st.builds(Model, names, created_at=small), max_size=2).map(tuple),
        "references": st.lists(references, max_size=2).map(tuple),
        "drop_references": st.lists(st.tuples(names, names), max_size=1).map(tuple),
    },
)


class Stores(RuleBasedStateMachine):
    """Does the same to a database and to dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = open_database(f"sqlite:///{self.folder}/assay.db")
        self.journals = (SqlJournal(self.database), MemoryJournal())
        registry = MemoryRegistry()
        self.registries = (SqlRegistry(self.database), registry)
        self.profiles = (SqlProfiles(self.database), MemoryProfiles(registry))
        self.now = 0

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @rule(batch=st.lists(entries, max_size=6))
    def append(self, batch: list[Entry]) -> None:
        self.now += 1
        ours, theirs = (journal.append(batch, now=self.now) for journal in self.journals)
        assert ours == theirs

    @rule(
        after=st.integers(0, 30),
        upto=st.none() | st.integers(0, 40),
        model=st.none() | names,
        some=st.none() | st.sets(kinds),
        limit=st.none() | st.integers(0, 100),
    )
    def read(
        self, after: int, upto: int | None, model: str | None, some: set[Kind] | None, limit: int | None
    ) -> None:
        ours, theirs = (
            journal.read(after=after, upto=upto, model_id=model, kinds=some, max_bytes=limit)
            for journal in self.journals
        )
        assert ours == theirs

    @rule(which=st.lists(st.tuples(names, kinds, st.integers(0, 40)), max_size=3), age=small)
    def trim(self, which: list[tuple[str, Kind, int]], age: int) -> None:
        ours, theirs = (journal.trim(batches=which, keys_before=self.now - age) for journal in self.journals)
        assert ours == theirs

    @rule(change=changes, stale=st.integers(0, 9).map(lambda roll: roll == 0), ahead=small)
    def commit(self, change: dict[str, Any], stale: bool, ahead: int) -> None:
        before = self.profiles[1].position() + stale
        whole = ProfileChange(before, before + ahead, **change)
        for profiles in self.profiles:
            if stale:
                with pytest.raises(StaleWriter):
                    profiles.commit(whole)
            else:
                profiles.commit(whole)

    @rule(wanted=st.sets(keys, max_size=10))
    def get(self, wanted: set[ProfileKey]) -> None:
        ours, theirs = (profiles.get(wanted) for profiles in self.profiles)
        assert ours == theirs

    @rule(key=keys, width=small, any_version=st.booleans(), any_value=st.booleans())
    def scan(self, key: ProfileKey, width: int, any_version: bool, any_value: bool) -> None:
        ours, theirs = (
            profiles.scan(
                key.model_id,
                key.kind,
                key.granularity,
                start=key.start,
                end=key.start + width,
                version=None if any_version else key.version,
                slice_key=key.slice_key,
                slice_value=None if any_value else key.slice_value,
                reference_id=key.reference_id,
            )
            for profiles in self.profiles
        )
        assert ours == theirs

    @rule(model=names, ids=st.none() | st.sets(names), before=st.none() | small)
    def waiting(self, model: str, ids: set[str] | None, before: int | None) -> None:
        ours, theirs = (profiles.waiting(model, ids, received_before=before) for profiles in self.profiles)
        assert ours == theirs

    @rule(model=names)
    def look_around(self, model: str) -> None:
        sql, memory = self.profiles
        assert dict(sql.extent(model)) == dict(memory.extent(model))
        assert sql.references(model) == memory.references(model)
        assert sql.state(model) == memory.state(model)
        ours, theirs = (registry.findings(model) for registry in self.registries)
        assert ours == theirs
        ours_, theirs_ = (registry.get(model) for registry in self.registries)
        assert ours_ == theirs_

    @invariant()
    def same_totals(self) -> None:
        ours, theirs = (
            (journal.head(), journal.backlog(after=1), journal.models(after=0)) for journal in self.journals
        )
        assert ours == theirs
        assert self.profiles[0].position() == self.profiles[1].position()
        assert self.profiles[0].state() == self.profiles[1].state()
        assert self.registries[0].models() == self.registries[1].models()


def test_sqlite_answers_as_the_dictionaries_do() -> None:
    run_state_machine_as_test(
        Stores, settings=settings(max_examples=25, stateful_step_count=25, deadline=None, database=None)
    )
