from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.ports.lake import Lake
from assay.storage.lake import DeltaLake
from assay.testing.lake_contract import LakeContract
from assay.testing.naive_lake import NaiveLake


class TestDeltaLake(LakeContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> Iterator[Lake]:
        lake = DeltaLake(tmp_path / "lake")
        yield lake
        lake.close()


class TestDeltaLakeWithoutGrace(LakeContract):
    """Files go as soon as they are replaced, under the feet of whoever reads them."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> Iterator[Lake]:
        lake = DeltaLake(tmp_path / "lake", grace=0)
        yield lake
        lake.close()


class TestNaiveLake(LakeContract):
    """The contract's own measure keeps the contract."""

    @pytest.fixture
    def lake(self) -> Lake:
        return NaiveLake()
