"""A simulated year goes through the watch of the service, and its alarms are counted."""

from __future__ import annotations

import numpy as np
import pytest
from bench.drift.kept_year import HABITS, Alarms, Habit, rows_of, simulate, within_budget

from assay.domain.time import Granularity


def test_every_hour_and_day_is_judged_and_drift_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"reference_days": 2, "days": 2, "rows_an_hour": 20}
    calm = simulate(Habit("calm", provisional=False), **small)
    assert calm.windows == {Granularity.HOUR: 48, Granularity.DAY: 2}
    assert sum(calm.in_alarm.values()) == 0

    def shifted(rng: np.random.Generator, habit: Habit, days: int, an_hour: int) -> dict[str, np.ndarray]:
        rows = rows_of(rng, habit, days, an_hour)
        rows["steady"][3 * 24 * an_hour :] += 2.0  # the last day
        return rows

    monkeypatch.setattr("bench.drift.kept_year.rows_of", shifted)
    changed = simulate(Habit("calm", provisional=False), **small)
    assert changed.in_alarm == {Granularity.HOUR: 24, Granularity.DAY: 1}
    assert changed.episodes == {Granularity.HOUR: 1, Granularity.DAY: 1}
    assert set(changed.why) == {"hour: steady", "day: steady"}


def alarms(*episodes: int) -> list[Alarms]:
    return [Alarms("", 0, 12.0, {}, {}, {Granularity.DAY: count}, {}) for count in episodes]


def test_a_budget_is_held_up_to_chance() -> None:
    assert within_budget(alarms(12))
    assert within_budget(alarms(17))
    assert not within_budget(alarms(18))
    assert within_budget(alarms(8, 14, 15))
    assert not within_budget(alarms(20, 22, 24))


@pytest.mark.nightly
@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_false_alarms_of_some_months_are_within_the_budget(habit: Habit) -> None:
    found = [simulate(habit, seed=seed, days=61, rows_an_hour=40) for seed in range(2)]
    assert within_budget(found), [(one.episodes, one.why) for one in found]
