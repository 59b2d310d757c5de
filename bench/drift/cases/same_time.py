"""No drift: rows that have an order. What comes back each day and week, or wanders as it always did, is no
drift."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from bench.drift.case import Case, same
from bench.drift.draw import ar1, categories, columns, cut, daily, hours, named, normal, times, weekend

_THEME = "time"
_MINUTE = np.timedelta64(60_000_000, "us")


def _ordered(frame: dict[str, np.ndarray], window: int, step: np.timedelta64 = _MINUTE) -> Case:
    """The window is what follows the reference."""
    rows = len(next(iter(frame.values())))
    before, after = cut({"time": times(rows, step), **frame}, rows - window)
    return Case(before, after, roles={"timestamp": "time"})


def _walkers(
    rng: np.random.Generator, coefficient: float, *, rows: int = 20_000, window: int = 1_000
) -> Case:
    return _ordered({name: ar1(rng, rows + window, coefficient) for name in named(5)}, window)


@same(_THEME)
def ordered_but_independent(rng: np.random.Generator) -> Case:
    return _ordered(columns(rng, 11_000, normal, 8), 1_000)


@same(_THEME)
def ar_50(rng: np.random.Generator) -> Case:
    return _walkers(rng, 0.5)


@same(_THEME)
def ar_90(rng: np.random.Generator) -> Case:
    return _walkers(rng, 0.9)


@same(_THEME)
def ar_98(rng: np.random.Generator) -> Case:
    return _walkers(rng, 0.98)


@same(_THEME)
def ar_98_of_a_long_reference(rng: np.random.Generator) -> Case:
    return _walkers(rng, 0.98, rows=100_000, window=2_000)


@same(_THEME)
def ar_beside_independent_columns(rng: np.random.Generator) -> Case:
    """Two columns wander, six do not, one is a category that sticks."""
    rows, window = 15_000, 750
    total = rows + window
    sticky = np.where(ar1(rng, total, 0.97) > 0.5, "on", "off").astype(object)
    frame = {**columns(rng, total, normal, 6), "slow": ar1(rng, total, 0.97), "slower": ar1(rng, total, 0.98)}
    return _ordered({**frame, "state": sticky}, window)


@same(_THEME)
def volatility_in_clusters(rng: np.random.Generator) -> Case:
    """Returns whose size wanders: a calm window and a wild one are both of the law."""
    total = 21_000
    frame = {}
    for name in named(5):
        logarithm = 0.6 * ar1(rng, total, 0.98)
        frame[name] = np.exp(logarithm) * rng.standard_normal(total)
    return _ordered(frame, 1_000)


@same(_THEME)
def rows_in_sessions(rng: np.random.Generator) -> Case:
    """Thirty rows of a visitor in a row, nearly alike: a window of 1,500 rows holds fifty opinions."""
    sessions, length = 700, 30
    frame = {
        name: np.repeat(rng.standard_normal(sessions), length) + 0.2 * rng.standard_normal(sessions * length)
        for name in named(5)
    }
    frame["country"] = np.repeat(categories(rng, sessions, [0.5, 0.3, 0.2]), length)
    return _ordered(frame, 50 * length)


@same(_THEME)
def a_day_in_pieces(rng: np.random.Generator) -> Case:
    """Four weeks with a daily season; the window is six hours of the day after."""
    day = 1_440
    total = 28 * day + 360
    moments = times(total, _MINUTE)
    frame = {
        name: amount * daily(moments, phase) + rng.standard_normal(total)
        for name, amount, phase in zip(named(4), (2.0, 1.0, 0.5, 0.0), (0.0, 0.3, 0.6, 0.0), strict=True)
    }
    return _ordered(frame, 360)


@same(_THEME)
def an_evening_in_pieces(rng: np.random.Generator) -> Case:
    """As before, but the reference ends, and the window begins, at an hour drawn by chance."""
    day = 288
    start = int(rng.integers(0, day))
    total = 35 * day + start + 60
    step = 5 * _MINUTE
    moments = times(total, step)
    busy = np.exp(0.8 * daily(moments, 0.1))
    frame = {
        "volume": rng.poisson(20 * busy).astype(float),
        "basket": rng.lognormal(3 + 0.5 * daily(moments, 0.55), 0.5),
        "mobile": np.where(rng.random(total) < 0.5 + 0.35 * daily(moments, 0.4), "yes", "no").astype(object),
        "steady": rng.standard_normal(total),
    }
    return _ordered(frame, 60, step)


@same(_THEME)
def a_week_in_days(rng: np.random.Generator) -> Case:
    """Seven weeks that end on a Friday; the window is the Saturday, which is as Saturdays are."""
    step = 5 * _MINUTE
    day = 288
    total = 7 * 7 * day + 6 * day
    moments = times(total, step)
    frame = {
        name: amount * weekend(moments) + rng.standard_normal(total)
        for name, amount in zip(named(4), (2.5, 1.0, 0.5, 0.0), strict=True)
    }
    frame["channel"] = np.where(rng.random(total) < 0.3 + 0.4 * weekend(moments), "leisure", "office").astype(
        object
    )
    return _ordered(frame, day, step)


@same(_THEME)
def days_and_weeks_and_memory(rng: np.random.Generator) -> Case:
    """Daily and weekly seasons over noise that has a memory; the window is twelve hours."""
    step = 10 * _MINUTE
    day = 144
    total = 8 * 7 * day + int(rng.integers(0, 7 * day))
    moments = times(total, step)
    frame = {
        name: 1.5 * daily(moments, number / 5) * (1 - 0.5 * weekend(moments))
        + 0.8 * weekend(moments)
        + ar1(rng, total, 0.8)
        for number, name in enumerate(named(4))
    }
    return _ordered(frame, day // 2, step)


@same(_THEME)
def seasons_of_the_missing(rng: np.random.Generator) -> Case:
    """A sensor that sleeps at night; the window is a night."""
    step = 5 * _MINUTE
    day = 288
    total = 28 * day + 72
    moments = times(total, step)
    asleep = rng.random(total) < 0.05 + 0.55 * (hours(moments) % 24 < 6)
    values = rng.standard_normal(total)
    frame = {**columns(rng, total, normal, 4), "sensor": np.where(asleep, np.nan, values)}
    return _ordered(frame, 72, step)


@same(_THEME)
def holidays_in_the_reference(rng: np.random.Generator) -> Case:
    """Eight weeks of which four days were holidays; the window is an ordinary week."""
    step = 10 * _MINUTE
    day = 144
    total = 9 * 7 * day
    moments = times(total, step)
    days = hours(moments) // 24
    holidays = np.isin(days, rng.choice(56, size=4, replace=False))
    frame = {
        name: amount * holidays + daily(moments, 0.2) + rng.standard_normal(total)
        for name, amount in zip(named(4), (-4.0, 3.0, -2.0, 0.0), strict=True)
    }
    frame["shop"] = np.where(rng.random(total) < 0.1 + 0.7 * holidays, "online", "street").astype(object)
    return _ordered(frame, 7 * day, step)


@same(_THEME)
def a_sum_of_cycles(rng: np.random.Generator) -> Case:
    """A daily cycle, and one of about three hours whose phase wanders: the AR(2) of a stochastic cycle."""
    total = 31_000
    moments = times(total, _MINUTE)
    radius, turn = 0.99, 2 * np.pi / 180
    frame = {}
    for name in named(3):
        noise = rng.standard_normal(total + 2_000)
        cycle = lfilter([1.0], [1.0, -2 * radius * np.cos(turn), radius**2], noise)[2_000:]
        frame[name] = cycle / cycle.std() + 0.5 * daily(moments)
    return _ordered(frame, 1_500)
