"""Tables stay small."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.storage.lake.table_files import fill, folder

from assay.domain.columns import Kind
from assay.storage.lake import DeltaLake
from assay.testing.lake_contract import predictions
from assay.testing.naive_lake import rows_of

P, L = Kind.PREDICTIONS, Kind.LABELS


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
