"""The background work in a process of its own."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from assay.domain.model import ModelSettings
from assay.domain.time import DAY
from assay.domain.window import WindowQuery
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service, wall_clock
from tests.monitoring.replay import START, Label, label_intake, make_predictions, prediction_intake


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def service(tmp_path):
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0), worker="process")
    yield service
    service.close()


def process_of(service):
    wait_until(lambda: service._background._worker._process is not None)
    return service._background._worker._process


def send(service, n, prefix="p"):
    rows = make_predictions(random.Random(prefix), n, prefix=prefix)
    service.submit(prediction_intake(rows, wall_clock())).result()
    return rows


def test_it_does_the_work_and_tells_its_figures(service):
    rows = send(service, 100)
    labels = [Label(row.id, "1", row.time) for row in rows]
    service.submit(label_intake(labels, wall_clock())).result()
    assert service.catch_up(timeout=30)
    (window,) = service.metrics("m", WindowQuery(START, START + 3 * DAY))
    assert (window.n_predictions, window.n_labelled) == (100, 100)
    wait_until(lambda: service.figures().get("worker_rows") == 200.0)
    assert {part.name: part.status for part in service.health().parts}["worker"] == "ok"


def test_commands_take_effect_in_the_other_process(service):
    rows = send(service, 60)
    service.put_model("m", settings=ModelSettings(slices=("region",)))
    assert service.model("m").model.settings.slices == ("region",)
    reference = make_predictions(random.Random(1), 80, prefix="r")
    service.put_reference("m", prediction_intake(reference, 0).table, name="training")
    assert service.catch_up(timeout=30)
    assert service.model("m").reference.name == "training"
    assert service.erase("m", ids=[rows[0].id]).erased == 1
    (window,) = service.metrics("m", WindowQuery(START, START + 3 * DAY))
    assert window.n_predictions == 59


def test_killed_it_starts_again_and_loses_nothing(service):
    first = process_of(service)
    send(service, 50)
    os.kill(first.pid, signal.SIGKILL)
    send(service, 50, prefix="q")
    wait_until(lambda: service._background._worker._process not in (None, first))
    assert service.catch_up(timeout=30)
    assert service.model("m").predictions == 100


def test_it_ends_with_its_parent(tmp_path):
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0), worker="process")
    process = process_of(service)
    service.close()
    assert process.wait(20) == 0
