"""Drift: what upstream does to a column: other units, rounding, a sensor that dies, gaps that are filled."""

from __future__ import annotations

import numpy as np

from bench.drift.case import DATA, Case, drifted
from bench.drift.draw import columns, normal

_THEME = "broken columns"
ROWS, WINDOW = 5_000, 1_500


def _measured(rng: np.random.Generator, rows: int) -> np.ndarray:
    """A size in metres."""
    return 1.7 + 0.1 * rng.standard_normal(rows)


def _amounts(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.lognormal(3, 0.8, rows)


def _beside(rng: np.random.Generator, before: np.ndarray, after: np.ndarray) -> Case:
    return Case(
        {**columns(rng, ROWS, normal, 7), "value": before},
        {**columns(rng, WINDOW, normal, 7), "value": after},
        DATA,
        ("value",),
    )


@drifted(_THEME, small=0.1, large=5.0)
def rounding(rng: np.random.Generator, amount: float) -> Case:
    """A number of standard deviation 2 comes rounded to multiples of this."""
    before, after = 20 + 2 * rng.standard_normal(ROWS), 20 + 2 * rng.standard_normal(WINDOW)
    return _beside(rng, before, np.round(after / amount) * amount)


@drifted(_THEME, small=0.2, large=1.0)
def rounding_of_amounts(rng: np.random.Generator, amount: float) -> Case:
    """Amounts with cents; this share of rows comes in whole numbers."""
    before, after = np.round(_amounts(rng, ROWS), 2), np.round(_amounts(rng, WINDOW), 2)
    return _beside(rng, before, np.where(rng.random(WINDOW) < amount, np.round(after), after))


@drifted(_THEME, small=2.54, large=1_000.0)
def units(rng: np.random.Generator, amount: float) -> Case:
    return _beside(rng, _amounts(rng, ROWS), _amounts(rng, WINDOW) * amount)


@drifted(_THEME, small=0.15, large=1.0)
def units_of_some_rows(rng: np.random.Generator, amount: float) -> Case:
    """This share of senders writes centimetres where metres were meant."""
    factor = np.where(rng.random(WINDOW) < amount, 100.0, 1.0)
    return _beside(rng, _measured(rng, ROWS), _measured(rng, WINDOW) * factor)


@drifted(_THEME, small=0.25, large=1.0)
def a_dead_sensor(rng: np.random.Generator, amount: float) -> Case:
    """From some row on, in this share of the window, the last value is repeated."""
    before, after = rng.standard_normal(ROWS), rng.standard_normal(WINDOW)
    died = round(WINDOW * (1 - amount))
    after[died:] = after[died]
    return _beside(rng, before, after)


@drifted(_THEME, small=0.08, large=0.45)
def a_saturated_sensor(rng: np.random.Generator, amount: float) -> Case:
    """The largest values, this share of them, come as one and the same."""
    before, after = rng.standard_normal(ROWS), rng.standard_normal(WINDOW)
    return _beside(rng, before, np.minimum(after, np.quantile(before, 1 - amount)))


@drifted(_THEME, small=0.06, large=0.4)
def gaps_filled_with_zero(rng: np.random.Generator, amount: float) -> Case:
    before, after = _measured(rng, ROWS), _measured(rng, WINDOW)
    return _beside(rng, before, np.where(rng.random(WINDOW) < amount, 0.0, after))
