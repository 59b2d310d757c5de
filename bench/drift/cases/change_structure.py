"""Drift: every column keeps its law, and how they hang together changes."""

from __future__ import annotations

import numpy as np

from bench.drift.case import DATA, Case, drifted
from bench.drift.draw import categories, columns, normal

_THEME = "dependence"
ROWS, WINDOW = 5_000, 1_500


def _pair(rng: np.random.Generator, rows: int, correlation: float) -> dict[str, np.ndarray]:
    first, other = rng.standard_normal((2, rows))
    return {"left": first, "right": correlation * first + np.sqrt(1 - correlation**2) * other}


@drifted(_THEME, small=0.3, large=0.8)
def correlation_appears(rng: np.random.Generator, amount: float) -> Case:
    before = columns(rng, ROWS, normal, 4) | _pair(rng, ROWS, 0.0)
    after = columns(rng, WINDOW, normal, 4) | _pair(rng, WINDOW, amount)
    return Case(before, after, DATA, ("left", "right"))


@drifted(_THEME, small=0.62, large=0.0)
def correlation_is_lost(rng: np.random.Generator, amount: float) -> Case:
    """From 0.8 to `amount`, in skewed columns."""

    def frame(rows: int, correlation: float) -> dict[str, np.ndarray]:
        return columns(rng, rows, normal, 4) | {
            name: np.exp(values) for name, values in _pair(rng, rows, correlation).items()
        }

    return Case(frame(ROWS, 0.8), frame(WINDOW, amount), DATA, ("left", "right"))


@drifted(_THEME, small=-0.6, large=0.7)
def correlation_turns(rng: np.random.Generator, amount: float) -> Case:
    """From -0.8 to `amount`."""
    before = columns(rng, ROWS, normal, 4) | _pair(rng, ROWS, -0.8)
    after = columns(rng, WINDOW, normal, 4) | _pair(rng, WINDOW, amount)
    return Case(before, after, DATA, ("left", "right"))


def cross(rng: np.random.Generator, rows: int, share: float) -> dict[str, np.ndarray]:
    """Standard normal columns without correlation; in this share of rows they have the same size."""
    left, other = rng.standard_normal((2, rows))
    tied = rng.random(rows) < share
    return {"left": left, "right": np.where(tied, left * rng.choice([-1.0, 1.0], rows), other)}


@drifted(_THEME, small=0.35, large=1.0)
def dependence_without_correlation(rng: np.random.Generator, amount: float) -> Case:
    before = columns(rng, ROWS, normal, 4) | cross(rng, ROWS, 0.0)
    after = columns(rng, WINDOW, normal, 4) | cross(rng, WINDOW, amount)
    return Case(before, after, DATA, ("left", "right"))


@drifted(_THEME, small=0.4, large=2.0)
def a_number_follows_a_category(rng: np.random.Generator, amount: float) -> Case:
    """A number that was independent of a category is larger in one half of the categories, smaller in the
    other.

    The number's law as a whole stays: both frames draw it from the same two humps.
    """

    def frame(rows: int, *, tied: bool) -> dict[str, np.ndarray]:
        kind = categories(rng, rows, [0.3, 0.2, 0.3, 0.2])
        side = np.where(np.isin(kind, ["c0", "c1"]), 1.0, -1.0)
        drawn = side if tied else rng.choice([-1.0, 1.0], rows)
        return columns(rng, rows, normal, 4) | {
            "kind": kind,
            "number": amount * drawn / 2 + rng.standard_normal(rows),
        }

    return Case(frame(ROWS, tied=False), frame(WINDOW, tied=True), DATA, ("kind", "number"))
