"""Held out, no drift: other laws and other sizes. Nothing is ever tuned on these; their figures stand
apart."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from bench.drift.case import HELD_OUT, Case, same
from bench.drift.cases.models import CLASSIFIER, REGRESSOR, binary, inputs, regressed
from bench.drift.draw import (
    ar1,
    categories,
    columns,
    cut,
    daily,
    hours,
    named,
    normal,
    times,
    weekend,
    zipf_shares,
)

_THEME = "held-out, no drift"
_MINUTE = np.timedelta64(60_000_000, "us")


def _ordered(frame: dict[str, np.ndarray], window: int, step: np.timedelta64) -> Case:
    rows = len(next(iter(frame.values())))
    before, after = cut({"at": times(rows, step), **frame}, rows - window)
    return Case(before, after, roles={"timestamp": "at"})


def _sized(rng: np.random.Generator, reference: int, current: int) -> Case:
    def frame(rows: int) -> dict[str, np.ndarray]:
        return {
            "gumbel": rng.gumbel(5, 2, rows),
            "logistic": rng.logistic(0, 1, rows),
            "chi": rng.chisquare(1, rows),
            "triangle": rng.triangular(-1, 0, 3, rows),
            "dice": rng.integers(1, 7, rows).astype(float),
            "negative": rng.negative_binomial(2, 0.3, rows).astype(float),
            "flag": categories(rng, rows, [0.97, 0.03]),
            "city": categories(rng, rows, zipf_shares(40, 1.3)),
        }

    return Case(frame(reference), frame(current))


@same(_THEME, split=HELD_OUT)
def other_laws(rng: np.random.Generator) -> Case:
    return _sized(rng, 3_300, 900)


@same(_THEME, split=HELD_OUT)
def other_laws_eighty_rows(rng: np.random.Generator) -> Case:
    return _sized(rng, 7_000, 80)


@same(_THEME, split=HELD_OUT)
def other_laws_long(rng: np.random.Generator) -> Case:
    return _sized(rng, 120_000, 40_000)


@same(_THEME, split=HELD_OUT)
def heavier_than_cauchy(rng: np.random.Generator) -> Case:
    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return rng.choice([-1.0, 1.0], rows) * rng.pareto(0.6, rows)

    return Case(columns(rng, 4_000, draw, 7), columns(rng, 1_300, draw, 7))


@same(_THEME, split=HELD_OUT)
def two_hundred_columns(rng: np.random.Generator) -> Case:
    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return rng.gamma(2, 3, rows)

    return Case(columns(rng, 4_000, draw, 200), columns(rng, 700, draw, 200))


@same(_THEME, split=HELD_OUT)
def blocks_of_correlated(rng: np.random.Generator) -> Case:
    """Four blocks of five columns; within a block the correlation is 0.7, with turned signs."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = {}
        for block in range(4):
            common = rng.standard_normal(rows)
            for place in range(5):
                sign = 1 if place % 2 else -1
                made[f"b{block}_{place}"] = sign * 0.84 * common + 0.55 * rng.standard_normal(rows)
        return made

    return Case(frame(6_000), frame(1_100))


@same(_THEME, split=HELD_OUT)
def a_mean_that_moves_too_little(rng: np.random.Generator) -> Case:
    """Skewed columns whose medians differ by 1.5% of a standard deviation of the logarithm, 400,000 rows."""

    def frame(move: float) -> dict[str, np.ndarray]:
        return {name: np.exp(move + rng.standard_normal(400_000)) for name in named(4)}

    return Case(frame(0.0), frame(0.015))


@same(_THEME, split=HELD_OUT)
def missing_together(rng: np.random.Generator) -> Case:
    """Five columns that are missing in the same 12% of rows."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        gone = rng.random(rows) < 0.12
        return {name: np.where(gone, np.nan, rng.logistic(0, 1, rows)) for name in named(5)}

    return Case(frame(5_500), frame(1_200))


@same(_THEME, split=HELD_OUT)
def ar_95_skewed(rng: np.random.Generator) -> Case:
    frame = {name: np.exp(ar1(rng, 26_400, 0.95)) for name in named(4)}
    return _ordered(frame, 1_400, _MINUTE)


@same(_THEME, split=HELD_OUT)
def moving_averages(rng: np.random.Generator) -> Case:
    """Means of the last sixty rows: a memory that ends."""
    noise = rng.standard_normal((4, 18_060))
    means = lfilter(np.full(60, 60**-0.5), [1.0], noise, axis=1)[:, 60:]
    return _ordered(dict(zip(named(4), means, strict=True)), 1_200, _MINUTE)


@same(_THEME, split=HELD_OUT)
def two_peaks_a_day(rng: np.random.Generator) -> Case:
    """Three weeks of a season with two peaks; the window is four hours."""
    step, day = 2 * _MINUTE, 720
    total = 21 * day + int(rng.integers(0, day))
    moments = times(total, step)
    shape = daily(moments) + 0.7 * np.sin(4 * np.pi * hours(moments) / 24 + 1)
    frame = {
        "load": 30 + 6 * shape + 2 * rng.standard_normal(total),
        "rate": rng.poisson(np.exp(1 + 0.5 * shape)) * 1.0,
    }
    return _ordered(frame | columns(rng, total, normal, 3), 120, step)


@same(_THEME, split=HELD_OUT)
def a_sunday(rng: np.random.Generator) -> Case:
    """Nine weeks but for a day; the window is the last Sunday, of data with memory."""
    step, day = 10 * _MINUTE, 144
    total = 9 * 7 * day
    moments = times(total, step)
    sunday = (hours(moments) // 24 % 7 == 6).astype(float)
    frame = {name: -1.5 * sunday + 0.6 * weekend(moments) + ar1(rng, total, 0.6) for name in named(4)}
    return _ordered(frame, day, step)


@same(_THEME, split=HELD_OUT)
def bursts_in_the_reference(rng: np.random.Generator) -> Case:
    """Six short outages in eight weeks, each of an hour; the window is two ordinary days."""
    step, day = 10 * _MINUTE, 144
    rows, window = 56 * day, 2 * day
    values = daily(times(rows + window, step)) + rng.standard_normal(rows + window)
    for start in rng.integers(0, rows - 6, size=6):
        values[start : start + 6] = -15
    return _ordered({"signal": values} | columns(rng, rows + window, normal, 3), window, step)


@same(_THEME, split=HELD_OUT)
def a_stepwise_classifier(rng: np.random.Generator) -> Case:
    """A tree: its scores are one of eight numbers."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = inputs(rng, rows)
        leaf = 4 * (made["x0"] > 0) + 2 * (made["x1"] > 0.5) + (made["x2"] > -0.5)
        return made | binary(rng, -2.0 + 0.55 * leaf)

    return Case(frame(4_500), frame(1_800), roles=CLASSIFIER)


@same(_THEME, split=HELD_OUT)
def a_regressor_of_skewed_truth(rng: np.random.Generator) -> Case:
    def frame(rows: int) -> dict[str, np.ndarray]:
        made = regressed(rng, rows)
        logarithm = made["prediction"] / 25
        return made | {
            "prediction": np.exp(logarithm),
            "target": np.exp(logarithm + 0.3 * rng.standard_normal(rows)),
        }

    return Case(frame(4_500), frame(1_800), roles=REGRESSOR)
