"""A lake in a folder whose name has a meaning to careless programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.domain.columns import Kind
from assay.storage.lake import DeltaLake

P, L = Kind.PREDICTIONS, Kind.LABELS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lake [a-z]*"  # no pattern, a name


@pytest.fixture
def lake(root: Path) -> Iterator[DeltaLake]:
    lake = DeltaLake(root, patience=0.2)
    yield lake
    lake.close()
