"""No drift: independent rows of one law, of many shapes."""

from __future__ import annotations

import numpy as np

from bench.drift.case import Case, same
from bench.drift.draw import Column, categories, columns, equicorrelated, named, normal, zipf_shares

_THEME = "shapes"
_ROWS, _WINDOW = 5_000, 1_000


def _iid(rng: np.random.Generator, draw: Column, *, count: int = 10) -> Case:
    return Case(columns(rng, _ROWS, draw, count), columns(rng, _WINDOW, draw, count))


@same(_THEME)
def normals(rng: np.random.Generator) -> Case:
    return _iid(rng, normal)


@same(_THEME)
def lognormals(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.lognormal(3, 1.2, rows))


@same(_THEME)
def two_humps(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.standard_normal(rows) + 6 * (rng.random(rows) < 0.3))


@same(_THEME)
def waiting_times(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.weibull(0.7, rows) * 40)


@same(_THEME)
def shares_near_the_ends(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.beta(0.3, 0.5, rows))


@same(_THEME)
def student_tails(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.standard_t(2, rows))


@same(_THEME)
def cauchy_tails(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.standard_cauchy(rows))


@same(_THEME)
def pareto_tails(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: 10 * (1 + rng.pareto(1.1, rows)))


@same(_THEME)
def counts_with_ties(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.poisson(3, rows).astype(float))


@same(_THEME)
def mostly_zero(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: rng.exponential(20, rows) * (rng.random(rows) < 0.15))


@same(_THEME)
def rounded_values(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: np.round(20 + 2 * rng.standard_normal(rows), 1))


@same(_THEME)
def few_categories(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: categories(rng, rows, [0.5, 0.25, 0.15, 0.08, 0.02]), count=8)


@same(_THEME)
def zipf_categories(rng: np.random.Generator) -> Case:
    """So many that each window brings some which the reference has not."""
    return _iid(rng, lambda rng, rows: categories(rng, rows, zipf_shares(3_000)), count=4)


@same(_THEME)
def nearly_unique_categories(rng: np.random.Generator) -> Case:
    """Names of users: most occur once, and most of a window's are new."""
    return _iid(rng, lambda rng, rows: categories(rng, rows, zipf_shares(50_000, 0.4)), count=3)


@same(_THEME)
def a_rare_category(rng: np.random.Generator) -> Case:
    return _iid(rng, lambda rng, rows: categories(rng, rows, [0.7, 0.299, 0.001]), count=8)


@same(_THEME)
def constants(rng: np.random.Generator) -> Case:
    """Three columns that never vary, and one that is never there, beside five that live."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        fixed = {f"fixed{value}": np.full(rows, float(value)) for value in (0, 7)}
        one = {"always": np.array(["yes"] * rows, dtype=object), "absent": np.full(rows, np.nan)}
        return {**columns(rng, rows, normal, 5), **fixed, **one}

    return Case(frame(_ROWS), frame(_WINDOW))


@same(_THEME)
def correlated_columns(rng: np.random.Generator) -> Case:
    """Twenty columns with correlation 0.9: a chance deviation of one is a deviation of all."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        return dict(zip(named(20), equicorrelated(rng, rows, 20, 0.9).T, strict=True))

    return Case(frame(_ROWS), frame(_WINDOW))


@same(_THEME)
def dependent_columns(rng: np.random.Generator) -> Case:
    """Columns that are functions of one another, squares among them."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        base = rng.standard_normal((3, rows))
        return {
            **dict(zip(named(3), base, strict=True)),
            "square": base[0] ** 2,
            "product": base[0] * base[1],
            "noisy": np.exp(base[2]) + 0.1 * rng.standard_normal(rows),
        }

    return Case(frame(_ROWS), frame(_WINDOW))


@same(_THEME)
def a_fifth_missing(rng: np.random.Generator) -> Case:
    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return np.where(rng.random(rows) < 0.2, np.nan, rng.standard_normal(rows))

    return _iid(rng, draw)


@same(_THEME)
def nearly_all_missing(rng: np.random.Generator) -> Case:
    def draw(rng: np.random.Generator, rows: int) -> np.ndarray:
        return np.where(rng.random(rows) < 0.97, np.nan, rng.lognormal(0, 1, rows))

    return _iid(rng, draw)


@same(_THEME)
def missing_where_large(rng: np.random.Generator) -> Case:
    """What is missing depends on another column, as ever."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = columns(rng, rows, normal, 6)
        made["x1"] = np.where(made["x0"] > 1, np.nan, made["x1"])
        made["x3"] = np.where(made["x2"] + rng.standard_normal(rows) > 1, np.nan, made["x3"])
        return made

    return Case(frame(_ROWS), frame(_WINDOW))
