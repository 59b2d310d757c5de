"""Drift: the law of some columns changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.drift.case import DATA, Case, drifted
from bench.drift.draw import categories, columns, equicorrelated, named, normal

_THEME = "law of a column"
ROWS, WINDOW = 5_000, 1_500


def _two_of_ten(rng: np.random.Generator, changed: Callable[[np.random.Generator, int], np.ndarray]) -> Case:
    """Ten standard normal columns, two of which follow another law in the window."""
    before, after = columns(rng, ROWS, normal, 10), columns(rng, WINDOW, normal, 10)
    names = tuple(sorted(rng.choice(named(10), size=2, replace=False).tolist()))
    after |= {name: changed(rng, WINDOW) for name in names}
    return Case(before, after, DATA, names)


def humps(rng: np.random.Generator, rows: int, distance: float) -> np.ndarray:
    """Two equal normal humps at plus and minus `distance` with mean 0 and variance 1."""
    centre = distance * rng.choice([-1.0, 1.0], rows)
    return centre + np.sqrt(1 - distance**2) * rng.standard_normal(rows)


def student(rng: np.random.Generator, rows: int, freedom: float) -> np.ndarray:
    """Student's t of variance 1."""
    return rng.standard_t(freedom, rows) / np.sqrt(freedom / (freedom - 2))


@drifted(_THEME, small=0.25, large=1.5)
def location(rng: np.random.Generator, amount: float) -> Case:
    return _two_of_ten(rng, lambda rng, rows: rng.standard_normal(rows) + amount)


@drifted(_THEME, small=1.3, large=3.0)
def scale(rng: np.random.Generator, amount: float) -> Case:
    return _two_of_ten(rng, lambda rng, rows: rng.standard_normal(rows) * amount)


@drifted(_THEME, small=0.85, large=0.98)
def shape_of_equal_moments(rng: np.random.Generator, amount: float) -> Case:
    """A hump becomes two; mean, variance and skewness stay."""
    return _two_of_ten(rng, lambda rng, rows: humps(rng, rows, amount))


@drifted(_THEME, small=3.0, large=2.2)
def tails(rng: np.random.Generator, amount: float) -> Case:
    """Student's t of equal variance, with so many degrees of freedom."""
    return _two_of_ten(rng, lambda rng, rows: student(rng, rows, amount))


@drifted(_THEME, small=0.3, large=2.0)
def location_of_skewed(rng: np.random.Generator, amount: float) -> Case:
    """The median of a lognormal moves by this many standard deviations of the logarithm."""

    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return np.exp(3 + rng.standard_normal(rows))

    before, after = columns(rng, ROWS, draw, 6), columns(rng, WINDOW, draw, 6)
    return Case(before, after | {"x4": after["x4"] * np.exp(amount)}, DATA, ("x4",))


@drifted(_THEME, small=3.8, large=9.0)
def rate_of_counts(rng: np.random.Generator, amount: float) -> Case:
    """Poisson counts of mean 3 become counts of this mean."""

    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return rng.poisson(3, rows).astype(float)

    before, after = columns(rng, ROWS, draw, 6), columns(rng, WINDOW, draw, 6)
    return Case(before, after | {"x1": rng.poisson(amount, WINDOW).astype(float)}, DATA, ("x1",))


@drifted(_THEME, small=1.0, large=3.0)
def a_subgroup(rng: np.random.Generator, amount: float) -> Case:
    """Two columns move for the fifth of rows that are of segment b, and for no others."""

    def frame(rows: int, move: float) -> dict[str, np.ndarray]:
        segment = categories(rng, rows, [0.8, 0.2], prefix="segment-")
        made = columns(rng, rows, normal, 8)
        for name in ("x2", "x5"):
            made[name] = made[name] + move * (segment == "segment-1")
        return {"segment": segment, **made}

    return Case(frame(ROWS, 0.0), frame(WINDOW, amount), DATA, ("x2", "x5"))


@drifted(_THEME, small=0.3, large=1.5)
def one_of_many_correlated(rng: np.random.Generator, amount: float) -> Case:
    """Of twenty columns with correlation 0.8 one moves."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        return dict(zip(named(20), equicorrelated(rng, rows, 20, 0.8).T, strict=True))

    before, after = frame(ROWS), frame(WINDOW)
    return Case(before, after | {"x7": after["x7"] + amount}, DATA, ("x7",))


@drifted(_THEME, small=0.3, large=1.5)
def all_columns_at_once(rng: np.random.Generator, amount: float) -> Case:
    before, after = columns(rng, ROWS, normal, 10), columns(rng, WINDOW, normal, 10)
    moved = {name: values + amount * rng.choice([-1, 1]) for name, values in after.items()}
    return Case(before, moved, DATA, tuple(named(10)))


@drifted(_THEME, small=1.1, large=3.0)
def fifty_rows_that_moved(rng: np.random.Generator, amount: float) -> Case:
    """A window of fifty rows."""
    before, after = columns(rng, ROWS, normal, 10), columns(rng, 50, normal, 10)
    return Case(before, after | {"x3": after["x3"] + amount}, DATA, ("x3",))


@drifted(_THEME, small=0.5, large=2.0, heavy=True)
def one_of_five_hundred(rng: np.random.Generator, amount: float) -> Case:
    before, after = columns(rng, 3_000, normal, 500), columns(rng, 600, normal, 500)
    name = f"x{rng.integers(500)}"
    return Case(before, after | {name: after[name] + amount}, DATA, (name,))


@drifted(_THEME, small=0.2, large=1.0, heavy=True)
def location_at_half_a_million_rows(rng: np.random.Generator, amount: float) -> Case:
    before, after = columns(rng, 500_000, normal, 5), columns(rng, 500_000, normal, 5)
    return Case(before, after | {"x2": after["x2"] + amount}, DATA, ("x2",))
