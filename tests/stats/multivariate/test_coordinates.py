"""Normal scores and indicators under a reference, against SciPy."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata
from tests.stats.multivariate.samples import coordinates_of, named

from assay.stats.multivariate.coordinates import Coordinates, Indicator
from assay.stats.summaries.column import Column
from assay.stats.summaries.reference import Reference


def test_a_number_becomes_the_normal_score_of_its_mid_rank() -> None:
    rng = np.random.default_rng(0)
    values = rng.lognormal(size=(500, 2)).round(1)  # with ties
    found = coordinates_of(values).points(named(values))
    for place in (0, 1):
        scores = norm.ppf((rankdata(values[:, place]) - 0.5) / 500)
        assert np.allclose(found[:, place], (scores - scores.mean()) / scores.std())


def test_scores_do_not_depend_on_the_unit() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=(300, 3))
    cubed = values**3
    assert np.allclose(
        coordinates_of(values).points(named(values)), coordinates_of(cubed).points(named(cubed))
    )


def test_values_between_and_beyond_the_reference_have_scores_between_and_at_its_ends() -> None:
    of = coordinates_of(np.array([[1.0], [2.0], [3.0], [4.0]]))
    low, one, between, two, high = of.points({"x0": np.array([-1e300, 1.0, 1.5, 2.0, 1e300])}).ravel()
    assert low <= one < between < two < high
    assert np.isfinite([low, high]).all()
    assert np.isnan(of.points({"x0": np.array([np.nan, np.inf, -np.inf])})).all()


def test_frequent_categories_become_indicators() -> None:
    texts = ["a"] * 60 + ["b"] * 38 + ["c"] * 2
    profile = Reference.of(
        {"kind": Column.categorical(texts), "one": Column.categorical(["x"] * 100)}
    ).profile
    of = Coordinates.of(profile)
    assert [(axis.feature, axis.category) for axis in of.axes if isinstance(axis, Indicator)] == [
        ("kind", "a"),
        ("kind", "b"),
    ]
    codes = np.array([0, 1, 2, -1, 3])
    found = of.points({"kind": (codes, ["b", "a", "c", "new"])})
    assert np.allclose(found[:, 0], np.array([-0.6, 0.4, -0.6, np.nan, -0.6]) / np.sqrt(0.24), equal_nan=True)
    assert of.owner.tolist() == [0, 0]


def test_a_feature_that_does_not_vary_has_no_coordinate() -> None:
    values = np.column_stack([np.ones(50), np.arange(50.0), np.full(50, np.nan)])
    assert coordinates_of(values).features == ("x1",)


def test_a_column_that_is_absent_or_of_the_other_kind_is_missing() -> None:
    values = np.random.default_rng(2).standard_normal((50, 2))
    found = coordinates_of(values).points({"x0": values[:, 0], "x1": (np.zeros(50, dtype=np.int64), ["a"])})
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1]).all()


def test_the_strongest_dependences_are_kept() -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((2000, 8))
    values[:, 6] = values[:, 2] + 0.5 * rng.standard_normal(2000)
    of = coordinates_of(values)
    kept = of.strongest(of.points(named(values)), 2)
    assert kept.features == ("x2", "x6")
    assert kept.digest != of.digest
    assert of.strongest(values, 8) is of


def test_one_reference_gives_one_digest() -> None:
    values = np.random.default_rng(4).standard_normal((100, 2))
    assert coordinates_of(values).digest == coordinates_of(values.copy()).digest
    assert coordinates_of(values).digest != coordinates_of(values + 1).digest
