"""Dependence of three coordinates: products against a loop, what is found, what is left alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.stats.multivariate.samples import correlated, three_way

from assay.stats.multivariate.interactions import MOST_COORDINATES, compare_interactions
from assay.stats.summaries.codec import Floats


def test_every_product_of_three_features_is_compared_once() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((400, 4)), three_way(rng, 300, 4)
    found, compared = compare_interactions(before, after, range(4), floor=0.0)
    assert compared == 4 * 8  # four triples; a sine and a cosine of each

    def factors(points: Floats, place: int) -> list[Floats]:
        made = np.sin(points[:, place]), np.cos(points[:, place])
        return [(one - one.mean()) / one.std() for one in made]

    expected = []
    for i, j, k in itertools.combinations(range(4), 3):
        for a, b, c in itertools.product((0, 1), repeat=3):
            ours, theirs = (
                float((factors(side, i)[a] * factors(side, j)[b] * factors(side, k)[c]).mean())
                for side in (before, after)
            )
            expected.append(((i, j, k), ours, theirs))
    assert len(found) == 32
    for one in found:
        assert any(
            one.coordinates == places and one.before == pytest.approx(a) and one.after == pytest.approx(b)
            for places, a, b in expected
        )


def test_what_no_pair_shows_is_found() -> None:
    rng = np.random.default_rng(1)
    found, compared = compare_interactions(
        rng.standard_normal((5000, 9)), three_way(rng, 1500, 9, 0.4), range(9), floor=0.1
    )
    assert found[0].coordinates == (0, 1, 2)
    assert found[0].p_value * compared < 1e-6
    assert {one.coordinates for one in found if one.p_value * compared < 0.01} == {(0, 1, 2)}


def test_categories_and_missing_values_take_part() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.choice([-1.0, 1.0], (4000, 3)), rng.choice([-1.0, 1.0], (1000, 3))
    after[:, 2] = after[:, 0] * after[:, 1]
    after[rng.random((1000, 3)) < 0.2] = np.nan
    found, compared = compare_interactions(before, after, range(3), floor=0.1)
    assert compared == 1  # two values have one factor
    assert found[0].after == pytest.approx(0.8**3, abs=0.1)
    assert found[0].p_value < 1e-9


def test_coordinates_of_one_feature_are_not_compared() -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((200, 4))
    assert compare_interactions(values, values, [0, 0, 1, 1], floor=0.0) == ([], 0)
    assert compare_interactions(values, values, [0, 0, 1, 2], floor=0.0)[1] == 2 * 8


@pytest.mark.parametrize("width", [2, MOST_COORDINATES + 1])
def test_too_few_and_too_many_are_left_alone(width: int) -> None:
    values = np.random.default_rng(4).standard_normal((100, width))
    assert compare_interactions(values, values, range(width), floor=0.0) == ([], 0)


def heavy(rng: np.random.Generator, rows: int) -> Floats:
    """Columns that share their size: dependent, uncorrelated, with heavy tails."""
    return rng.standard_normal((rows, 5)) * rng.exponential(size=(rows, 1))


@pytest.mark.parametrize("rows", [(3000, 1000), (3000, 60)])
@pytest.mark.parametrize("law", ["normal", "correlated", "heavy"])
def test_nothing_is_found_where_nothing_has_changed(law: str, rows: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    alarms = np.zeros(2)
    for _ in range(60):
        sides = [
            heavy(rng, count) if law == "heavy" else correlated(rng, count, 5, 0.9 * (law == "correlated"))
            for count in rows
        ]
        found, compared = compare_interactions(sides[0], sides[1], range(5), floor=0.0)
        alarms += np.array([found[0].p_value * compared < level for level in (0.1, 0.005)])
    assert alarms[0] <= 13  # of 60, where 6 are allowed: 1 in 200 has more by chance
    assert alarms[1] <= 3
