"""A monitor over an empty folder."""

from __future__ import annotations

import pytest

import assay


@pytest.fixture
def monitor(tmp_path):
    with assay.open(tmp_path / "data") as monitor:
        yield monitor


@pytest.fixture
def stored(monitor):
    """What is stored of a model, the oldest first."""

    def read(logger):
        assert logger.flush()
        return monitor.predictions(logger.model, limit=1_000)[::-1]

    return read
