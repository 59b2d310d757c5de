"""What the tests of the lake do over and over."""

from __future__ import annotations

from pathlib import Path

from assay.domain.columns import Kind
from assay.storage.lake import DeltaLake
from assay.storage.lake.location import TableLocation
from assay.testing.lake_contract import predictions

P, L = Kind.PREDICTIONS, Kind.LABELS


def folder(root: Path, model: str = "m", kind: Kind = P) -> Path:
    return TableLocation.of(root.resolve(), model, kind).folder


def fill(lake: DeltaLake, positions: range, *, rows: int = 2) -> None:
    for i in positions:
        table = predictions([f"{i}-{k}" for k in range(rows)], [100 * i + k for k in range(rows)])
        lake.write("m", P, [(i, table)], upto=i)


def ids(lake: DeltaLake, kind: Kind = P) -> list[str]:
    found: list[str] = sorted(lake.scan("m", kind).column("prediction_id").to_pylist())
    return found
