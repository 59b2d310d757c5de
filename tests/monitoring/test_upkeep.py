"""Retention, health, and work that goes on by itself after a failure."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from assay.domain.model import ModelSettings
from assay.domain.profile import ProfileKind
from assay.domain.time import DAY, HOUR, Granularity
from assay.domain.window import WindowQuery
from assay.errors import InvalidInput, NotFound, StorageFull, StorageUnavailable
from assay.runtime.maintenance import Maintenance
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from tests.monitoring.replay import (
    START,
    Clock,
    Label,
    flush,
    label_intake,
    make_predictions,
    open_service,
    prediction_intake,
)


def test_minutes_are_dropped_and_no_answer_changes(tmp_path):
    rng = random.Random(1)
    clock = Clock(now=START + 3 * DAY)
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(rng, 200), clock.now)).result()
    service.catch_up()
    before = service.metrics("m", WindowQuery(START, START + 3 * DAY, HOUR))

    def minutes() -> int:
        found = service._profiles.scan("m", ProfileKind.TRAFFIC, Granularity.MINUTE, start=0, end=1 << 62)
        return len(found)

    assert minutes() > 0
    clock.now += 10 * DAY
    assert service._profiler.drop_minutes() > 0
    assert minutes() == 0
    assert service.metrics("m", WindowQuery(START, START + 3 * DAY, HOUR)) == before
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
    assert len(service.predictions("m")) == 0
    (window,) = service.metrics("m", WindowQuery(START, START + 3 * DAY))
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


TRACES = [b"id-of-a-person-4711", b"a-very-private-place"]


def files_with_traces(folder):
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(trace in path.read_bytes() for trace in TRACES)
    ]


def service_with_a_secret(folder, clock):
    rng = random.Random(6)
    service = open_service(folder, clock)
    rows = make_predictions(rng, 50)
    secret = replace(rows[7], id="id-of-a-person-4711", city="a-very-private-place")
    service.submit(prediction_intake([*rows[:7], secret, *rows[8:]], clock.now)).result()
    service.submit(label_intake([Label(secret.id, "1", START)], clock.now)).result()
    # The provisional reference names the categories that were seen; a given one takes its place.
    service.put_reference("m", prediction_intake(rows[:7], clock.now).table)
    service.catch_up()
    assert files_with_traces(folder) != []
    return service


def test_no_file_holds_what_was_erased(tmp_path):
    service = service_with_a_secret(tmp_path, Clock())
    assert service.erase("m", ids=["id-of-a-person-4711"]).erased == 1
    assert files_with_traces(tmp_path) == []
    service.close()


@pytest.mark.parametrize(
    ("store", "method", "calls"),
    [
        ("profiles", "commit", 1),
        ("lake", "erase", 1),
        ("profiles", "commit", 2),
        ("profiles", "commit", 3),
        ("journal", "trim", 1),
        ("journal", "wipe", 1),
        ("journal", "trim", 2),
        ("journal", "wipe", 2),
    ],
)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_an_erasure_cut_short_anywhere_is_finished_later(tmp_path, monkeypatch, store, method, calls, done):
    clock = Clock()
    service = service_with_a_secret(tmp_path, clock)
    target = {"profiles": service._profiles, "lake": service._raw._lake, "journal": service._journal}[store]
    real = getattr(target, method)
    count = 0

    def cut_short(*arguments, **options):
        nonlocal count
        count += 1
        if count == calls and not done:
            raise StorageUnavailable("cut short")
        result = real(*arguments, **options)
        if count == calls:
            raise StorageUnavailable("cut short")
        return result

    monkeypatch.setattr(target, method, cut_short)
    with pytest.raises(StorageUnavailable, match="cut short"):
        service.erase("m", ids=["id-of-a-person-4711"])
    assert count == calls
    service.close()
    service = open_service(tmp_path, clock)  # as after a crash: what was in memory is gone
    service.catch_up()
    flush(service)
    # Between the last two steps only the ids that were asked for are left, in free space.
    if (store, method, calls, done) != ("journal", "trim", 2, True):
        assert files_with_traces(tmp_path) == []
    (window,) = service.metrics("m", WindowQuery(START, START + 3 * DAY))
    assert window.n_predictions == 49
    assert service.model("m").waiting_labels == 0
    service.close()


def test_an_erasure_right_after_the_first_rows(tmp_path):
    clock = Clock()
    service = open_service(tmp_path, clock)
    service.submit(prediction_intake(make_predictions(random.Random(1), 5), clock.now)).result()
    assert service.erase("m", ids=["p0"]).erased == 1
    with pytest.raises(NotFound, match="no model 'other'"):
        service.erase("other", ids=["p0"])
    service.close()
