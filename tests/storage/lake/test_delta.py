"""What is particular to the lake of Delta tables: its files, its crashes, its neighbours."""

from __future__ import annotations

import contextlib
import errno
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.columns import Kind
from assay.errors import InvalidInput, MissingExtra, StorageCorrupt, StorageFull, StorageUnavailable
from assay.storage.lake import DeltaLake
from assay.storage.lake.location import TableLocation
from assay.storage.lake.naming import column_name, folder_name
from assay.testing.lake_contract import labels, predictions
from assay.testing.naive_lake import rows_of

P, L = Kind.PREDICTIONS, Kind.LABELS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lake [a-z]*"  # no pattern, a name


@pytest.fixture
def lake(root: Path) -> Iterator[DeltaLake]:
    lake = DeltaLake(root, patience=0.2)
    yield lake
    lake.close()


def folder(root: Path, model: str = "m", kind: Kind = P) -> Path:
    return TableLocation.of(root.resolve(), model, kind).folder


def fill(lake: DeltaLake, positions: range, *, rows: int = 2) -> None:
    for i in positions:
        table = predictions([f"{i}-{k}" for k in range(rows)], [100 * i + k for k in range(rows)])
        lake.write("m", P, [(i, table)], upto=i)


def ids(lake: DeltaLake, kind: Kind = P) -> list[str]:
    found: list[str] = sorted(lake.scan("m", kind).column("prediction_id").to_pylist())
    return found


def test_others_read_the_table(lake: DeltaLake, root: Path) -> None:
    row = {"n:amount": [1], "s:amount": ["x"], "t:Land/Ort": ["de"], "p:": [0.5]}
    lake.write('Betrug "EU"', P, [(3, predictions(["a"], **row))], upto=3)
    table = DeltaTable(str(folder(root, 'Betrug "EU"')))
    assert table.metadata().configuration["assay.model"] == 'Betrug "EU"'
    assert table.metadata().description == 'Betrug "EU"'
    names = {field.metadata["assay.name"]: field.name for field in table.schema().fields}
    assert names == lake.stats('Betrug "EU"', P).column_of
    assert [names[name] for name in row] == ["f_amount", "f_amount__text", "tag_Land_Ort", "p_unnamed"]
    rows = table.to_pyarrow_table(columns=["prediction_id", "f_amount", "tag_Land_Ort"]).to_pylist()
    assert rows == [{"prediction_id": "a", "f_amount": 1, "tag_Land_Ort": "de"}]
    assert table.transaction_version("assay") == 3
    lake.write('Betrug "EU"', P, [(4, predictions(["b"], **{"n:amount": [0.5]}))], upto=4)
    table.update_incremental()
    assert str(table.to_pyarrow_table().schema.field("f_amount").type) == "double"
    for file in folder(root, 'Betrug "EU"').glob("*.parquet"):
        if file.name in {Path(uri).name for uri in table.file_uris()}:
            assert str(pq.read_schema(file).field("f_amount").type) == "double"


def test_another_instance_sees_every_commit(lake: DeltaLake, root: Path) -> None:
    other = DeltaLake(root)
    for i in range(1, 30):
        fill(lake, range(i, i + 1))
        assert other.position("m", P) == i
        assert other.stats("m", P).rows == 2 * i
    lake.erase("m", ids=["3-0"], upto=99)
    assert other.stats("m", P).rows == 57
    fill(other, range(30, 31))
    assert lake.position("m", P) == 30
    other.close()


def test_models(lake: DeltaLake, root: Path) -> None:
    assert lake.models() == []
    names = ["a", "A", "../..", "名"]
    for name in names:
        lake.write(name, L, [(1, labels(["x"]))], upto=1)
    (root / "something else").mkdir()
    (root / "a file").touch()
    assert lake.models() == sorted(names)
    other = DeltaLake(root)
    assert other.models() == sorted(names)
    other.close()
    assert {path.parent for path in root.rglob("labels")} <= set(root.iterdir())


def test_a_name_that_is_no_text(lake: DeltaLake) -> None:
    with pytest.raises(InvalidInput, match="Unicode"):
        lake.write("\ud800", P, [], upto=1)
    with pytest.raises(InvalidInput, match="erasure"):
        lake.position("m", Kind.ERASURE)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("colour", ["red"]),
        ("n:x", ["red"]),
        ("score", ["red"]),
        ("n:x", pa.array([2**64 - 1], pa.uint64())),
        ("s:x", pa.array([b"\xff"], pa.binary()).view(pa.string())),
    ],
)
def test_what_is_no_canonical_batch_is_refused(lake: DeltaLake, column: str, values: object) -> None:
    with pytest.raises(InvalidInput, match=column):
        lake.write("m", P, [(1, predictions(["a"], **{column: values}))], upto=1)
    assert lake.position("m", P) == 0


def test_rows_without_a_time_are_refused(lake: DeltaLake) -> None:
    for rows in (predictions(["a"]).drop_columns("timestamp"), predictions(["a", "b"], [1, None])):
        with pytest.raises(InvalidInput, match="timestamp"):
            lake.write("m", P, [(1, rows)], upto=1)
    assert lake.write("m", P, [], upto=0) == 0
    assert lake.models() == []


def test_one_text_is_no_list_of_names(lake: DeltaLake) -> None:
    for options in ({"ids": "ab"}, {"columns": "score"}):
        with pytest.raises(InvalidInput, match="list of names"):
            lake.scan("m", P, **options)


def test_nulls_of_no_type_make_no_column(lake: DeltaLake) -> None:
    lake.write("m", P, [(1, predictions(["a"], **{"n:x": pa.nulls(1), "score": pa.nulls(1)}))], upto=1)
    assert "n:x" not in lake.stats("m", P).column_of
    lake.write("m", P, [(2, predictions(["b"], **{"n:x": [1]}))], upto=2)
    lake.write("m", P, [(3, predictions(["c"], **{"n:x": pa.nulls(1)}))], upto=3)
    assert lake.scan("m", P).column("n:x").drop_null().to_pylist() == [1]


def test_times_beyond_the_calendar(lake: DeltaLake) -> None:
    far = [-(10**17), 0, 3 * 10**17]
    lake.write("m", P, [(1, predictions(["a", "b", "c"], far))], upto=1)
    assert lake.scan("m", P, newest=3).column("timestamp").cast(pa.int64()).to_pylist() == far[::-1]
    assert lake.scan("m", P, start=1).column("prediction_id").to_pylist() == ["c"]
    lake.maintain("m", P, rows_before=0, now=0)
    assert ids(lake) == ["b", "c"]


# --- more than one writer, and full disks ---------------------------------------------------------------


def test_a_second_writer_waits_and_then_gives_up(lake: DeltaLake, root: Path) -> None:
    fill(lake, range(1, 2))
    location = TableLocation.of(root.resolve(), "m", P)
    with location.writing(patience=1), pytest.raises(StorageUnavailable, match="Another process"):
        fill(lake, range(2, 3))
    assert lake.position("m", P) == 1
    fill(lake, range(2, 3))
    assert ids(lake) == ["1-0", "1-1", "2-0", "2-1"]


def test_a_second_writer_that_ignores_the_lock_cannot_double_rows(
    lake: DeltaLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, range(1, 2))
    other = DeltaLake(root)
    table = other._table("m", P)
    table.snapshot()
    monkeypatch.setattr(table, "snapshot", lambda: stale)
    stale = lake._table("m", P).snapshot()
    fill(lake, range(2, 3))
    with pytest.raises(StorageUnavailable):
        other.write("m", P, [(2, predictions(["2-0", "2-1"]))], upto=2)
    monkeypatch.undo()
    assert other.write("m", P, [(2, predictions(["2-0", "2-1"]))], upto=2) == 0
    assert ids(lake) == ["1-0", "1-1", "2-0", "2-1"]
    assert len(list(folder(root).glob("*.parquet"))) == 2
    other.close()


def test_many_threads_write_one_table(lake: DeltaLake) -> None:
    batches = [(i, predictions([f"{i}"])) for i in range(1, 9)]
    threads = [
        threading.Thread(target=lake.write, args=("m", P, batches[: i + 1]), kwargs={"upto": i + 1})
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(lake) == [f"{i}" for i in range(1, 9)]


def test_a_full_disk(lake: DeltaLake, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(lake, range(1, 3))
    before = sorted(folder(root).rglob("*"))

    def full(_rows: object, path: str, **_options: object) -> None:
        Path(path).write_bytes(b"PAR1 half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", full)
        for change in (
            lambda: fill(lake, range(3, 4)),
            lambda: lake.write("m", P, [(3, predictions(["x"], **{"n:f": [0.5]}))], upto=3),
            lambda: lake.erase("m", ids=["1-0"], upto=9),
        ):
            with pytest.raises(StorageFull, match="space"):
                change()
    assert set(folder(root).rglob("*.parquet")) == {p for p in before if p.suffix == ".parquet"}
    assert (lake.position("m", P), len(ids(lake))) == (2, 4)
    fill(lake, range(3, 4))
    assert (lake.position("m", P), len(ids(lake))) == (3, 6)


def test_a_commit_that_fails_leaves_nothing(
    lake: DeltaLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, range(1, 3))

    def fails(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    for target in ("deltalake.DeltaTable.create_write_transaction", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(target, fails)
            with pytest.raises(StorageUnavailable, match="Input/output"):
                fill(lake, range(3, 4))
        assert len(list(folder(root).glob("*.parquet"))) == 2
        assert lake.position("m", P) == 2
    fill(lake, range(3, 4))
    assert len(ids(lake)) == 6


def test_a_commit_that_happened_in_spite_of_an_error_counts(
    lake: DeltaLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, range(1, 3))
    real = DeltaTable.create_write_transaction

    def late(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        raise OSError(errno.EIO, "the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", late)
        fill(lake, range(3, 4))
        assert lake.write("m", P, [], upto=9) == 0
    assert (lake.position("m", P), len(ids(lake))) == (9, 6)


def test_damaged_files_are_named(lake: DeltaLake, root: Path) -> None:
    fill(lake, range(1, 3))
    victim = min(folder(root).glob("*.parquet"))
    whole = victim.read_bytes()
    victim.write_bytes(b"nothing of the kind")
    with pytest.raises(StorageCorrupt, match=victim.name):
        lake.scan("m", P)
    victim.unlink()
    with pytest.raises(StorageCorrupt, match=victim.name):
        lake.scan("m", P)
    victim.write_bytes(whole)
    assert len(ids(lake)) == 4
    commit = folder(root) / "_delta_log" / f"{1:020d}.json"
    commit.write_text('{"add":{"pa')
    other = DeltaLake(root)
    with pytest.raises(StorageCorrupt, match="log of"):
        other.scan("m", P)
    other.close()


def test_a_commit_of_no_bytes_was_never_acknowledged(lake: DeltaLake, root: Path) -> None:
    fill(lake, range(1, 3))
    torn = folder(root) / "_delta_log" / f"{lake._table('m', P).snapshot().version + 1:020d}.json"
    torn.touch()  # what a power cut leaves of a commit that was not synced
    other = DeltaLake(root)
    assert other.position("m", P) == 2
    fill(other, range(3, 4))
    assert (len(ids(other)), lake.position("m", P)) == (6, 3)
    other.close()


# --- kill -9 ----------------------------------------------------------------------------------------------

_VICTIM = """
import sys
from assay.domain.columns import Kind
from assay.storage.lake import DeltaLake
from assay.testing.lake_contract import labels, predictions

lake = DeltaLake(sys.argv[1], grace=0)
print("ready", flush=True)
for i in range(lake.position("m", Kind.PREDICTIONS) + 1, 10_000):
    value = {"n:x": [i if i % 30 < 15 else i + 0.5]} | ({f"s:new {i // 10}": ["v"]} if i % 10 == 0 else {})
    batches = [(j, predictions([f"{j}"], [j], **(value if j == i else {}))) for j in (i - 1, i) if j]
    lake.write("m", Kind.PREDICTIONS, batches, upto=i)
    if i % 4 == 0:
        lake.maintain("m", Kind.PREDICTIONS, rows_before=None, now=i)
    if i % 9 == 0:
        lake.erase("m", ids=["gone"], upto=i)
"""


def test_kill_at_any_moment_loses_and_doubles_nothing(root: Path) -> None:
    rng = random.Random(5)
    survived = 0
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", _VICTIM, str(root)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.6))
        process.kill()
        process.wait()
        process.stdout.close()
        lake = DeltaLake(root)
        position = lake.position("m", P)
        assert position >= survived
        survived = position
        found = lake.scan("m", P, columns=["prediction_id", "n:x"])
        assert sorted(found.column("_position").to_pylist()) == list(range(1, position + 1))
        assert sorted(map(int, found.column("prediction_id").to_pylist())) == list(range(1, position + 1))
        lake.close()
    assert survived > 10
    lake = DeltaLake(root, grace=0)
    lake.maintain("m", P, rows_before=None, now=0)
    assert len(list(folder(root).glob("*.parquet"))) == lake.stats("m", P).files
    lake.close()


# --- erasure and maintenance ------------------------------------------------------------------------------


def bytes_below(root: Path) -> str:
    """All that a file below `root` says, Parquet decoded."""
    texts = []
    for path in root.rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
            if path.suffix == ".parquet":
                texts.append(json.dumps(pq.read_table(path).to_pylist(), default=str))
                texts.append(str(pq.read_metadata(path)))
                metadata = pq.read_metadata(path)
                for group in range(metadata.num_row_groups):
                    texts += [
                        str(metadata.row_group(group).column(i).statistics)
                        for i in range(metadata.num_columns)
                    ]
    return "\n".join(texts)


def test_no_file_holds_an_erased_row(lake: DeltaLake, root: Path) -> None:
    for i in range(1, 8):
        tag = {"t:user": [f"person-{i}", None], "n:x": [i, 0] if i < 4 else [i + 0.5, 0.0]}
        lake.write("m", P, [(i, predictions([f"secret-{i}", f"other-{i}"], [5 * i, 0], **tag))], upto=i)
        lake.write("m", L, [(i, labels([f"secret-{i}"]))], upto=i)
    stray = folder(root) / "part-stray.parquet"  # as a crash before a commit leaves it
    pq.write_table(predictions(["secret-3"]), stray)
    lake.maintain("m", P, rows_before=None, now=0)
    assert "secret-3" in bytes_below(root)
    assert "person-5" in bytes_below(root)
    gone = lake.erase("m", ids=["secret-3"], tag=("user", "person-5"), upto=99)
    assert sorted(gone.column("prediction_id").to_pylist()) == ["secret-3", "secret-5"]
    left = bytes_below(root)
    for text in ("secret-3", "secret-5", "person-3", "person-5"):
        assert text not in left
    for text in ("secret-4", "person-4", "other-3", "other-5"):
        assert text in left
    assert (lake.position("m", P), lake.position("m", L)) == (7, 7)
    other = DeltaLake(root)
    assert (other.position("m", P), other.position("m", L), other.stats("m", P).rows) == (7, 7, 12)
    other.close()


def test_an_erasure_that_died_half_way_is_finished_by_the_next(
    lake: DeltaLake, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write("m", P, [(1, predictions(["secret", "b"], **{"t:user": ["ann", "bob"]}))], upto=1)
    lake.write("m", L, [(2, labels(["secret", "b"]))], upto=2)
    real, left = TableLocation.delete, 0

    def dies(self: TableLocation, names: list[str]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        real(self, names)

    with monkeypatch.context() as patch:
        patch.setattr(TableLocation, "delete", dies)
        for calls in range(4):
            left = calls
            with contextlib.suppress(KeyboardInterrupt):
                lake.erase("m", tag=("user", "ann"), upto=9)
    lake.erase("m", tag=("user", "ann"), upto=9)
    assert (ids(lake), ids(lake, L)) == (["b"], ["b"])
    assert "secret" not in bytes_below(root)


def test_maintenance_keeps_tables_small(lake: DeltaLake, root: Path) -> None:
    fill(lake, range(1, 61))
    before = rows_of(lake.scan("m", P))
    assert lake.stats("m", P).files == 60
    lake.maintain("m", P, rows_before=None, now=0)
    assert lake.stats("m", P).files == 1
    assert len(list(folder(root).glob("*.parquet"))) == 61, "files go only after their grace"
    lake.close()
    later = DeltaLake(root, grace=0)
    fill(later, range(61, 71))
    later.maintain("m", P, rows_before=None, now=0)
    assert len(list(folder(root).glob("*.parquet"))) == later.stats("m", P).files
    assert len(list((folder(root) / "_delta_log").iterdir())) < 10
    later.maintain("m", P, rows_before=None, now=0)
    rows = rows_of(later.scan("m", P, upto=60))
    assert rows == before
    assert (later.position("m", P), DeltaTable(str(folder(root))).transaction_version("assay")) == (70, 70)
    later.maintain("m", P, rows_before=5_000, now=0)
    assert sorted(later.scan("m", P).column("_position").to_pylist()) == [
        i for i in range(50, 71) for _ in "ab"
    ]
    later.maintain("m", P, rows_before=10**9, now=0)
    assert (later.stats("m", P).rows, later.stats("m", P).files, later.position("m", P)) == (0, 0, 70)
    assert later.scan("m", P).num_rows == 0
    later.close()


def test_a_large_write_is_cut_into_files_and_pieces(lake: DeltaLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.storage.lake.data_file.FILE_BYTES", 100_000)
    monkeypatch.setattr("assay.storage.lake.adapter.PIECE_BYTES", 10_000)
    batches = [
        (i, predictions([f"{i}-{k}" for k in range(100)], [10_000 - i + k for k in range(100)]))
        for i in range(1, 31)
    ]
    assert lake.write("m", P, batches, upto=30) == 3_000
    assert lake.stats("m", P).files > 3
    columns = ["prediction_id", "timestamp"]
    pieces = list(lake.scan_batches("m", P, columns=columns))
    assert len(pieces) > 10
    assert max(piece.num_rows for piece in pieces) <= 400
    assert rows_of(pa.concat_tables(pieces)) == rows_of(
        lake.scan("m", P, columns=["prediction_id", "timestamp"])
    )


# --- Polars -----------------------------------------------------------------------------------------------


def test_polars_reads_the_same(lake: DeltaLake) -> None:
    pytest.importorskip("polars")
    lake.write("m", P, [(1, predictions(["a", "b"], [1, 2], **{"n:x": [1, None]}))], upto=1)
    lake.write("m", P, [(2, predictions(["c"], [3], **{'t:"': ["é"], "b:y": [True]}))], upto=2)
    for options in ({}, {"start": 2}, {"end": 3, "upto": 1}, {"start": 50}):
        frame = lake.scan_polars("m", P, **options).collect().to_arrow()
        expected = lake.scan("m", P, **options)
        assert frame.column_names == expected.column_names
        assert rows_of(frame.cast(expected.schema)) == rows_of(expected)
    assert lake.scan_polars("nobody", P).collect().is_empty()


def test_without_polars(lake: DeltaLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match=r"assay\[polars\]"):
        lake.scan_polars("m", P)


# --- names on disk ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("nsbtp"), st.text(max_size=80)), unique=True))
def test_names_on_disk_are_safe_and_unique(names: list[tuple[str, str]]) -> None:
    taken: list[str] = []
    for prefix, name in names:
        taken.append(column_name(f"{prefix}:{name}", taken))
    assert len({name.lower() for name in taken}) == len(names)
    assert all(name.replace("_", "a").isascii() and name.replace("_", "a").isalnum() for name in taken)
    assert all(len(name) < 70 for name in taken)


@given(st.text(max_size=200), st.text(max_size=200))
def test_folders_are_safe_and_unique(one: str, other: str) -> None:
    assert (folder_name(one) == folder_name(other)) == (one == other)
    assert folder_name(one).replace("_", "").replace("-", "").isalnum()
    assert len(folder_name(one)) <= 65
