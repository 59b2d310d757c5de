"""Dependence from sums: laws of a summary, correlations against NumPy, level and power of the test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stats.laws import assert_same, fold, parts_of
from tests.stats.multivariate.samples import coordinates_of, correlated, named, three_way

from assay.errors import InvalidInput
from assay.stats.correlations import correlations
from assay.stats.multivariate.copula import MOST_COORDINATES, CopulaSummary, copula_change
from assay.stats.summaries.codec import Floats

OF = coordinates_of(np.random.default_rng(0).standard_normal((200, 3)))

numbers = st.floats(-4, 4, width=16) | st.just(float("nan"))
rows_of_points = st.lists(st.tuples(numbers, numbers, numbers), max_size=12)


def summary(rows: object) -> CopulaSummary:
    return CopulaSummary.of(np.array(rows, dtype=np.float64).reshape(-1, 3), OF)


@given(rows_of_points, st.data())
@settings(max_examples=60)
def test_the_parts_of_a_batch_merge_to_the_whole(rows: list[tuple[float, ...]], data: st.DataObject) -> None:
    parts = data.draw(parts_of(rows))
    assert_same(fold(data, [summary(part) for part in parts]), summary(rows))


@given(rows_of_points)
@settings(max_examples=60)
def test_bytes_read_back(rows: list[tuple[float, ...]]) -> None:
    one = summary(rows)
    again = CopulaSummary.from_bytes(one.to_bytes(), OF)
    assert again.rows == one.rows
    assert np.array_equal(again.sums, one.sums)
    assert again.to_bytes() == one.to_bytes()


def test_nothing_added_changes_nothing() -> None:
    one = summary([[1.0, 2.0, np.nan]])
    assert_same(one + CopulaSummary.empty(OF), one)


def test_bytes_of_others_are_refused() -> None:
    other = coordinates_of(np.random.default_rng(1).standard_normal((200, 3)))
    data = summary([[1.0, 2.0, 3.0]]).to_bytes()
    with pytest.raises(InvalidInput, match="other coordinates"):
        CopulaSummary.from_bytes(data, other)
    with pytest.raises(InvalidInput):
        CopulaSummary.from_bytes(data[:-3], OF)
    with pytest.raises(InvalidInput, match="merged"):
        summary([]).merge(CopulaSummary.empty(other))


def test_its_size_is_bounded() -> None:
    rng = np.random.default_rng(2)
    of = coordinates_of(rng.standard_normal((100, MOST_COORDINATES)))
    points = rng.standard_normal((200, MOST_COORDINATES))
    assert len(CopulaSummary.of(points, of).to_bytes()) < 101_500
    points[0, 0] = np.nan
    assert len(CopulaSummary.of(points, of).to_bytes()) < 247_500
    with pytest.raises(InvalidInput, match="strongest"):
        CopulaSummary.empty(coordinates_of(rng.standard_normal((100, MOST_COORDINATES + 1))))


def test_correlations_and_their_variance_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(3)
    points = correlated(rng, 3000, 3, 0.6)
    points[:, 2] = points[:, 0] ** 2 - 1 + rng.exponential(size=3000)
    found, expected = summary(points).correlations(), correlations(points)
    away = ~np.eye(3, dtype=bool)
    assert np.allclose(found.value, expected.value)
    assert np.allclose(found.variance[away], expected.variance[away])


def test_gaps_cost_the_pairs_that_have_them_only() -> None:
    rng = np.random.default_rng(4)
    points = correlated(rng, 2000, 3, 0.5)
    points[rng.random(2000) < 0.4, 0] = np.nan
    points[rng.random(2000) < 0.4, 2] = np.nan
    found = summary(points).correlations()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        both = np.isfinite(points[:, i]) & np.isfinite(points[:, j])
        assert found.rows[i, j] == both.sum()
        assert found.value[i, j] == pytest.approx(np.corrcoef(points[both, i], points[both, j])[0, 1])


def test_a_constant_coordinate_has_no_correlation() -> None:
    points = np.random.default_rng(5).standard_normal((100, 3))
    points[:, 1] = 0.7
    assert summary(points).correlations().value[0, 1] == 0.0


def draw(law: str, rng: np.random.Generator, rows: int) -> Floats:
    if law == "heavy tails":  # of a common size: uncorrelated, and far from independent
        return rng.standard_normal((rows, 4)) / np.sqrt(rng.chisquare(4, (rows, 1)) / 4)
    points = correlated(rng, rows, 4, 0.9)
    points[:, 3] = points[:, 2] > 0.8
    return points


@pytest.mark.parametrize("law", ["heavy tails", "correlated"])
def test_nothing_is_found_where_nothing_has_changed(law: str) -> None:
    rng = np.random.default_rng(6)
    values = draw(law, rng, 4000)
    of = coordinates_of(values)
    p = []
    for _ in range(80):
        before, after = draw(law, rng, 1000), draw(law, rng, 300)
        sides = [CopulaSummary.of(of.points(named(side)), of) for side in (before, after)]
        p.append(copula_change(sides[0], sides[1]).p_value)
    # More than 14 of 80 have a probability of 2% at a level of 0.1, and Bonferroni's rule stays below it.
    assert np.count_nonzero(np.array(p) < 0.1) <= 14
    assert np.count_nonzero(np.array(p) < 0.001) <= 2


def test_a_correlation_that_appears_is_found_and_named() -> None:
    rng = np.random.default_rng(7)
    before, after = rng.standard_normal((5000, 6)), correlated(rng, 1500, 6, 0.3)
    of = coordinates_of(before)
    found = copula_change(
        *(CopulaSummary.of(of.points(named(side)), of) for side in (before, after)), floor=0.1
    )
    assert found.p_value < 1e-6
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 1)]
    assert found.value == pytest.approx(0.3, abs=0.08)


def test_a_shift_of_one_feature_is_no_change_of_dependence() -> None:
    rng = np.random.default_rng(8)
    before, after = correlated(rng, 5000, 3, 0.5), correlated(rng, 1500, 3, 0.5)
    after[:, 0] += 0.5
    of = coordinates_of(before)
    found = copula_change(
        *(CopulaSummary.of(of.points(named(side)), of) for side in (before, after)), floor=0.1
    )
    assert found.pairs == ()


def test_pairs_do_not_see_what_three_do_together() -> None:
    rng = np.random.default_rng(9)
    before, after = rng.standard_normal((5000, 4)), three_way(rng, 1500, 4)
    of = coordinates_of(before)
    found = copula_change(*(CopulaSummary.of(of.points(named(side)), of) for side in (before, after)))
    assert found.p_value > 0.01


def test_few_rows_say_nothing() -> None:
    found = copula_change(summary([[1.0, 2.0, 3.0]] * 10), summary([[3.0, 2.0, 1.0]] * 10))
    assert (found.p_value, found.compared) == (1.0, 0)
