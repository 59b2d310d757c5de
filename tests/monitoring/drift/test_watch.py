"""Closed windows are judged in the background, once, and again where rows come late."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import assay
from assay.domain.drift_history import DriftHistory
from assay.domain.time import DAY, HOUR, Granularity
from assay.domain.window import WindowQuery
from assay.errors import InvalidInput
from assay.monitoring.drift.hours import SeriesName
from assay.monitoring.drift.records import drifted_in, verdict_of
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_worker, open_stores
from assay.storage.sql import SqlDriftLog
from tests.monitoring.drift.stored_traffic import MONDAY, at, traffic

START = int(MONDAY.timestamp()) * 1_000_000


def filled(folder: Path, *, hours: int = 72, **more: object) -> None:
    with assay.open(folder) as monitor:
        monitor.configure("m", reference_rows=960)
        monitor.log(model="m", version="1", predictions=traffic(range(hours)))


def judged(folder: Path, *, now: int, stop: Callable[[], bool] = lambda: False) -> bool:
    """Look once at what is due, as the worker does, with a clock of our own."""
    settings = Settings(data_dir=folder)
    stores = open_stores(settings)
    try:
        worker = build_worker(settings, stores, clock=lambda: now)
        while worker.profiler.step():
            pass
        return worker._watch.run(stop=stop)
    finally:
        stores.close()


def history(folder: Path, step: str = "1d", version: str | None = None) -> DriftHistory:
    with assay.open(folder) as monitor:
        return monitor.drift_history("m", step=step, version=version)


def test_a_window_is_judged_once_it_is_closed(tmp_path: Path) -> None:
    filled(tmp_path)
    end = START + 72 * HOUR
    assert judged(tmp_path, now=end)  # within the grace
    assert len(history(tmp_path).windows) == 2
    assert len(history(tmp_path, "1h").windows) == 71
    assert judged(tmp_path, now=end + HOUR)
    days, hours = history(tmp_path), history(tmp_path, "1h")
    assert [day.start.isoformat() for day in days.windows] == [at(0), at(24), at(48)]
    assert len(hours.windows) == 72
    assert [day.n for day in days.windows] == [960] * 3
    assert days.granularity == "day"
    assert not any(one.drift_detected for one in (*days.windows, *hours.windows))
    assert "0 of 3 closed days drifted" in repr(days)


def test_late_rows_are_judged_again_and_nothing_else(tmp_path: Path) -> None:
    filled(tmp_path)
    now = START + 80 * HOUR
    assert judged(tmp_path, now=now)
    before = history(tmp_path, "1h").windows
    late = traffic(range(50, 51), seed=9, rows=10)
    late["prediction_id"] = [f"late-{name}" for name in late["prediction_id"]]
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", version="1", predictions=late)
    assert judged(tmp_path, now=now + HOUR)
    after = history(tmp_path, "1h").windows
    changed = [place for place in range(72) if before[place] != after[place]]
    assert changed == [50]
    assert (before[50].n, after[50].n) == (40, 50)
    assert after[50].computed_at > before[50].computed_at
    assert [day.n for day in history(tmp_path).windows] == [960, 960, 970]


def test_verdicts_are_those_that_one_asks_for(tmp_path: Path) -> None:
    filled(tmp_path)
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", version="1", predictions=traffic(range(72, 96), shift=1.5))
        asked = monitor.drift_report("m", start=at(72), end=at(96)).to_dict()
    assert judged(tmp_path, now=START + 97 * HOUR)
    stores = open_stores(Settings(data_dir=tmp_path))
    try:
        log = SqlDriftLog(stores.database)
        (day,) = log.read("m", Granularity.DAY, start=START + 3 * DAY, end=START + 4 * DAY, with_payload=True)
        assert verdict_of(day).to_dict() | {"computed_at": ""} == asked | {"computed_at": ""}
        figures = log.figures("m", Granularity.DAY, start=START + 3 * DAY, end=START + 4 * DAY)
        assert {one.column for _, one in figures} == {"amount", "flat", "plan", "prediction"}
        (amount,) = [one for _, one in figures if one.column == "amount" and one.p_value is not None]
        assert amount.value > amount.threshold
        drifted = drifted_in(log)(SeriesName("m"), day.reference_id, START, START + 4 * DAY)
        assert (day.start, day.end) in drifted
        assert drifted_in(log)(SeriesName("m"), "another", START, START + 4 * DAY) == []
    finally:
        stores.close()


def test_each_version_where_several_serve(tmp_path: Path) -> None:
    filled(tmp_path, hours=24)
    with assay.open(tmp_path) as monitor:
        for version in ("1", "2"):
            rows = traffic(range(24, 48), seed=int(version), rows=20)
            rows["prediction_id"] = [f"{version}-{name}" for name in rows["prediction_id"]]
            monitor.log(model="m", version=version, predictions=rows)
    assert judged(tmp_path, now=START + 49 * HOUR)
    assert [one.n for one in history(tmp_path).windows] == [960, 960]
    assert [one.n for one in history(tmp_path, version="2").windows] == [480]


def test_a_growing_reference_is_waited_for(tmp_path: Path) -> None:
    with assay.open(tmp_path) as monitor:
        monitor.log(model="m", predictions=traffic(range(48)))  # 1,920 of 5,000 rows
    assert judged(tmp_path, now=START + 49 * HOUR)
    assert history(tmp_path).windows == ()


def test_what_was_left_is_done_the_next_time(tmp_path: Path) -> None:
    filled(tmp_path)
    looks = iter([False] * 30 + [True] * 1_000)
    assert not judged(tmp_path, now=START + 80 * HOUR, stop=lambda: next(looks))
    some = len(history(tmp_path, "1h").windows)
    assert 0 < some < 72
    assert judged(tmp_path, now=START + 80 * HOUR)
    assert len(history(tmp_path, "1h").windows) == 72


def test_the_worker_does_it_by_itself(tmp_path: Path) -> None:
    filled(tmp_path, hours=30)
    with assay.open(tmp_path, drift_seconds=0.0) as monitor:
        deadline = time.monotonic() + 30
        while not monitor.drift_history("m").windows:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_steps_that_are_not_kept(tmp_path: Path) -> None:
    filled(tmp_path, hours=2)
    with assay.open(tmp_path) as monitor:
        with pytest.raises(InvalidInput, match="1d or 1h"):
            monitor.drift_history("m", step="7d")
        service = monitor._service
        with pytest.raises(InvalidInput, match="slices"):
            service.drift_history("m", WindowQuery(slice=("a", "b")))
