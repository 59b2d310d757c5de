"""No drift: few and many rows, few and many columns, and changes that are real but too small to matter."""

from __future__ import annotations

import numpy as np

from bench.drift.case import Case, Columns, same
from bench.drift.draw import categories, columns, normal

_THEME = "sizes"


def _mixed(rng: np.random.Generator, rows: int, count: int) -> Columns:
    """Columns of five laws, in turn."""
    made: dict[str, np.ndarray] = {}
    for number in range(count):
        law = number % 5
        if law == 0:
            values = rng.standard_normal(rows)
        elif law == 1:
            values = rng.lognormal(0, 1, rows)
        elif law == 2:
            values = rng.poisson(4, rows).astype(float)
        elif law == 3:
            values = rng.uniform(0, 100, rows)
        else:
            values = categories(rng, rows, [0.4, 0.3, 0.2, 0.1])
        made[f"x{number}"] = values
    return made


def _sized(rng: np.random.Generator, reference: int, current: int, count: int) -> Case:
    return Case(_mixed(rng, reference, count), _mixed(rng, current, count))


@same(_THEME)
def five_columns(rng: np.random.Generator) -> Case:
    return _sized(rng, 5_000, 1_000, 5)


@same(_THEME)
def fifty_columns(rng: np.random.Generator) -> Case:
    return _sized(rng, 5_000, 1_000, 50)


@same(_THEME, heavy=True)
def five_hundred_columns(rng: np.random.Generator) -> Case:
    return _sized(rng, 3_000, 600, 500)


@same(_THEME)
def fifty_rows(rng: np.random.Generator) -> Case:
    return _sized(rng, 5_000, 50, 10)


@same(_THEME)
def fifty_rows_of_a_hundred_columns(rng: np.random.Generator) -> Case:
    return _sized(rng, 2_000, 50, 100)


@same(_THEME)
def two_hundred_rows(rng: np.random.Generator) -> Case:
    return _sized(rng, 5_000, 200, 10)


@same(_THEME)
def a_short_reference(rng: np.random.Generator) -> Case:
    return _sized(rng, 300, 300, 10)


@same(_THEME)
def a_reference_shorter_than_the_window(rng: np.random.Generator) -> Case:
    return _sized(rng, 400, 5_000, 10)


@same(_THEME)
def fifty_thousand_rows(rng: np.random.Generator) -> Case:
    return _sized(rng, 50_000, 50_000, 10)


@same(_THEME, heavy=True)
def half_a_million_rows(rng: np.random.Generator) -> Case:
    return _sized(rng, 500_000, 500_000, 5)


@same(_THEME, heavy=True)
def a_shift_too_small_to_matter(rng: np.random.Generator) -> Case:
    """Means that differ by 0.01 to 0.02 standard deviations: sure at half a million rows, and of no
    consequence."""
    before = columns(rng, 500_000, normal, 5)
    shifts = rng.uniform(0.01, 0.02, 5)
    after = {name: shift + rng.standard_normal(500_000) for name, shift in zip(before, shifts, strict=True)}
    return Case(before, after)


@same(_THEME, heavy=True)
def shares_that_differ_too_little_to_matter(rng: np.random.Generator) -> Case:
    """A third of a percentage point from one category to another, and as much more missing."""

    def frame(move: float) -> dict[str, np.ndarray]:
        rows = 500_000
        value = np.where(rng.random(rows) < 0.05 + move, np.nan, rng.standard_normal(rows))
        return {
            "kind": categories(rng, rows, [0.30 + move, 0.30 - move, 0.4]),
            "flag": categories(rng, rows, [0.1 + move, 0.9 - move]),
            "value": value,
        }

    return Case(frame(0.0), frame(0.0033))
