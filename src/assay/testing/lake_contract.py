"""What every lake must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, TIMESTAMP, Kind
from assay.errors import InvalidInput
from assay.ports.lake import Lake
from assay.testing.naive_lake import NaiveLake, rows_of
from assay.testing.names import HOSTILE_NAMES

__all__ = ["LakeContract", "labels", "predictions"]

P, L = Kind.PREDICTIONS, Kind.LABELS
_TYPES = {"n": pa.int64(), "s": pa.string(), "b": pa.bool_(), "t": pa.string(), "p": pa.float64()}
_numbers = itertools.count()
_ids = st.sampled_from("abcdef")


def predictions(ids: Sequence[str], times: Any = None, **columns: Any) -> pa.Table:
    """Make a canonical batch of predictions; times count from 0 unless given."""
    return pa.table(
        {
            "prediction_id": pa.array(ids, pa.string()),
            "model_version": pa.array(["1"] * len(ids), pa.string()),
            "timestamp": pa.array(range(len(ids)) if times is None else times, TIMESTAMP),
            "received_at": pa.array([0] * len(ids), TIMESTAMP),
            **columns,
        }
    )


def labels(ids: Sequence[str], times: Sequence[int] | None = None) -> pa.Table:
    """Make a canonical batch of labels."""
    return pa.table(
        {
            "prediction_id": pa.array(ids, pa.string()),
            "actual": pa.array([1.0] * len(ids), pa.float64()),
            "observed_at": pa.array(range(len(ids)) if times is None else times, TIMESTAMP),
            "received_at": pa.array([0] * len(ids), TIMESTAMP),
        }
    )


@st.composite
def _batch(draw: st.DrawFn) -> pa.Table:
    """Draw a canonical batch of predictions whose ids, names and types collide often."""
    n = draw(st.integers(0, 4))
    ids = draw(st.lists(_ids, min_size=n, max_size=n))
    times = draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))
    values = {
        "int": st.none() | st.integers(-(2**63), 2**63 - 1),
        "float": st.none() | st.floats(),
        "s": st.none() | st.text(max_size=3),
        "t": st.none() | st.sampled_from("uv"),
        "b": st.none() | st.booleans(),
        "p": st.none() | st.floats(0, 1),
    }
    columns: dict[str, pa.Array] = {}
    for prefix in draw(st.sets(st.sampled_from("nsbtp"))):
        for name in draw(st.sets(st.sampled_from(["x", "X", 'x"', ""]), max_size=2)):
            typed = draw(st.sampled_from(["int", "float"])) if prefix == "n" else prefix
            kind = pa.float64() if typed == "float" else _TYPES[prefix]
            cells = draw(st.lists(values[typed], min_size=n, max_size=n))
            columns[f"{prefix}:{name}"] = pa.array(cells, kind)
    return predictions(ids, times, **columns)


_step = st.one_of(
    st.tuples(st.just("write"), st.lists(_batch(), max_size=3)),
    st.tuples(st.just("labels"), st.lists(_ids, max_size=3)),
    st.tuples(
        st.just("erase"),
        st.sets(_ids, max_size=2),
        st.sampled_from("uvw"),
        st.booleans(),
    ),
    st.tuples(st.just("maintain"), st.none() | st.integers(0, 50)),
)
_bound = st.none() | st.integers(-1, 51)


class LakeContract:
    """Subclass it and supply the fixture `lake`: an empty lake, closed by whoever made it."""

    def test_a_model_without_rows(self, lake: Lake) -> None:
        assert lake.position("m", P) == 0
        assert lake.stats("m", P).rows == 0
        assert lake.stats("m", P).column_of == {}
        for kind, fields in ((P, PREDICTION_FIELDS), (L, LABEL_FIELDS)):
            nothing = lake.scan("m", kind)
            assert nothing.num_rows == 0
            assert dict(zip(nothing.schema.names, nothing.schema.types, strict=True)) == {
                **fields,
                "_position": pa.int64(),
            }
        assert set(lake.scan("m", P, columns=["score", "n:x"]).column_names) == {"score", "_position"}
        assert sum(piece.num_rows for piece in lake.scan_batches("m", P)) == 0
        assert lake.erase("m", ids=["a"], tag=("k", "v"), upto=9).num_rows == 0
        lake.maintain("m", P, rows_before=5, now=9)
        assert lake.position("m", P) == 0

    def test_reaching_back_goes_step_by_step_to_the_first_row(self, lake: Lake) -> None:
        assert lake.reach_back("m", P, end=None, rows=1) is None
        for place in range(4):
            times = list(range(100 * place, 100 * place + 100))
            lake.write("m", P, [(place + 1, predictions([f"{t}" for t in times], times))], upto=place + 1)
        end, seen = None, 0
        while (start := lake.reach_back("m", P, end=end, rows=30)) is not None:
            assert end is None or start < end
            step = lake.scan("m", P, columns=["prediction_id"], start=start, end=end).num_rows
            assert 15 <= step <= 60
            end, seen = start, seen + step
        assert seen + lake.scan("m", P, columns=["prediction_id"], end=end).num_rows == 400
        assert lake.reach_back("m", P, end=0, rows=1) is None

    def test_what_is_written_is_read(self, lake: Lake) -> None:
        table = predictions(
            ["a", "b", "c"],
            [-1, 2**50, 0],
            score=pa.array([0.25, None, math.inf]),
            prediction_class=pa.array(["x", "", None]),
            **{"n:i": [2**63 - 1, -(2**63), None], "n:f": [math.nan, -0.0, None], "b:b": [True, None, False]},
        )
        assert lake.write("m", P, [(5, table)], upto=7) == 3
        assert lake.position("m", P) == 7
        found = lake.scan("m", P)
        naive = NaiveLake()
        naive.write("m", P, [(5, table)], upto=7)
        assert rows_of(found) == rows_of(naive.scan("m", P))
        assert found.schema.field("timestamp").type == TIMESTAMP
        assert found.schema.field("n:i").type == pa.int64()
        assert found.schema.field("b:b").type == pa.bool_()
        assert set(lake.stats("m", P).column_of) == {*PREDICTION_FIELDS, "_position", "n:i", "n:f", "b:b"}

    def test_a_write_repeated_changes_nothing(self, lake: Lake) -> None:
        first, second = (1, predictions(["a"])), (2, predictions(["b"]))
        assert lake.write("m", P, [first], upto=1) == 1
        assert lake.write("m", P, [first], upto=1) == 0
        assert lake.write("m", P, [first, second], upto=2) == 1
        assert sorted(lake.scan("m", P).column("prediction_id").to_pylist()) == ["a", "b"]
        assert lake.position("m", P) == 2

    def test_the_position_moves_without_rows(self, lake: Lake) -> None:
        assert lake.write("m", P, [], upto=4) == 0
        assert lake.position("m", P) == 4
        assert lake.write("m", P, [(4, predictions(["a"]))], upto=4) == 0
        assert lake.write("m", P, [(5, predictions([]))], upto=5) == 0
        assert (lake.position("m", P), lake.stats("m", P).rows) == (5, 0)

    def test_a_batch_beyond_the_new_position_is_refused(self, lake: Lake) -> None:
        with pytest.raises(InvalidInput, match="position 1"):
            lake.write("m", P, [(2, predictions(["a"]))], upto=1)
        assert lake.position("m", P) == 0

    def test_integers_stay_integers_until_a_float_comes(self, lake: Lake) -> None:
        lake.write("m", P, [(1, predictions(["a"], **{"n:x": [2**60 + 1]}))], upto=1)
        assert lake.scan("m", P).column("n:x").to_pylist() == [2**60 + 1]
        lake.write("m", P, [(2, predictions(["b"], [1], **{"n:x": [0.5], "s:x": ["t"]}))], upto=2)
        found = lake.scan("m", P, newest=9, columns=["n:x", "s:x"])
        assert found.schema.field("n:x").type == pa.float64()
        assert found.column("n:x").to_pylist() == [0.5, float(2**60 + 1)]
        assert found.column("s:x").to_pylist() == ["t", None]
        lake.write("m", P, [(3, predictions(["c"], [2], **{"n:x": [7]}))], upto=3)
        assert lake.scan("m", P, newest=1).column("n:x").to_pylist() == [7.0]
        mixed = [(4, predictions(["d"], **{"n:y": [1]})), (5, predictions(["e"], **{"n:y": [1.5]}))]
        lake.write("m", P, mixed, upto=5)
        assert sorted(lake.scan("m", P, start=0).column("n:y").drop_null().to_pylist()) == [1.0, 1.5]

    def test_any_name_of_a_feature(self, lake: Lake) -> None:
        names = [prefix + name for name in HOSTILE_NAMES for prefix in ("n:", "s:", "b:", "t:", "p:")]
        cells: dict[str, pa.Array] = {}
        for i, name in enumerate(names):
            value = {"n": i, "s": f"text {i}", "b": True, "t": f"tag {i}", "p": i / 1000}[name[0]]
            cells[name] = pa.array([value], _TYPES[name[0]])
        lake.write("m", P, [(1, predictions(["a"], **cells))], upto=1)
        row = lake.scan("m", P).to_pylist()[0]
        assert {name: row[name] for name in names} == {name: cells[name][0].as_py() for name in names}
        one = lake.scan("m", P, columns=[names[7]])
        assert set(one.column_names) == {names[7], "_position"}
        lake.write("m", P, [(2, predictions(["b"], **cells))], upto=2)
        assert len(lake.stats("m", P).column_of) == len(names) + len(PREDICTION_FIELDS) + 1

    def test_any_name_of_a_model(self, lake: Lake) -> None:
        for i, name in enumerate(HOSTILE_NAMES, start=1):
            lake.write(name, P, [(i, predictions([f"of {i}"]))], upto=i)
        for i, name in enumerate(HOSTILE_NAMES, start=1):
            assert lake.scan(name, P).column("prediction_id").to_pylist() == [f"of {i}"]
            assert lake.position(name, P) == i
            assert lake.position(name, L) == 0

    def test_filters(self, lake: Lake) -> None:
        batches = [
            (i, predictions([f"{i}-{k}" for k in range(4)], [10 * i + k for k in range(4)]))
            for i in range(1, 5)
        ]
        for position, table in batches:
            lake.write("m", P, [(position, table)], upto=position)

        def ids(**options: Any) -> list[str]:
            found: list[str] = lake.scan("m", P, **options).column("prediction_id").to_pylist()
            return found

        assert sorted(ids(start=13, end=21)) == ["1-3", "2-0"]
        assert sorted(ids(ids=["2-1", "nobody", "4-0"], upto=3)) == ["2-1"]
        assert ids(ids=[]) == []
        assert ids(newest=3) == ["4-3", "4-2", "4-1"]
        assert ids(newest=2, end=22, upto=2) == ["2-1", "2-0"]
        assert ids(newest=0) == []
        assert len(ids(newest=1_000_000)) == 16
        assert ids(start=14, end=20) == []
        assert len(ids(start=-(2**63), end=2**63 - 1, upto=2**63 - 1)) == 16
        pieces = list(lake.scan_batches("m", P, columns=["n:none"], start=12, upto=3))
        assert sum(piece.num_rows for piece in pieces) == 10
        assert {name for piece in pieces for name in piece.column_names} == {"_position"}

    def test_latest_ids_are_those_of_the_latest_positions(self, lake: Lake) -> None:
        assert len(lake.latest_ids("m", limit=5)) == 0
        for position in range(1, 6):
            names = [f"{position}-{i}" for i in range(4)]
            lake.write("m", P, [(position, predictions(names, [9 - position] * 4))], upto=position)
        everything = {f"{position}-{i}" for position in range(1, 6) for i in range(4)}
        for limit in (1, 4, 7, 20, 1_000):
            found = lake.latest_ids("m", limit=limit).to_pylist()
            assert len(found) >= min(limit, 20)
            assert len(set(found)) == len(found)
            assert set(found) <= everything
        last_two = {name for name in everything if name[0] in "45"}
        assert set(lake.latest_ids("m", limit=8).to_pylist()) >= last_two

    def test_erasure(self, lake: Lake) -> None:
        tags = {"t:user": pa.array(["ann", "bob", "ann", None], pa.string())}
        lake.write("m", P, [(1, predictions(["a", "b", "c", "d"], **tags))], upto=1)
        lake.write("m", L, [(2, labels(["a", "b", "c", "d", "z"]))], upto=2)
        lake.write("m", P, [(3, predictions(["a", "e"], [7, 8]))], upto=3)
        lake.write("m", L, [(4, labels(["a"]))], upto=4)
        gone = lake.erase("m", tag=("user", "ann"), upto=2)
        times = {row["prediction_id"]: row["timestamp"].microsecond for row in gone.to_pylist()}
        assert times == {"a": 0, "c": 2}
        assert sorted(lake.scan("m", P).column("prediction_id").to_pylist()) == ["a", "b", "d", "e"]
        assert sorted(lake.scan("m", L).column("prediction_id").to_pylist()) == ["a", "b", "d", "z"]
        assert lake.erase("m", tag=("user", "ann"), upto=2).num_rows == 0
        assert lake.erase("m", tag=("no such tag", "ann"), upto=2).num_rows == 0
        assert lake.erase("m", ids=["e", "z", "nobody"], upto=4).column("prediction_id").to_pylist() == ["e"]
        assert sorted(lake.scan("m", P).column("prediction_id").to_pylist()) == ["a", "b", "d"]
        assert sorted(lake.scan("m", L).column("prediction_id").to_pylist()) == ["a", "b", "d"]
        assert (lake.position("m", P), lake.position("m", L)) == (3, 4)
        assert lake.write("m", P, [(3, predictions(["a"]))], upto=3) == 0

    def test_maintenance(self, lake: Lake) -> None:
        for i in range(1, 21):
            lake.write("m", P, [(i, predictions([f"{i}"], [i]))], upto=i)
        before = rows_of(lake.scan("m", P))
        lake.maintain("m", P, rows_before=None, now=100)
        assert rows_of(lake.scan("m", P)) == before
        assert lake.stats("m", P).rows == 20
        lake.maintain("m", P, rows_before=6, now=100)
        assert sorted(lake.scan("m", P).column("timestamp").cast(pa.int64()).to_pylist()) == list(
            range(6, 21)
        )
        assert lake.position("m", P) == 20
        assert lake.write("m", P, [(20, predictions(["20"]))], upto=20) == 0

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        steps=st.lists(_step, max_size=6),
        start=_bound,
        end=_bound,
        ids=st.none() | st.sets(_ids),
    )
    def test_it_equals_a_naive_lake(
        self, lake: Lake, steps: list[Any], start: int | None, end: int | None, ids: set[str] | None
    ) -> None:
        naive, model, position = NaiveLake(), f"model {next(_numbers)}", 0
        for step in steps:
            if step[0] == "write":
                batches = [(position + i, table) for i, table in enumerate(step[1], start=1)]
                position += len(batches)
                wrote = naive.write(model, P, batches, upto=position)
                assert lake.write(model, P, batches, upto=position) == wrote
                assert lake.write(model, P, batches, upto=position) == 0
            elif step[0] == "labels":
                position += 1
                for each in (naive, lake):
                    each.write(model, L, [(position, labels(step[1]))], upto=position)
            elif step[0] == "erase":
                upto = max(0, position - step[3])
                gone = [
                    each.erase(model, ids=step[1], tag=("x", step[2]), upto=upto) for each in (naive, lake)
                ]
                assert rows_of(gone[0]) == rows_of(gone[1])
            else:
                for each in (naive, lake):
                    each.maintain(model, P, rows_before=step[1], now=0)
            for kind in (P, L):
                assert rows_of(lake.scan(model, kind)) == rows_of(naive.scan(model, kind))
                assert lake.stats(model, kind).rows == naive.stats(model, kind).rows
            options: dict[str, Any] = {"start": start, "end": end, "upto": position - 1}
            expected = naive.scan(model, P, ids=ids, **options)
            assert rows_of(lake.scan(model, P, ids=ids, **options)) == rows_of(expected)
            pieces = [row for piece in lake.scan_batches(model, P, **options) for row in rows_of(piece)]
            assert sorted(pieces) == rows_of(naive.scan(model, P, **options))
            newest = lake.scan(model, P, newest=3, **options).column("timestamp").to_pylist()
            assert newest == naive.scan(model, P, newest=3, **options).column("timestamp").to_pylist()
        assert lake.position(model, P) == naive.position(model, P)

    def test_reading_goes_on_while_others_write_compact_and_erase(self, lake: Lake) -> None:
        done = threading.Event()
        failures: list[BaseException] = []

        def read() -> None:
            try:
                while not done.is_set():
                    upto = lake.position("m", P)
                    rows = lake.scan("m", P, columns=["prediction_id"], upto=upto)
                    kept = [p for p in rows.column("_position").to_pylist() if p % 5]
                    assert len(kept) == 2 * sum(1 for p in range(1, upto + 1) if p % 5)
                    assert sum(piece.num_rows for piece in lake.scan_batches("m", P)) >= len(kept)
            except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for i in range(1, 41):
                lake.write("m", P, [(i, predictions([f"{i}a", f"{i}b"]))], upto=i)
                if i % 5 == 0:
                    lake.erase("m", ids=[f"{i}a", f"{i}b"], upto=i)
                if i % 7 == 0:
                    lake.maintain("m", P, rows_before=None, now=i)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        assert failures == []
        assert lake.stats("m", P).rows == 64
