"""Common bars of two distributions count what a naive count over the rows gives."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InvalidInput
from assay.stats.drift.histogram import MAX_BARS, MAX_CATEGORIES_SHOWN, category_bars, numeric_bars
from assay.stats.summaries.categorical import CategoricalSummary, Categories
from assay.stats.summaries.numeric import NumericCells, NumericSummary

numbers = st.one_of(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.lists(st.integers(0, 60).map(float), min_size=1, max_size=300),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
)


def sides(reference, current, *, max_points=1000):
    cells = NumericCells.from_values(reference, max_points)
    return NumericSummary.of(reference, cells), NumericSummary.of(current, cells)


def naive(values, bar, *, last):
    """How many of `values` lie in a bar, by its documented bounds."""
    values = np.asarray(values, dtype=float)
    if bar.low == bar.high:
        return int((values == bar.low).sum())
    low = values >= bar.low if bar.closed else values > bar.low
    return int((low & ((values <= bar.high) if last else (values < bar.high))).sum())


@given(numbers, numbers)
def test_bars_count_the_rows(reference, current):
    bars = numeric_bars(*sides(reference, current))
    assert sum(bar.reference for bar in bars) == len(reference)
    assert sum(bar.current for bar in bars) == len(current)
    assert all(a.high <= b.low for a, b in itertools.pairwise(bars))
    by_value = len(set(reference)) <= MAX_BARS
    for place, bar in enumerate(bars):
        # What lies above the largest value of the reference ends with the largest current one.
        last = place == len(bars) - 1
        assert bar.reference == naive(reference, bar, last=last), bar
        assert bar.current == naive(current, bar, last=last), bar
    assert by_value or len(bars) <= MAX_BARS + 2


@given(numbers, numbers)
def test_few_points_lose_no_row(reference, current):
    bars = numeric_bars(*sides(reference, current, max_points=50))
    assert sum(bar.reference for bar in bars) == len(reference)
    assert sum(bar.current for bar in bars) == len(current)


def test_bars_are_about_equally_wide_and_one_far_value_does_not_flatten_them():
    rng = np.random.default_rng(1)
    reference = rng.normal(size=50_000)
    bars = numeric_bars(*sides(reference, [*rng.normal(size=20_000), 1e9]))
    widths = np.array([bar.high - bar.low for bar in bars])
    assert len(bars) == MAX_BARS + 2
    assert widths[1:-1].max() < 2.2 * widths[1:-1].min()
    assert widths[-1] > 1e8


def test_few_rows_get_few_bars():
    rng = np.random.default_rng(2)
    reference = rng.normal(size=50_000)
    assert len(numeric_bars(*sides(reference, rng.normal(size=100)))) <= math.ceil(2 * 100 ** (1 / 3)) + 2


@pytest.mark.parametrize(("reference", "current"), [([], []), ([], [1.0, 2.0]), ([1.0], []), ([3.0], [3.0])])
def test_little_is_enough(reference, current):
    bars = numeric_bars(*sides(reference, current))
    assert sum(bar.reference for bar in bars) == len(reference)
    assert sum(bar.current for bar in bars) == len(current)


def test_other_cells_are_refused():
    ours, _ = sides([1.0, 2.0], [1.0])
    theirs, _ = sides([1.0, 3.0], [1.0])
    with pytest.raises(InvalidInput, match="different cells"):
        numeric_bars(ours, theirs)
    names = [CategoricalSummary.empty(Categories((name,))) for name in "ab"]
    with pytest.raises(InvalidInput, match="different categories"):
        category_bars(*names)


texts = st.lists(st.sampled_from([f"c{place}" for place in range(60)]), min_size=1, max_size=300)


@given(texts, texts)
def test_categories_are_counted_and_the_rest_is_together(reference, current):
    names = Categories.from_values(reference)
    bars = category_bars(CategoricalSummary.of(reference, names), CategoricalSummary.of(current, names))
    assert sum(bar.reference for bar in bars) == len(reference)
    assert sum(bar.current for bar in bars) == len(current)
    assert len(bars) <= MAX_CATEGORIES_SHOWN + 1
    for bar in bars:
        if bar.label:
            assert bar.reference == reference.count(bar.label)
            assert bar.current == current.count(bar.label)
            assert bar.new == (bar.label not in reference)
    assert [bar.new for bar in bars if bar.label] == sorted(bar.new for bar in bars if bar.label)
