"""Numeric cells and summaries against plain Python and NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InvalidInput
from assay.stats.summaries import NumericCells, NumericSummary
from assay.stats.summaries.ranks import RankedSample

floats = st.floats(allow_nan=True, allow_infinity=True)


def naive_counts(values: list[float], points: list[float]) -> list[int]:
    counts = [0] * (2 * len(points) + 1)
    for value in values:
        if not math.isfinite(value):
            continue
        below = sum(point < value for point in points)
        counts[2 * below + (1 if value in points else 0)] += 1
    return counts


@given(values=st.lists(floats, max_size=40), sample=st.lists(floats, max_size=20))
@settings(deadline=None)
def test_counts_are_those_of_plain_python(values: list[float], sample: list[float]) -> None:
    values = values + sample
    cells = NumericCells.from_values(sample)
    assert cells.points.tolist() == sorted({value + 0.0 for value in sample if math.isfinite(value)})
    summary = NumericSummary.of(values, cells, missing=3, mistyped=2)
    assert summary.counts.tolist() == naive_counts(values, cells.points.tolist())
    assert summary.nan == sum(map(math.isnan, values))
    assert summary.pos_inf == values.count(math.inf)
    assert summary.neg_inf == values.count(-math.inf)
    assert summary.n == summary.counts.sum()
    assert summary.rows == len(values) + 5
    summary.to_dict()


def test_many_values_against_many_points() -> None:
    rng = np.random.default_rng(7)
    values = np.round(rng.normal(size=3000), 2)
    cells = NumericCells.from_values(rng.permutation(values)[:500])
    for size in (0, 1, 20, 300, 3000):
        expected = naive_counts(values[:size].tolist(), cells.points.tolist())
        assert NumericSummary.of(values[:size], cells).counts.tolist() == expected


def test_moments() -> None:
    values = np.random.default_rng(3).normal(1e6, 1.0, size=10_001)
    summary = NumericSummary.of(values, NumericCells.from_values(values))
    assert summary.mean == pytest.approx(np.mean(values), rel=1e-14)
    assert summary.variance == pytest.approx(np.var(values, ddof=1), rel=1e-9)
    assert (summary.min, summary.max) == (values.min(), values.max())


def test_moments_beyond_the_floats_are_unknown() -> None:
    cells = NumericCells.from_values([0.0])
    big = NumericSummary.of([1e308, 1e308, -1e308], cells)
    for summary in (big, big + big):
        assert summary.to_dict()["std"] is None
        assert summary.n in (3, 6)


def test_quantile_points_occur_in_the_sample_and_share_it_equally() -> None:
    values = np.random.default_rng(1).lognormal(size=50_000)
    cells = NumericCells.from_values(values, max_points=100)
    assert np.isin(cells.points, values).all()
    assert cells.points.size == 100
    assert cells.points[0] == values.min()
    assert cells.points[-1] == values.max()
    between = NumericSummary.of(values, cells).counts[2:-1:2]
    assert between.max() <= math.ceil(50_000 / 99)


def test_every_distinct_value_is_a_point_up_to_the_limit() -> None:
    values = np.repeat(np.arange(1000.0), 30)
    assert NumericCells.from_values(values).points.tolist() == list(range(1000))
    assert NumericCells.from_values(np.append(values, 1000.0)).points.size <= 1000


@pytest.mark.parametrize("points", [[1.0, 1.0], [2.0, 1.0], [math.nan], [0.0, math.inf], [-0.0, 0.0]])
def test_points_must_ascend(points: list[float]) -> None:
    with pytest.raises(InvalidInput):
        NumericCells(np.array(points))


def test_different_cells_do_not_merge() -> None:
    a, b = (NumericSummary.of([1.0], NumericCells.from_values([p])) for p in (1.0, 2.0))
    with pytest.raises(InvalidInput, match="different cells"):
        a.merge(b)


def test_input_is_not_changed_and_types_agree() -> None:
    values = np.array([3, 1, 2], dtype=np.float32)
    cells = NumericCells.from_values(values)
    for form in (values, values.tolist(), values.astype(int), values.reshape(3, 1)):
        assert NumericSummary.of(form, cells).counts.tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert values.tolist() == [3, 1, 2]
    with pytest.raises(InvalidInput, match="must be numbers"):
        NumericSummary.of(["x"], cells)


def test_quantiles_at_points_are_exact() -> None:
    values = [1.0, 2.0, 2.0, 5.0, 9.0]
    summary = NumericSummary.of(values, NumericCells.from_values(values))
    for q in (0.0, 0.2, 0.5, 0.8, 1.0):
        assert summary.quantile(q) == np.quantile(values, q, method="inverted_cdf")
    assert NumericSummary.empty(summary.cells).quantile(0.5) is None


SHAPES = {
    "normal": lambda rng: rng.normal(size=40_000),
    "heavy tails": lambda rng: rng.standard_cauchy(40_000) * 1e100,
    "whole": lambda rng: rng.integers(0, 30, 40_000).astype(float),
    "constant": lambda _: np.full(40_000, 4.0),
    "two far values": lambda rng: np.where(rng.random(40_000) < 0.5, -1e308, 1e308),
    "nearly constant": lambda rng: np.where(rng.random(40_000) < 0.001, rng.random(40_000), 0.0),
    "mostly zero": lambda rng: np.where(rng.random(40_000) < 0.9, -0.0, rng.normal(size=40_000)),
    "lognormal": lambda rng: -np.exp(3 * rng.normal(size=40_000)),
    "across zero": lambda rng: rng.normal(size=40_000) ** 15,
    "neighbours": lambda rng: np.where(rng.random(40_000) < 0.5, 1.0, np.nextafter(1.0, 2.0)),
    "many neighbours": lambda rng: 1.0 + rng.integers(0, 5000, 40_000) * 2.0**-52,
    "tiny": lambda rng: rng.random(40_000) * 1e-310,
    "sorted": lambda rng: np.sort(rng.normal(size=40_000)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_ranks_without_sorting_are_those_of_sorting(shape: str) -> None:
    rng = np.random.default_rng(5)
    values = SHAPES[shape](rng)
    ordered = np.sort(values)
    extremes = [ordered[0], ordered[-1], -1.7e308, 1.7e308, 0.0]
    points = np.concatenate([rng.choice(values, 300), rng.normal(size=50), extremes])
    sample = RankedSample(values)
    below, upto = sample.ranks_of(points)
    np.testing.assert_array_equal(below, np.searchsorted(ordered, points, side="left"))
    np.testing.assert_array_equal(upto, np.searchsorted(ordered, points, side="right"))
    ranks = rng.integers(0, values.size, 500)
    np.testing.assert_array_equal(sample.at_ranks(ranks), ordered[ranks])
    np.testing.assert_array_equal(sample.ranks_of(points[::-1])[0], below[::-1])
