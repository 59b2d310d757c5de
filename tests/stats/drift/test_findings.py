"""Changes with a name of their own: new categories, dead columns, other units, rounding."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.stats.drift.conversions import CONVERSIONS
from assay.stats.drift.dead_column import dead_column
from assay.stats.drift.new_category_share import new_category_share
from assay.stats.drift.pair import Pair
from assay.stats.drift.pooled_categories import pooled_category_bins
from assay.stats.drift.rounding import MAX_ROWS, find_rounding, rounding
from assay.stats.drift.unit_change import find_unit_change, unit_change
from assay.stats.summaries import CategoricalSummary, Categories, NumericCells, NumericSummary


def summaries(ours, theirs, points: int = 1000) -> tuple[NumericSummary, NumericSummary]:
    cells = NumericCells.from_values(ours, points)
    return NumericSummary.of(ours, cells), NumericSummary.of(theirs, cells)


# -- new categories -------------------------------------------------------------------------------


def test_new_categories_are_held_against_those_seen_once() -> None:
    ours, theirs = [*"aaaabbbbcd"], [*"aabz"]
    found = new_category_share(ours, theirs)
    assert found.value == 0.25
    # Two of ten rows would be new to the others.
    expected = stats.fisher_exact([[1, 3], [2, 8]], alternative="greater").pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_a_reference_with_too_many_categories_has_unnamed_ones_itself() -> None:
    names = Categories.from_values([*"aabbc"], max_categories=2)
    ours = CategoricalSummary.of([*"aabbc"], names)
    theirs = CategoricalSummary.of([*"abzz"], names)
    assert new_category_share(ours, theirs).value == pytest.approx(0.5 - 0.2)


@given(
    st.lists(st.sampled_from([*"abcdefgh"]), min_size=1, max_size=60),
    st.lists(st.sampled_from([*"defghxyz"]), min_size=1, max_size=60),
    st.integers(2, 12),
)
@settings(deadline=None, max_examples=60)
def test_bins_of_both_count_every_row(ours: list[str], theirs: list[str], bins: int) -> None:
    names = Categories.from_values(ours)
    a, b = pooled_category_bins(
        CategoricalSummary.of(ours, names), CategoricalSummary.of(theirs, names), bins=bins
    )
    assert (a.sum(), b.sum()) == (len(ours), len(theirs))
    assert a.size == b.size <= max(bins, 2)
    # Dealt the other way round, the bins are the same.
    other = Categories.from_values(theirs)
    c, d = pooled_category_bins(
        CategoricalSummary.of(theirs, other), CategoricalSummary.of(ours, other), bins=bins
    )
    assert sorted(zip(a[:-1], b[:-1], strict=True)) == sorted(zip(d[:-1], c[:-1], strict=True))


# -- dead columns ---------------------------------------------------------------------------------


def test_a_sensor_that_got_stuck_is_dead() -> None:
    rng = np.random.default_rng(0)
    ours = rng.normal(size=1000)
    for stuck in (ours[5], 99.0):
        for pair in ((ours, [stuck] * 50), summaries(ours, [stuck] * 50)):
            found = dead_column(*pair)
            assert found.value == 1.0
            assert found.p_value < 1e-20
    assert dead_column(ours, [1.0] * 49 + [1.1]).value == 0.0
    assert dead_column([0.0] * 999 + [1.0], [0.0] * 10).p_value > 0.9  # rarely anything else
    assert dead_column([3.0] * 10, [4.0] * 10).value == 0.0
    assert dead_column([*"abc"] * 10, ["z"] * 10).value == dead_column([*"abc"] * 10, ["b"] * 10).value == 1.0
    assert dead_column(["a"] * 10, ["z"] * 10).value == 0.0


def test_the_chance_of_a_dead_column_is_hypergeometric() -> None:
    found = dead_column([0.0] * 8 + [1.0] * 4, [0.0] * 5)
    assert found.p_value == pytest.approx(stats.hypergeom.pmf(5, 17, 13, 5), rel=1e-9)


# -- units ----------------------------------------------------------------------------------------

SHAPES = {
    "normal": lambda rng, n: rng.normal(20, 6, size=n),
    "gamma": lambda rng, n: rng.gamma(2, 15, size=n) + 5,
    "log-normal": lambda rng, n: rng.lognormal(3, 0.6, size=n),
    "whole": lambda rng, n: rng.poisson(30, size=n) * 1.0,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cells", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "Celsius to Fahrenheit",
        "Fahrenheit to Celsius",
        "units to thousandths",
        "thousandths to units",
        "inches to centimetres",
        "kilograms to pounds",
        "shares to percent",
        "minutes to seconds",
        "one sign to the other",
    ],
)
def test_a_known_conversion_is_named(shape: str, name: str, *, cells: bool) -> None:
    rng = np.random.default_rng(1)
    known = next((one for one in CONVERSIONS if one.name == name), None)
    assert known is not None
    ours, theirs = SHAPES[shape](rng, 3000), SHAPES[shape](rng, 1000)
    theirs = theirs * known.scale + known.offset
    found = find_unit_change(Pair.of(*summaries(ours, theirs)) if cells else Pair.of(ours, theirs))
    assert found is not None
    assert found.name == name
    assert found.before > 0.1 > found.after
    assert json.loads(json.dumps(found.to_dict()))["name"] == name


def test_an_unknown_map_is_told_by_its_numbers() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = rng.gamma(2, size=2000), rng.gamma(2, size=1500) * -37.5 + 11
    found = find_unit_change(Pair.of(ours, theirs))
    assert found is not None
    assert found.name == ""
    assert found.scale == pytest.approx(-37.5, rel=0.1)
    assert found.offset == pytest.approx(11, abs=8)
    assert unit_change(ours, theirs).value == pytest.approx(1 - found.after / found.before)


def test_ordinary_drift_is_no_change_of_unit() -> None:
    rng = np.random.default_rng(3)
    ours = rng.gamma(2, size=3000)
    for theirs in (
        ours + 1.0,  # a shift
        rng.gamma(2, size=2000) * 1.3,
        rng.normal(20, 1, size=2000),  # another shape
        np.full(500, 7.0),
        rng.gamma(2, size=2000),  # nothing
        rng.choice([0.0, 50.0], size=300),
    ):
        assert unit_change(ours, theirs).value == 0.0
        assert unit_change(*summaries(ours, theirs)).value == 0.0


# -- rounding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("before", "after"), [(3, 1), (9, 2), (1, 0), (0, -2)])
def test_fewer_decimals_are_counted(before: int, after: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    ours = np.round(rng.normal(500, 300, size=2000), before).astype(dtype)
    theirs = np.round(rng.normal(500, 300, size=1000), after).astype(dtype)
    found = find_rounding(Pair.of(ours, theirs))
    assert found is not None
    assert (found.decimals, found.current) == (after, 1.0)
    assert found.reference < 0.15
    assert rounding(ours, theirs).p_value < 1e-9
    finer = rounding(theirs, ours)  # is not coarser
    assert finer.value < 0.03
    assert finer.p_value > 0.05
    assert found.to_dict()["decimals"] == after


def test_many_rows_are_looked_at_in_the_order_of_their_values() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(size=5 * MAX_ROWS), rng.normal(size=3 * MAX_ROWS)
    half = np.where(rng.random(theirs.size) < 0.5, np.round(theirs, 2), theirs)
    assert rounding(ours, half).value == pytest.approx(0.5, abs=0.02)
    assert rounding(ours, theirs).value < 0.001


def test_cells_do_not_tell_decimals() -> None:
    found = rounding(*summaries([0.25, 0.5], [1.0, 2.0]))
    assert (found.value, found.p_value) == (None, None)
