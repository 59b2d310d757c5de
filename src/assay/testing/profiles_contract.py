"""What every store of profiles must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    ProfileState,
    Rebuild,
    RebuildStatus,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import DAY, HOUR, Granularity
from assay.errors import StaleWriter
from assay.ports.profiles import Profiles
from assay.testing.names import HOSTILE_NAMES

__all__ = ["ProfilesContract"]

TRAFFIC, FEATURES, BY_HOUR = ProfileKind.TRAFFIC, ProfileKind.FEATURES, Granularity.HOUR


def key(
    start: int = 0,
    *,
    model: str = "m",
    version: str = "1",
    kind: ProfileKind = TRAFFIC,
    granularity: Granularity = BY_HOUR,
    slice_key: str = "",
    slice_value: str = "",
    reference: str = "",
) -> ProfileKey:
    """Name a profile with few words; `start` counts hours."""
    return ProfileKey(model, version, kind, granularity, start * HOUR, slice_key, slice_value, reference)


def label(
    prediction: str, observed: int, data: bytes = b"", *, model: str = "m", received: int = 0
) -> WaitingLabel:
    """Make a waiting label with few words."""
    return WaitingLabel(model, prediction, observed, received, data)


class ProfilesContract:
    """Subclass it and supply the fixture `profiles`: an empty store, closed by whoever made it."""

    def test_an_empty_store(self, profiles: Profiles) -> None:
        assert profiles.position() == 0
        assert profiles.get([]) == {}
        assert profiles.get([key()]) == {}
        assert profiles.scan("m", TRAFFIC, BY_HOUR, start=0, end=DAY) == []
        assert dict(profiles.extent("m")) == {}
        assert profiles.waiting("m") == []
        assert profiles.references("m") == []
        assert profiles.state() == ProfileState([], [], {})
        assert profiles.state("m") == ProfileState([], [], {})

    def test_profiles_are_stored_replaced_and_deleted(self, profiles: Profiles) -> None:
        profiles.commit(ProfileChange(0, 5, upserts={key(0): b"a", key(1): b"\x00\xff"}))
        assert profiles.position() == 5
        assert profiles.get([key(0), key(1), key(2)]) == {key(0): b"a", key(1): b"\x00\xff"}
        profiles.commit(ProfileChange(5, 9, upserts={key(1): b"b", key(2): b""}, deletes=(key(0), key(7))))
        assert profiles.get([key(0), key(1), key(2)]) == {key(1): b"b", key(2): b""}
        assert profiles.position() == 9

    def test_what_is_deleted_and_stored_at_once_stays(self, profiles: Profiles) -> None:
        profiles.commit(ProfileChange(0, 1, upserts={key(0, reference="r"): b"a"}))
        profiles.commit(
            ProfileChange(
                1,
                2,
                upserts={key(0, reference="r"): b"b"},
                deletes=(key(0, reference="r"),),
                drop_references=(("m", "r"),),
            )
        )
        assert profiles.get([key(0, reference="r")]) == {key(0, reference="r"): b"b"}

    def test_a_stale_writer_leaves_nothing(self, profiles: Profiles) -> None:
        profiles.commit(ProfileChange(0, 5, upserts={key(0): b"a"}))
        stale = ProfileChange(
            0,
            6,
            upserts={key(0): b"b", key(1, version="new"): b"c"},
            deletes=(key(0),),
            waiting=(label("p", 1),),
            dirty=(DirtyBucket("m", 0),),
            orphans={"m": 1},
            references=(StoredReference("m", "r", False, 1, 1, b""),),
            rebuilds=(Rebuild("m", "r", 1, RebuildStatus.RUNNING, 0, 0, 1, 1),),
        )
        for before in (0, 4, 6):
            with pytest.raises(StaleWriter):
                profiles.commit(replace(stale, before=before))
        assert profiles.position() == 5
        assert profiles.get([key(0), key(1, version="new")]) == {key(0): b"a"}
        assert profiles.waiting("m") == []
        assert profiles.references("m") == []
        assert profiles.state() == ProfileState([], [], {})
        # A name first met in what was undone can be used afterwards.
        profiles.commit(replace(stale, before=5, deletes=()))
        assert profiles.get([key(1, version="new")]) == {key(1, version="new"): b"c"}

    def test_the_position_may_stay(self, profiles: Profiles) -> None:
        profiles.commit(ProfileChange(0, 0, upserts={key(0): b"a"}))
        profiles.commit(ProfileChange(0, 0, upserts={key(0): b"b"}))
        assert (profiles.position(), profiles.get([key(0)])) == (0, {key(0): b"b"})

    def test_scanning_a_range(self, profiles: Profiles) -> None:
        stored = {key(hour): b"%d" % hour for hour in range(10)}
        others = [
            key(3, model="other"),
            key(3, kind=FEATURES),
            key(3, granularity=Granularity.DAY),
            key(3, slice_key="country", slice_value="de"),
            key(3, reference="r"),
        ]
        profiles.commit(ProfileChange(0, 1, upserts=stored | dict.fromkeys(others, b"other")))
        found = profiles.scan("m", TRAFFIC, BY_HOUR, start=2 * HOUR, end=5 * HOUR)
        assert found == [(key(hour), b"%d" % hour) for hour in (2, 3, 4)]
        assert profiles.scan("m", TRAFFIC, BY_HOUR, start=5 * HOUR, end=5 * HOUR) == []
        for one in others:
            found = profiles.scan(
                one.model_id,
                one.kind,
                one.granularity,
                start=0,
                end=DAY,
                version="1",
                slice_key=one.slice_key,
                slice_value=one.slice_value,
                reference_id=one.reference_id,
            )
            assert found == [(one, b"other")]

    def test_scanning_before_the_epoch(self, profiles: Profiles) -> None:
        profiles.commit(ProfileChange(0, 1, upserts={key(-5): b"a", key(5): b"b"}))
        assert profiles.scan("m", TRAFFIC, BY_HOUR, start=-DAY, end=0) == [(key(-5), b"a")]

    def test_scanning_versions_and_slices_in_order(self, profiles: Profiles) -> None:
        values = ["", "B", "a", "é", "\U0001f9ea"]
        keys = [
            key(hour, version=version, slice_key="tag", slice_value=value)
            for hour in (1, 0)
            for version in ("2", "10")
            for value in reversed(values)
        ]
        profiles.commit(ProfileChange(0, 1, upserts={one: one.slice_value.encode() for one in keys}))

        def scan(version: str | None, value: str | None) -> list[tuple[ProfileKey, bytes]]:
            return profiles.scan(
                "m", TRAFFIC, BY_HOUR, start=0, end=DAY, version=version, slice_key="tag", slice_value=value
            )

        def expected(version: str | None, value: str | None) -> list[tuple[ProfileKey, bytes]]:
            chosen = [
                one
                for one in keys
                if (version is None or one.version == version) and (value is None or one.slice_value == value)
            ]
            chosen.sort(key=lambda one: (one.start, one.version, one.slice_value))
            return [(one, one.slice_value.encode()) for one in chosen]

        for version in (None, "2", "10", "3"):
            for value in (None, *values, "unknown"):
                assert scan(version, value) == expected(version, value)

    def test_the_extent(self, profiles: Profiles) -> None:
        keys = [
            key(2),
            key(7),
            key(4),
            key(3, version="2"),
            key(9, slice_key="tag", slice_value="x"),
            key(1, kind=FEATURES),
            key(0, granularity=Granularity.DAY),
            key(0, model="other"),
        ]
        profiles.commit(ProfileChange(0, 1, upserts=dict.fromkeys(keys, b"")))
        assert dict(profiles.extent("m")) == {
            ("1", "", ""): (2 * HOUR, 7 * HOUR),
            ("2", "", ""): (3 * HOUR, 3 * HOUR),
            ("1", "tag", "x"): (9 * HOUR, 9 * HOUR),
        }
        profiles.commit(ProfileChange(1, 2, deletes=(key(7), key(3, version="2"))))
        assert dict(profiles.extent("m")) == {
            ("1", "", ""): (2 * HOUR, 4 * HOUR),
            ("1", "tag", "x"): (9 * HOUR, 9 * HOUR),
        }

    def test_thousands_of_profiles(self, profiles: Profiles) -> None:
        stored = {
            key(hour, version=str(version)): b"%d %d" % (version, hour)
            for version in range(700)
            for hour in range(3)
        }
        profiles.commit(ProfileChange(0, 1, upserts=stored))
        assert profiles.get(stored) == stored
        assert dict(profiles.scan("m", TRAFFIC, BY_HOUR, start=0, end=DAY)) == stored
        profiles.commit(ProfileChange(1, 2, deletes=tuple(stored)))
        assert profiles.get(stored) == {}

    def test_hostile_names(self, profiles: Profiles) -> None:
        keys = [
            key(model=name, version=name, slice_key=name, slice_value=name, reference=name)
            for name in HOSTILE_NAMES
        ]
        profiles.commit(
            ProfileChange(
                0,
                1,
                upserts={one: one.version.encode() for one in keys},
                waiting=tuple(label(name, 1, name.encode(), model=name) for name in HOSTILE_NAMES),
                dirty=tuple(DirtyBucket(name, 1) for name in HOSTILE_NAMES),
                orphans=dict.fromkeys(HOSTILE_NAMES, 1),
                references=tuple(StoredReference(n, n, True, 1, 1, b"p", name=n) for n in HOSTILE_NAMES),
                rebuilds=tuple(Rebuild(n, n, 1, RebuildStatus.DONE, 0, 1, 1, 1) for n in HOSTILE_NAMES),
            )
        )
        assert profiles.get(keys) == {one: one.version.encode() for one in keys}
        for one in keys:
            name = one.model_id
            found = profiles.scan(
                name, TRAFFIC, BY_HOUR, start=0, end=1, slice_key=name, slice_value=None, reference_id=name
            )
            assert found == [(one, name.encode())]
            assert set(profiles.extent(name)) == {(name, name, name)}
            assert [(w.prediction_id, w.label) for w in profiles.waiting(name)] == [(name, name.encode())]
            assert [r.reference_id for r in profiles.references(name)] == [name]
            state = profiles.state(name)
            dirty, running, orphans = state.dirty, state.rebuilds, state.orphans
            assert (dirty, len(running), orphans) == ([DirtyBucket(name, 1)], 1, {name: 1})

    def test_waiting_labels(self, profiles: Profiles) -> None:
        labels = [
            label("p1", 1, b"a", received=10),
            label("p2", 2, b"b", received=20),
            label("p3", 3, received=30),
        ]
        other = label("p1", 9, b"z", model="other", received=5)
        profiles.commit(ProfileChange(0, 1, waiting=(*labels, other)))
        assert sorted(profiles.waiting("m"), key=lambda w: w.received_at) == labels
        assert profiles.waiting("other") == [other]
        assert {w.prediction_id for w in profiles.waiting("m", ["p1", "p3", "p9"])} == {"p1", "p3"}
        assert profiles.waiting("m", []) == []
        assert {w.prediction_id for w in profiles.waiting("m", received_before=20)} == {"p1"}
        assert profiles.waiting("m", ["p2"], received_before=20) == []
        profiles.commit(ProfileChange(1, 2, settled=(("m", "p1"), ("m", "p9"))))
        assert {w.prediction_id for w in profiles.waiting("m")} == {"p2", "p3"}
        assert profiles.waiting("other") == [other]

    def test_thousands_of_waiting_labels(self, profiles: Profiles) -> None:
        labels = tuple(label(f"p{i}", i, b"%d" % i) for i in range(3_000))
        profiles.commit(ProfileChange(0, 1, waiting=labels))
        found = profiles.waiting("m", [f"p{i}" for i in range(0, 6_000, 2)])
        assert sorted(found, key=lambda w: w.observed_at) == list(labels[::2])
        profiles.commit(ProfileChange(1, 2, settled=tuple(("m", w.prediction_id) for w in labels)))
        assert profiles.waiting("m") == []

    @pytest.mark.parametrize("together", [True, False])
    def test_the_later_observed_label_wins_in_any_order(self, profiles: Profiles, together: bool) -> None:
        rivals = [
            label("p", 5, b"b", received=1),
            label("p", 7, b"a", received=2),
            label("p", 7, b"c", received=3),
            label("p", 7, b"\xff", received=4),
            label("p", 6, b"z", received=9),
        ]
        winner = rivals[3]
        position = 0
        for turn in range(len(rivals)):
            order = rivals[turn:] + rivals[:turn]
            for group in [order] if together else [[one] for one in order]:
                profiles.commit(ProfileChange(position, position + 1, waiting=tuple(group)))
                position += 1
            assert profiles.waiting("m") == [winner]
            profiles.commit(ProfileChange(position, position, settled=(("m", "p"),)))

    def test_dirty_buckets_orphans_and_rebuilds(self, profiles: Profiles) -> None:
        running = Rebuild("m", "r", 7, RebuildStatus.RUNNING, 1, 2, 3, 4)
        other = Rebuild("other", "r", 7, RebuildStatus.DONE, 1, 3, 3, 4)
        buckets = (DirtyBucket("m", 5), DirtyBucket("m", 3), DirtyBucket("other", 5))
        profiles.commit(
            ProfileChange(0, 1, dirty=buckets, orphans={"m": 2, "other": 1}, rebuilds=(running, other))
        )
        done = replace(running, status=RebuildStatus.SUPERSEDED, done_before=9, rows_done=3)
        profiles.commit(
            ProfileChange(
                1,
                2,
                dirty=(DirtyBucket("m", 5), DirtyBucket("m", 6)),
                cleaned=(DirtyBucket("m", 3), DirtyBucket("m", 99)),
                orphans={"m": 40},
                rebuilds=(done,),
            )
        )
        state = profiles.state("m")
        dirty, rebuilds, orphans = state.dirty, state.rebuilds, state.orphans
        assert sorted(dirty) == [DirtyBucket("m", 5), DirtyBucket("m", 6)]
        assert (rebuilds, dict(orphans)) == ([done], {"m": 42})
        state = profiles.state()
        dirty, rebuilds, orphans = state.dirty, state.rebuilds, state.orphans
        assert (len(dirty), len(rebuilds), dict(orphans)) == (3, 2, {"m": 42, "other": 1})

    def test_references(self, profiles: Profiles) -> None:
        first = StoredReference("m", "r1", True, 5_000, 10, b"first")
        second = StoredReference("m", "r2", False, 70, 20, b"second", name="January")
        other = StoredReference("other", "r1", False, 1, 30, b"other")
        profiles.commit(ProfileChange(0, 1, references=(first, other, second)))
        assert profiles.references("m") == [second, first]
        assert profiles.references("m", with_payload=False) == [
            replace(second, payload=b""),
            replace(first, payload=b""),
        ]
        changed = replace(first, provisional=False, payload=b"changed", name="x")
        profiles.commit(ProfileChange(1, 2, references=(changed,)))
        assert profiles.references("m") == [second, changed]

    def test_dropping_a_reference_deletes_its_profiles(self, profiles: Profiles) -> None:
        gone = [key(hour, kind=FEATURES, version=v, reference="r1") for hour in (0, 1) for v in "12"]
        kept = [
            key(0, kind=FEATURES, reference="r2"),
            key(0),
            key(0, model="other", kind=FEATURES, reference="r1"),
        ]
        references = tuple(StoredReference(m, "r1", False, 1, 1, b"") for m in ("m", "other"))
        profiles.commit(ProfileChange(0, 1, upserts=dict.fromkeys(gone + kept, b"x"), references=references))
        profiles.commit(ProfileChange(1, 2, drop_references=(("m", "r1"), ("m", "unknown"))))
        assert set(profiles.get(gone + kept)) == set(kept)
        assert profiles.references("m") == []
        assert len(profiles.references("other")) == 1
        profiles.commit(ProfileChange(2, 3, upserts={gone[0]: b"again"}))
        assert profiles.get(gone) == {gone[0]: b"again"}

    def test_of_two_writers_one_wins_each_round(self, profiles: Profiles) -> None:
        writers, rounds = 4, 15
        start = threading.Barrier(writers)

        def write(number: int) -> int:
            won = 0
            for turn in range(rounds):
                start.wait()
                try:
                    profiles.commit(ProfileChange(turn, turn + 1, upserts={key(turn): b"%d" % number}))
                except StaleWriter:
                    continue
                won += 1
            return won

        with ThreadPoolExecutor(writers) as pool:
            won = list(pool.map(write, range(writers)))
        assert sum(won) == rounds
        stored = [payload for _, payload in profiles.scan("m", TRAFFIC, BY_HOUR, start=0, end=DAY)]
        assert [stored.count(b"%d" % number) for number in range(writers)] == won
