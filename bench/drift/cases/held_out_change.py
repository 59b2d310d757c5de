"""Held out, drift: other changes and other sizes. Nothing is ever tuned on these; their figures stand
apart."""

from __future__ import annotations

import numpy as np

from bench.drift.case import CONCEPT, DATA, HELD_OUT, MODEL, PERFORMANCE, Case, drifted
from bench.drift.cases.models import (
    CLASSIFIER,
    REGRESSOR,
    WEIGHTS,
    classified,
    inputs,
    linear,
    regressed,
    sigmoid,
)
from bench.drift.draw import ar1, categories, columns, cut, daily, named, normal, times

_THEME = "held-out, drift"
_ROWS, _WINDOW = 6_000, 1_800
_MINUTE = np.timedelta64(60_000_000, "us")


def _logistic(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.logistic(10, 1, rows)


def _one(rng: np.random.Generator, changed: np.ndarray, before: np.ndarray | None = None) -> Case:
    """Seven logistic columns and one that changes."""
    old = _logistic(rng, _ROWS) if before is None else before
    return Case(
        {**columns(rng, _ROWS, _logistic, 7), "value": old},
        {**columns(rng, _WINDOW, _logistic, 7), "value": changed},
        DATA,
        ("value",),
    )


@drifted(_THEME, small=0.45, large=2.5, split=HELD_OUT)
def held_location(rng: np.random.Generator, amount: float) -> Case:
    return _one(rng, _logistic(rng, _WINDOW) + amount)


@drifted(_THEME, small=0.75, large=0.3, split=HELD_OUT)
def held_scale_shrinks(rng: np.random.Generator, amount: float) -> Case:
    return _one(rng, 10 + amount * rng.logistic(0, 1, _WINDOW))


@drifted(_THEME, small=8.0, large=1.0, split=HELD_OUT)
def held_skewness_turns(rng: np.random.Generator, amount: float) -> Case:
    """A gamma law of this shape, standardised, and its mirror image: mean and variance stay."""

    def standard(rows: int) -> np.ndarray:
        return (rng.gamma(amount, 1, rows) - amount) / np.sqrt(amount)

    return _one(rng, -standard(_WINDOW), standard(_ROWS))


@drifted(_THEME, small=0.02, large=0.1, split=HELD_OUT)
def held_outliers(rng: np.random.Generator, amount: float) -> Case:
    """This share of rows is fifty scales off, to either side."""
    off = np.where(rng.random(_WINDOW) < amount, 50.0 * rng.choice([-1, 1], _WINDOW), 0.0)
    return _one(rng, _logistic(rng, _WINDOW) + off)


@drifted(_THEME, small=0.35, large=1.0, split=HELD_OUT)
def held_sign_turned(rng: np.random.Generator, amount: float) -> Case:
    """This share of rows of a skewed column comes with the wrong sign."""
    values = rng.gamma(3, 1, _WINDOW) - 1
    return _one(rng, np.where(rng.random(_WINDOW) < amount, -values, values), rng.gamma(3, 1, _ROWS) - 1)


@drifted(_THEME, small=0.3, large=1.0, split=HELD_OUT)
def held_columns_swapped(rng: np.random.Generator, amount: float) -> Case:
    """In this share of rows two columns of unlike law have changed places."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        return {**columns(rng, rows, normal, 5), "near": rng.gamma(2, 1, rows), "far": rng.gamma(4, 1, rows)}

    before, after = frame(_ROWS), frame(_WINDOW)
    turn = rng.random(_WINDOW) < amount
    near, far = np.where(turn, after["far"], after["near"]), np.where(turn, after["near"], after["far"])
    return Case(before, after | {"near": near, "far": far}, DATA, ("far", "near"))


@drifted(_THEME, small=0.3, large=1.0, split=HELD_OUT)
def held_rows_unpaired(rng: np.random.Generator, amount: float) -> Case:
    """Three columns that belong together are joined to the wrong rows, in this share of the window."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        common = rng.standard_normal(rows)
        return {
            **columns(rng, rows, normal, 4),
            **{f"part{number}": common + 0.5 * rng.standard_normal(rows) for number in range(3)},
        }

    before, after = frame(_ROWS), frame(_WINDOW)
    count = round(amount * _WINDOW)
    parts = tuple(f"part{number}" for number in range(3))
    for name in parts:
        after[name][:count] = rng.permutation(after[name][:count])
    return Case(before, after, DATA, parts)


@drifted(_THEME, small=0.5, large=1.0, split=HELD_OUT)
def held_a_wave(rng: np.random.Generator, amount: float) -> Case:
    """A column becomes a wavy function of another in this share of rows: no correlation, margins as they
    were."""

    def frame(rows: int, share: float) -> dict[str, np.ndarray]:
        angle, other = rng.uniform(0, 2 * np.pi, (2, rows))
        tied = rng.random(rows) < share
        height = np.sin(np.where(tied, 3 * angle, other))
        return {**columns(rng, rows, normal, 4), "angle": angle, "height": height}

    return Case(frame(_ROWS, 0.0), frame(_WINDOW, amount), DATA, ("angle", "height"))


@drifted(_THEME, small=0.05, large=0.4, split=HELD_OUT)
def held_shares(rng: np.random.Generator, amount: float) -> Case:
    """A category of 5% of the rows gains this much, at the cost of all others alike."""
    law = np.array([0.3, 0.25, 0.2, 0.12, 0.08, 0.05])
    after = law * (1 - amount / 0.95)
    after[5] = 0.05 + amount
    return _one(rng, categories(rng, _WINDOW, after), categories(rng, _ROWS, law))


@drifted(_THEME, small=0.18, large=0.8, split=HELD_OUT)
def held_missing_where_large(rng: np.random.Generator, amount: float) -> Case:
    """Ten in a hundred missing, then this share, and rather those that are large."""
    before = np.where(rng.random(_ROWS) < 0.1, np.nan, _logistic(rng, _ROWS))
    values = _logistic(rng, _WINDOW)
    chance = np.clip(amount * (0.7 + 0.6 * (values > 10)), 0, 1)
    return _one(rng, np.where(rng.random(_WINDOW) < chance, np.nan, values), before)


@drifted(_THEME, small=0.45359237, large=100.0, split=HELD_OUT)
def held_units(rng: np.random.Generator, amount: float) -> Case:
    return _one(rng, rng.weibull(2, _WINDOW) * 150 * amount, rng.weibull(2, _ROWS) * 150)


@drifted(_THEME, small=0.8, large=4.0, split=HELD_OUT)
def held_ar_and_season(rng: np.random.Generator, amount: float) -> Case:
    """Five weeks of a daily season over noise with memory; the window is a day that lies higher."""
    step, day = 5 * _MINUTE, 288
    total = 36 * day
    moments = times(total, step)
    frame = {name: daily(moments, number / 3) + ar1(rng, total, 0.7) for number, name in enumerate(named(4))}
    frame["x1"][-day:] += 1.0 * amount
    before, after = cut({"at": moments, **frame}, total - day)
    return Case(before, after, DATA, ("x1",), {"timestamp": "at"})


@drifted(_THEME, small=0.4, large=1.0, split=HELD_OUT)
def held_a_season_that_ends(rng: np.random.Generator, amount: float) -> Case:
    """For two days a column follows the hour of the day no more, as far as this share; its law of a day
    stays."""
    step, day = 5 * _MINUTE, 288
    total = 37 * day
    moments = times(total, step)
    phase = np.where(np.arange(total) >= total - 2 * day, rng.random(total) * amount, 0.0)
    swing = 2 * np.sin(2 * np.pi * ((np.arange(total) % day) / day + phase))
    frame = {"hourly": swing + 0.5 * rng.standard_normal(total), **columns(rng, total, normal, 3)}
    before, after = cut({"at": moments, **frame}, total - 2 * day)
    return Case(before, after, DATA, ("hourly",), {"timestamp": "at"})


@drifted(_THEME, small=0.7, large=0.2, split=HELD_OUT)
def held_scores_flatten(rng: np.random.Generator, amount: float) -> Case:
    """Logits shrink to this share; inputs stay, no truth yet."""

    def frame(rows: int, factor: float) -> dict[str, np.ndarray]:
        made = inputs(rng, rows)
        score = sigmoid(0.8 + factor * linear(made))
        return made | {"score": score, "prediction": (score >= 0.5).astype(int)}

    roles = {"prediction": "prediction", "score": "score"}
    return Case(frame(_ROWS, 1.0), frame(_WINDOW, amount), MODEL, roles=roles)


@drifted(_THEME, small=0.5, large=0.0, split=HELD_OUT)
def held_truth_loses_its_inputs(rng: np.random.Generator, amount: float) -> Case:
    """The truth depends on all inputs less, by this factor; positives are as many as ever."""
    after = classified(rng, _WINDOW)
    chance = sigmoid(amount * linear(after, WEIGHTS))
    truth = (rng.random(_WINDOW) < chance).astype(int)
    return Case(classified(rng, _ROWS), after | {"target": truth}, CONCEPT, roles=CLASSIFIER)


@drifted(_THEME, small=0.7, large=3.0, split=HELD_OUT)
def held_regressor_in_a_region(rng: np.random.Generator, amount: float) -> Case:
    """The truth rises by `amount` where x2 > 0 and falls by it elsewhere."""
    after = regressed(rng, _WINDOW)
    moved = after["target"] + amount * np.sign(after["x2"])
    return Case(regressed(rng, _ROWS), after | {"target": moved}, CONCEPT, roles=REGRESSOR)


@drifted(_THEME, small=0.72, large=0.4, split=HELD_OUT)
def held_accuracy_of_three_classes(rng: np.random.Generator, amount: float) -> Case:
    """Predictions and truth alone, three classes alike in number; accuracy falls from 0.8."""

    def frame(rows: int, accuracy: float) -> dict[str, np.ndarray]:
        names = np.array(["low", "middle", "high"], dtype=object)
        truth = rng.integers(0, 3, rows)
        wrong = (truth + rng.integers(1, 3, rows)) % 3
        return {
            "prediction": names[np.where(rng.random(rows) < accuracy, truth, wrong)],
            "target": names[truth],
        }

    return Case(frame(_ROWS, 0.8), frame(_WINDOW, amount), PERFORMANCE, roles=REGRESSOR)
