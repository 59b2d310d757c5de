"""The simulated year counts alarms as a person would."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bench.drift.case import Columns
from bench.drift.year import Year, held_to, simulate, traffic
from scipy import stats


def test_an_alarm_that_lasts_is_one() -> None:
    year = simulate(lambda *_: True, days=91, reference_days=7, rows_an_hour=2)
    assert (year.windows, year.hours_in_alarm, sum(year.by_month)) == (91 * 24, 91 * 24, 1)


def test_alarms_are_counted_in_their_months() -> None:
    hour = -1

    def at_two_hours(reference: Columns, current: Columns) -> bool:
        nonlocal hour
        hour += 1
        return hour in {5, 24 * 40}

    year = simulate(at_two_hours, days=91, reference_days=7, rows_an_hour=2)
    assert year.by_month == (1, 1, 0)
    assert year.per_month == pytest.approx(2 / 3)


def test_windows_follow_the_reference_and_each_other() -> None:
    seen: list[tuple[np.datetime64, np.datetime64]] = []

    def look(reference: Columns, current: Columns) -> bool:
        seen.append((reference["time"][-1], current["time"][0]))
        return len(current["time"]) != 2

    year = simulate(look, days=2, reference_days=7, rows_an_hour=2)
    assert year.hours_in_alarm == 0
    assert seen[0][1] - seen[0][0] == np.timedelta64(30, "m")
    assert {later[1] - sooner[1] for sooner, later in itertools.pairwise(seen)} == {np.timedelta64(1, "h")}


def test_the_year_has_seasons_and_memory_and_no_drift() -> None:
    frame = traffic(np.random.default_rng(3), 112, 2)
    load = frame["load"].reshape(-1, 24, 2).mean((0, 2))
    assert load.max() - load.min() > 4
    by_hour = frame["slow"].reshape(-1, 2).mean(1)
    assert np.corrcoef(by_hour[1:], by_hour[:-1])[0, 1] > 0.8
    half = len(frame["steady"]) // 2
    for name in ("steady", "tail"):
        assert stats.ks_2samp(frame[name][:half], frame[name][half:]).pvalue > 1e-4
    assert frame["target"].mean() == pytest.approx(frame["score"].mean(), abs=0.03)


def test_a_budget_is_held_up_to_chance() -> None:
    assert held_to(Year(8_760, 12, (1,) * 12), 1.0)
    assert held_to(Year(8_760, 17, (1,) * 7 + (2,) * 5), 1.0)
    assert not held_to(Year(8_760, 36, (3,) * 12), 1.0)
