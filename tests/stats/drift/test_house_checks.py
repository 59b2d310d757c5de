"""Every statistic through every check: order, missing values, ties, few rows, types, ends, JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from assay.stats.drift.definitions import DEFINITIONS, NOTATION
from assay.stats.drift.pair import Pair
from assay.stats.drift.registry import STATISTICS, compare
from assay.stats.summaries import CategoricalSummary, Categories, NumericCells, NumericSummary
from assay.testing.names import HOSTILE_NAMES

NAMES = list(STATISTICS)
NUMERIC = [name for name, info in STATISTICS.items() if "numeric" in info.kinds]
CATEGORICAL = [name for name, info in STATISTICS.items() if "categorical" in info.kinds]


def numbers(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.round(rng.gamma(2, size=400), 3), np.round(rng.gamma(2.2, size=150), 1)


def words(seed: int = 0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    return rng.choice([*"abcd"], 300).tolist(), rng.choice([*"abcz"], 100).tolist()


def sides(name: str) -> tuple:
    return numbers() if name in NUMERIC else words()


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    ours, theirs = sides(name)
    rng = np.random.default_rng(1)
    mixed = [np.array(side, dtype=object if name not in NUMERIC else None) for side in (ours, theirs)]
    for side in mixed:
        rng.shuffle(side)
    assert STATISTICS[name](*mixed) == STATISTICS[name](ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_again_is_the_same(name: str) -> None:
    first, again = (STATISTICS[name](*sides(name)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("name", [name for name in NAMES if name != "missing_share"])
def test_missing_values_are_left_out(name: str) -> None:
    ours, theirs = sides(name)
    expected = STATISTICS[name](ours, theirs)
    assert STATISTICS[name]([*ours, None, None], [None, *theirs]) == expected
    if name in NUMERIC:
        assert STATISTICS[name]([*ours, math.nan, math.inf], [math.nan, -math.inf, *theirs]) == expected


@pytest.mark.parametrize("name", NUMERIC)
def test_floats_of_32_bits_are_their_values(name: str) -> None:
    ours, theirs = (side.astype(np.float32) for side in numbers())
    found = STATISTICS[name](ours, theirs)
    if name != "rounding":  # which knows that 0.1 of 32 bits has one decimal
        assert found == STATISTICS[name](ours.astype(np.float64), theirs.astype(np.float64))
    assert found.value == pytest.approx(STATISTICS[name](*numbers()).value, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("name", NUMERIC)
def test_whole_numbers_and_truth_values_are_numbers(name: str) -> None:
    ours, theirs = np.arange(50), np.arange(10, 70)
    assert STATISTICS[name](ours, theirs) == STATISTICS[name](ours * 1.0, theirs * 1.0)
    flags = np.array([True, False, True]), np.array([False, False])
    assert STATISTICS[name](*flags) == STATISTICS[name](*(side * 1.0 for side in flags))


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_no_value(name: str) -> None:
    ours, theirs = sides(name)
    for a, b in ((ours, []), ([], theirs), ([], [])):
        found = STATISTICS[name](a, b)
        assert (found.value, found.p_value, found.bound) == (None, None, 0.0)
    gone = STATISTICS[name](ours, [None] * 20)
    if name == "missing_share":
        assert gone.value == 1.0
        assert gone.p_value < 1e-9
    else:
        assert (gone.value, gone.p_value) == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_one_row_breaks_nothing(name: str) -> None:
    ours, theirs = sides(name)
    for a, b in ((ours, theirs[:1]), (ours[:1], theirs), (ours[:1], ours[:1]), (ours[:1], theirs[-1:])):
        found = STATISTICS[name](a, b)
        if name == "dead_column" and len(b) == 1:
            assert found.value is None
        assert found.p_value is None or 0.0 <= found.p_value <= 1.0
        if found.p_value is not None and len(a) == len(b) == 1:
            assert found.p_value >= 0.5


@pytest.mark.parametrize("name", NAMES)
def test_equal_samples_do_not_differ(name: str) -> None:
    ours, _ = sides(name)
    found = STATISTICS[name](ours, ours)
    if name == "anderson_darling":
        assert found.value < -1
    else:
        assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.p_value is None or found.p_value > 0.9


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize(("a", "b"), [(5.0, 5.0), (5.0, 7.0)])
def test_constant_columns_have_figures(name: str, a: float, b: float) -> None:
    found = STATISTICS[name]([a] * 100, [b] * 60)
    same = a == b
    if name in ("ks", "cramer_von_mises", "hellinger", "jensen_shannon", "total_variation", "chi_square"):
        assert (found.value == 0) == same
        assert found.p_value is None or (found.p_value < 1e-9) == (not same)
    if name == "wasserstein_normed":
        assert found.value == (0.0 if same else None)
    if name in ("dead_column", "unit_change", "missing_share"):
        assert found.value == 0.0  # the reference was as dead


@pytest.mark.parametrize("name", NUMERIC)
def test_enormous_values_overflow_nothing(name: str) -> None:
    ours = np.array([-1.7e308, -1.0, 0.0, 1e-300, 1.0, 1.7e308] * 5)
    theirs = np.array([1.7e308, 1.6e308, -1.7e308] * 5)
    found = STATISTICS[name](ours, theirs)
    assert found.value is None or math.isfinite(found.value)
    cells = NumericCells.from_values(ours, 3)
    found = STATISTICS[name](NumericSummary.of(ours, cells), NumericSummary.of(theirs, cells))
    assert found.value is None or (math.isfinite(found.value) and math.isfinite(found.bound))


@pytest.mark.parametrize("name", NAMES)
def test_results_are_json_within_their_range(name: str) -> None:
    info = STATISTICS[name]
    found = info(*sides(name))
    assert found.name == name
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    assert type(found.value) is float
    assert info.least is None or found.value >= info.least
    assert info.most is None or found.value <= info.most
    assert (found.p_value is not None) == info.tested
    assert json.loads(json.dumps(info.to_dict()))["name"] == name


@pytest.mark.parametrize("name", CATEGORICAL)
def test_hostile_categories_are_only_names(name: str) -> None:
    ours = [*HOSTILE_NAMES] * 20
    assert STATISTICS[name](ours, ours) == STATISTICS[name](
        *([f"c{place}" for place in range(len(set(HOSTILE_NAMES)))] * 20,) * 2
    )


@pytest.mark.parametrize("name", NAMES)
def test_summaries_without_rows_have_no_value(name: str) -> None:
    if name in NUMERIC:
        empty = NumericSummary.empty(NumericCells.from_values([1.0, 2.0]))
    else:
        empty = CategoricalSummary.empty(Categories(("a",)))
    assert STATISTICS[name](empty, empty).value is None


def test_every_statistic_is_defined() -> None:
    assert list(DEFINITIONS) == NAMES
    assert NOTATION
    for name, info in STATISTICS.items():
        one = DEFINITIONS[name]
        assert info.description.endswith(".")
        assert bool(one.p_value) == info.tested, name
        assert one.formula
        assert one.few
        assert one.to_dict()["formula"] == one.formula
    assert compare(Pair.of(*numbers())).keys() == set(NUMERIC)
    assert compare(Pair.of(*words())).keys() == set(CATEGORICAL)
