"""What is newest is judged first, and catching up ends with the verdicts that keeping up would have given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import assay
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, Granularity
from assay.monitoring.analyst import Selection
from assay.monitoring.drift.records import verdict_of
from assay.monitoring.drift.watch import DriftWatch
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_worker, open_stores
from assay.storage.sql import SqlDriftLog
from tests.monitoring.drift.stored_traffic import MONDAY, traffic

START = int(MONDAY.timestamp()) * 1_000_000

Windows = list[tuple[str, int, int]]
"""Model, begin and end in hours since :data:`START`."""


def logged(folder: Path, hours: range, *, models: Sequence[str] = ("m",), **more: Any) -> None:
    with assay.open(folder) as monitor:
        for model in models:
            monitor.configure(model, reference_rows=960)
            monitor.log(model=model, version="1", predictions=traffic(hours, **more))


@contextlib.contextmanager
def watched(folder: Path, now: list[int]) -> Iterator[tuple[DriftWatch, Windows, Callable[[], None]]]:
    """A watch that goes on between looks as the worker's does, what it judged, and what takes in new rows."""
    settings = Settings(data_dir=folder)
    stores = open_stores(settings)
    try:
        worker = build_worker(settings, stores, clock=lambda: now[0])
        order: Windows = []
        verdicts = worker._watch._verdicts
        judge = verdicts.judge

        def recorded(model: Model, selection: Selection, **options: Any) -> Any:
            bounds = ((at - START) // HOUR for at in (selection.start, selection.end))
            order.append((model.model_id, *bounds))  # type: ignore[arg-type] # two of them
            return judge(model, selection, **options)

        verdicts.judge = recorded  # type: ignore[method-assign] # to see what is asked of it

        def take_in() -> None:
            worker.profiler.reset()
            while worker.profiler.step():
                pass

        take_in()
        yield worker._watch, order, take_in
    finally:
        stores.close()


def stopping_after(verdicts: int, order: Windows) -> Callable[[], bool]:
    """What says to leave off once so many more windows have been judged."""
    limit = len(order) + verdicts
    return lambda: len(order) >= limit


def kept(folder: Path, model: str) -> dict[tuple[Granularity, int], dict[str, Any]]:
    """All verdicts on a model but for the time at which they were given."""
    stores = open_stores(Settings(data_dir=folder))
    try:
        log = SqlDriftLog(stores.database)
        return {
            (granularity, one.start): verdict_of(one).to_dict() | {"computed_at": None}
            for granularity in (Granularity.DAY, Granularity.HOUR)
            for one in log.read(model, granularity, start=0, end=1 << 61, with_payload=True)
        }
    finally:
        stores.close()


def test_the_newest_hour_and_day_of_every_model_come_before_all_older_ones(tmp_path: Path) -> None:
    models = ["m0", "m1", "m2"]
    logged(tmp_path, range(28), models=models)
    now = [START + 28 * HOUR]
    with watched(tmp_path, now) as (watch, order, take_in):
        while not watch.run(stop=stopping_after(3, order)):
            if len(order) == 12:  # while there is much left, an hour more of each closes
                now[0] += 2 * HOUR
                logged(tmp_path, range(28, 29), models=models)
                take_in()
    assert order[:6] == [(model, *window) for model in models for window in ((26, 27), (0, 24))]
    assert order[6:12] == [("m0", hour, hour + 1) for hour in range(6)]
    assert order[12:15] == [(model, 28, 29) for model in models]
    # Then all the others, each day before the hour that it ends with; again those that rest on them.
    whole = [
        *((hour, hour + 1) for hour in range(23)),
        (0, 24),
        *((hour, hour + 1) for hour in range(23, 29)),
    ]
    whole.remove((0, 24))  # nothing comes before the first day: its verdict stands
    assert order[15:] == [("m0", *window) for window in whole[6:]] + [
        (model, *window) for model in models[1:] for window in whole
    ]


def test_catching_up_ends_with_the_verdicts_of_keeping_up(tmp_path: Path) -> None:
    """A day that drifted lies before the newest ones, whose behaviour is learnt without it."""
    late, steady = tmp_path / "late", tmp_path / "steady"
    stretches = [(range(24 * day, 24 * day + 24), {"shift": 2.0} if day == 1 else {}) for day in range(3)]
    now = [START]
    for folder in (late, steady):
        for hours, more in stretches[: 1 if folder is steady else None]:
            logged(folder, hours, **more)
    with watched(steady, now) as (watch, order, take_in):
        for day, (hours, more) in enumerate(stretches):
            if day:
                logged(steady, hours, **more)
                take_in()
            now[0] = START + (day + 1) * DAY + HOUR
            assert watch.run()
    with watched(late, now) as (watch, order, _):
        while not watch.run(stop=stopping_after(17, order)):
            pass
    assert order[:2] == [("m", 71, 72), ("m", 48, 72)]
    expected = kept(steady, "m")
    assert len(expected) == 3 * 25
    assert kept(late, "m") == expected


def test_after_a_restart_half_way_the_newest_are_judged_again_too(tmp_path: Path) -> None:
    logged(tmp_path, range(30))
    now = [START + 31 * HOUR]
    with watched(tmp_path, now) as (watch, order, _):
        assert not watch.run(stop=stopping_after(5, order))
    with watched(tmp_path, now) as (watch, order, _):
        assert watch.run()
    assert order[-6:] == [("m", hour, hour + 1) for hour in range(24, 30)]  # the last of them once more
