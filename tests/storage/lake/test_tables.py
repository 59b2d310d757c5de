"""The tables on disk: names, types, neighbours that read them."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.storage.lake.table_files import fill, folder, ids

from assay.domain.columns import Kind
from assay.errors import InvalidInput, MissingExtra
from assay.storage.lake import DeltaLake
from assay.testing.lake_contract import labels, predictions
from assay.testing.naive_lake import rows_of

P, L = Kind.PREDICTIONS, Kind.LABELS


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
