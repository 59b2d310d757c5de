"""Drift: categories and what is missing."""

from __future__ import annotations

import numpy as np

from bench.drift.case import DATA, Case, drifted
from bench.drift.draw import categories, columns, normal, zipf_shares

_THEME = "categories and missing values"
ROWS, WINDOW = 5_000, 1_500


def _beside(rng: np.random.Generator, before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Case:
    """The changed columns, with four numbers and two categories that stay as they are."""

    def frame(rows: int, changed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        steady = {name: categories(rng, rows, [0.6, 0.3, 0.1]) for name in ("k0", "k1")}
        return {**columns(rng, rows, normal, 4), **changed, **steady}

    return Case(frame(ROWS, before), frame(WINDOW, after), DATA, tuple(sorted(before)))


@drifted(_THEME, small=0.09, large=0.3)
def shares_of_categories(rng: np.random.Generator, amount: float) -> Case:
    """This share of rows goes from the first category to the last."""
    before = categories(rng, ROWS, [0.5, 0.3, 0.2])
    after = categories(rng, WINDOW, [0.5 - amount, 0.3, 0.2 + amount])
    return _beside(rng, {"kind": before}, {"kind": after})


@drifted(_THEME, small=0.25, large=0.9)
def shares_of_many_categories(rng: np.random.Generator, amount: float) -> Case:
    """This share of rows is drawn from the same Zipf law in the opposite order."""
    law = zipf_shares(100)
    before = categories(rng, ROWS, law)
    after = categories(rng, WINDOW, (1 - amount) * law + amount * law[::-1])
    return _beside(rng, {"kind": before}, {"kind": after})


@drifted(_THEME, small=0.04, large=0.3)
def a_new_category(rng: np.random.Generator, amount: float) -> Case:
    before = categories(rng, ROWS, [0.5, 0.3, 0.2])
    after = categories(rng, WINDOW, [0.5, 0.3, 0.2])
    after[rng.random(WINDOW) < amount] = "never seen"
    return _beside(rng, {"kind": before}, {"kind": after})


@drifted(_THEME, small=0.06, large=0.4)
def a_category_that_is_gone(rng: np.random.Generator, amount: float) -> Case:
    rest = 1 - amount
    before = categories(rng, ROWS, [0.7 * rest, 0.3 * rest, amount])
    after = categories(rng, WINDOW, [0.7 * rest, 0.3 * rest])
    return _beside(rng, {"kind": before}, {"kind": after})


@drifted(_THEME, small=0.2, large=1.0)
def categories_renamed(rng: np.random.Generator, amount: float) -> Case:
    """This share of rows writes the categories in capitals."""
    before = categories(rng, ROWS, [0.4, 0.3, 0.2, 0.1], prefix="shop-")
    after = categories(rng, WINDOW, [0.4, 0.3, 0.2, 0.1], prefix="shop-")
    loud = rng.random(WINDOW) < amount
    after = np.where(loud, np.char.upper(after.astype(str)).astype(object), after)
    return _beside(rng, {"kind": before}, {"kind": after})


@drifted(_THEME, small=0.06, large=0.5)
def missing_numbers(rng: np.random.Generator, amount: float) -> Case:
    """Missing in 2% of rows, then in this share; what is there keeps its law."""

    def draw(rows: int, share: float) -> np.ndarray:
        return np.where(rng.random(rows) < share, np.nan, rng.lognormal(0, 1, rows))

    return _beside(rng, {"value": draw(ROWS, 0.02)}, {"value": draw(WINDOW, amount)})


@drifted(_THEME, small=0.12, large=0.6)
def missing_categories(rng: np.random.Generator, amount: float) -> Case:
    """Missing in 5% of rows, then in this share."""

    def draw(rows: int, share: float) -> np.ndarray:
        values = categories(rng, rows, [0.5, 0.3, 0.2])
        values[rng.random(rows) < share] = None
        return values

    return _beside(rng, {"kind": draw(ROWS, 0.05)}, {"kind": draw(WINDOW, amount)})


@drifted(_THEME, small=0.16, large=0.0)
def missing_no_more(rng: np.random.Generator, amount: float) -> Case:
    """From 25% missing to this share: somebody fills the gaps, or the source has changed."""

    def draw(rows: int, share: float) -> np.ndarray:
        return np.where(rng.random(rows) < share, np.nan, rng.standard_normal(rows))

    return _beside(rng, {"value": draw(ROWS, 0.25)}, {"value": draw(WINDOW, amount)})
