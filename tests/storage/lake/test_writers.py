"""More than one writer, full disks, damaged files, kill -9."""

from __future__ import annotations

import errno
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.storage.lake.table_files import fill, folder, ids

from assay.domain.columns import Kind
from assay.errors import StorageCorrupt, StorageFull, StorageUnavailable
from assay.storage.lake import DeltaLake
from assay.storage.lake.location import TableLocation
from assay.testing.lake_contract import predictions

P, L = Kind.PREDICTIONS, Kind.LABELS


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
    assert survived > 0  # how many depends on how busy the machine is
    lake = DeltaLake(root, grace=0)
    lake.maintain("m", P, rows_before=None, now=0)
    assert len(list(folder(root).glob("*.parquet"))) == lake.stats("m", P).files
    lake.close()
