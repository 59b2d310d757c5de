"""Drift: rows that have an order, seasons and memory, and a change on top of them."""

from __future__ import annotations

import numpy as np

from bench.drift.case import DATA, Case, drifted
from bench.drift.draw import ar1, columns, cut, daily, named, normal, times, weekend

_THEME = "time"
_MINUTE = np.timedelta64(60_000_000, "us")


def _ordered(
    frame: dict[str, np.ndarray], window: int, affected: tuple[str, ...], step: np.timedelta64 = _MINUTE
) -> Case:
    rows = len(next(iter(frame.values())))
    before, after = cut({"time": times(rows, step), **frame}, rows - window)
    return Case(before, after, DATA, affected, roles={"timestamp": "time"})


@drifted(_THEME, small=0.7, large=3.0)
def gradual(rng: np.random.Generator, amount: float) -> Case:
    """A column rises within the window, from its old mean to one `amount` higher."""
    rows, window = 10_000, 1_500
    frame = columns(rng, rows + window, normal, 6)
    frame["x2"][rows:] += np.linspace(0, amount, window)
    return _ordered(frame, window, ("x2",))


@drifted(_THEME, small=0.7, large=3.0)
def recurring(rng: np.random.Generator, amount: float) -> Case:
    """A column is higher by `amount` in every other stretch of 150 rows of the window."""
    rows, window = 10_000, 1_500
    frame = columns(rng, rows + window, normal, 6)
    frame["x4"][rows:] += amount * (np.arange(window) // 150 % 2)
    return _ordered(frame, window, ("x4",))


@drifted(_THEME, small=0.9, large=4.0)
def late_in_the_window(rng: np.random.Generator, amount: float) -> Case:
    """The last third of the window is higher by `amount`."""
    rows, window = 10_000, 1_500
    frame = columns(rng, rows + window, normal, 6)
    frame["x0"][rows + 1_000 :] += amount
    return _ordered(frame, window, ("x0",))


@drifted(_THEME, small=1.1, large=4.0)
def ar_90_with_a_shift(rng: np.random.Generator, amount: float) -> Case:
    rows, window = 20_000, 1_000
    frame = {name: ar1(rng, rows + window, 0.9) for name in named(5)}
    frame["x1"][rows:] += amount
    return _ordered(frame, window, ("x1",))


@drifted(_THEME, small=1.8, large=5.0)
def ar_98_with_a_shift(rng: np.random.Generator, amount: float) -> Case:
    """A window of 2,000 rows that are worth twenty independent ones."""
    rows, window = 60_000, 2_000
    frame = {name: ar1(rng, rows + window, 0.98) for name in named(5)}
    frame["x3"][rows:] += amount
    return _ordered(frame, window, ("x3",))


@drifted(_THEME, small=1.7, large=4.0)
def ar_90_that_swings_wider(rng: np.random.Generator, amount: float) -> Case:
    rows, window = 20_000, 1_000
    frame = {name: ar1(rng, rows + window, 0.9) for name in named(5)}
    frame["x0"][rows:] *= amount
    return _ordered(frame, window, ("x0",))


@drifted(_THEME, small=0.7, large=2.5)
def a_daily_season_with_a_shift(rng: np.random.Generator, amount: float) -> Case:
    """Four weeks; the window is twelve hours, whose level is higher by `amount` than at these hours
    before."""
    step, day = 5 * _MINUTE, 288
    rows, window = 28 * day, day // 2
    moments = times(rows + window, step)
    frame = {
        name: 2 * daily(moments, number / 4) + rng.standard_normal(rows + window)
        for number, name in enumerate(named(4))
    }
    frame["x2"][rows:] += amount
    return _ordered(frame, window, ("x2",), step)


@drifted(_THEME, small=0.8, large=2.5)
def a_weekly_season_that_fails(rng: np.random.Generator, amount: float) -> Case:
    """Seven weeks; the window is a Saturday on which a column stays as on working days."""
    step, day = 5 * _MINUTE, 288
    total = 7 * 7 * day + 6 * day
    moments = times(total, step)
    frame = {name: amount * weekend(moments) + rng.standard_normal(total) for name in named(4)}
    frame["x1"][-day:] -= amount
    return _ordered(frame, day, ("x1",), step)


@drifted(_THEME, small=0.3, large=1.5)
def ordered_rows_that_move(rng: np.random.Generator, amount: float) -> Case:
    rows, window = 10_000, 1_500
    frame = columns(rng, rows + window, normal, 8)
    frame["x6"][rows:] += amount
    return _ordered(frame, window, ("x6",))
