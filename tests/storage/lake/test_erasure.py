"""Nothing of an erased row is left."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.storage.lake.table_files import folder, ids

from assay.domain.columns import Kind
from assay.storage.lake import DeltaLake
from assay.storage.lake.location import TableLocation
from assay.testing.lake_contract import labels, predictions

P, L = Kind.PREDICTIONS, Kind.LABELS


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
