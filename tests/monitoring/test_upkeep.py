"""Retention, health, and work that goes on by itself after a failure."""

from __future__ import annotations

import random
import time

import pytest

from assay.domain.model import ModelSettings
from assay.domain.profile import ProfileKind
from assay.domain.time import DAY, HOUR, Granularity
from assay.errors import InvalidInput, StorageFull, StorageUnavailable
from assay.runtime.maintenance import Maintenance
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from tests.monitoring.replay import START, Clock, flush, make_predictions, open_service, prediction_intake


def test_minutes_are_dropped_and_no_answer_changes(tmp_path):
    rng = random.Random(1)
    clock = Clock(now=START + 3 * DAY)
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(rng, 200), clock.now)).result()
    service.catch_up()
    before = service.metrics("m", start=START, end=START + 3 * DAY, step=HOUR)

    def minutes() -> int:
        found = service._profiles.scan("m", ProfileKind.TRAFFIC, Granularity.MINUTE, start=0, end=1 << 62)
        return len(found)

    assert minutes() > 0
    clock.now += 10 * DAY
    assert service._profiler.drop_minutes() > 0
    assert minutes() == 0
    assert service.metrics("m", start=START, end=START + 3 * DAY, step=HOUR) == before
    service.close()


def test_raw_rows_go_after_their_retention_and_metrics_stay(tmp_path):
    rng = random.Random(2)
    clock = Clock(now=START + 3 * DAY)
    service = open_service(tmp_path, clock)
    service.put_model("m", settings=ModelSettings(retention=5 * DAY))
    service.submit(prediction_intake(make_predictions(rng, 50), clock.now)).result()
    service.catch_up()
    flush(service)
    clock.now += 10 * DAY
    Maintenance(service._profiler, service._raw._lake, service._registry, clock=clock)()
    assert service.predictions("m") == []
    (window,) = service.metrics("m", start=START, end=START + 3 * DAY)
    assert window.n_predictions == 50
    service.close()


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_the_worker_goes_on_after_a_failure(tmp_path, monkeypatch):
    rng = random.Random(3)
    clock = Clock()
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=0, lake_seconds=0.0), clock=clock)
    commit = service._profiles.commit
    failing = True

    def commit_or_fail(change):
        if failing:
            raise StorageUnavailable("the disk is away")
        commit(change)

    monkeypatch.setattr(service._profiles, "commit", commit_or_fail)
    service.submit(prediction_intake(make_predictions(rng, 30), clock.now)).result()
    wait_until(lambda: any("the disk is away" in part.message for part in service.health().parts))
    assert service.health().ready  # degraded, and it says so
    failing = False
    wait_until(lambda: service.figures()["lag_rows"] == 0)
    wait_until(lambda: all(part.status == "ok" for part in service.health().parts))
    assert service.model("m").predictions == 30
    wait_until(lambda: service._journal.models(after=0) == [])  # moved on to the lake, and trimmed
    service.close()


def test_a_nearly_full_disk_is_told_and_reads_go_on(tmp_path):
    rng = random.Random(4)
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(rng, 10), clock.now)).result()
    service.close()
    service = build_service(Settings(data_dir=tmp_path, min_free_bytes=1 << 60), worker=None, clock=clock)
    with pytest.raises(StorageFull, match="nothing was stored"):
        service.submit(prediction_intake(make_predictions(rng, 10, prefix="q"), clock.now))
    service.catch_up()
    assert service.model("m").predictions == 10
    assert {part.name: part.status for part in service.health().parts}["disk"] == "degraded"
    service.close()


def test_one_process_at_a_time_does_the_background_work(tmp_path):
    clock = Clock()
    first = build_service(Settings(data_dir=tmp_path, min_free_bytes=0), clock=clock)
    second = open_service(tmp_path, clock)
    wait_until(first._background.lease)
    assert not second._background.lease()
    second.submit(prediction_intake(make_predictions(random.Random(5), 25), clock.now)).result()
    assert second.catch_up(timeout=20)  # the first one does it
    assert second.model("m").predictions == 25
    first.close()
    assert second._background.lease()
    second.close()


def test_a_data_folder_that_is_a_file(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(InvalidInput, match="is a file"):
        build_service(Settings(data_dir=tmp_path / "taken"))
