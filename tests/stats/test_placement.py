"""A value's place in a reference, against counting in the reference itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.domain.feature_place import words
from assay.monitoring.placement import feature_places
from assay.stats.placement import place_category, place_number
from assay.stats.summaries.categorical import CategoricalSummary, Categories
from assay.stats.summaries.column import Column
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.summaries.reference import Reference

numbers = st.floats(-5, 5).map(lambda value: round(value, 1)) | st.sampled_from([math.inf, -math.inf])


def truth(value: float, sample: np.ndarray) -> tuple[float, float]:
    """Percentile and rarity, by their definitions."""
    below, equal, n = (sample < value).sum(), (sample == value).sum(), len(sample)
    above = n - below - equal
    return (below + equal / 2) / n, min(1.0, 2 * min(below + equal, above + equal) / n)


@given(st.lists(numbers, min_size=1, max_size=60), numbers)
@settings(max_examples=200, deadline=None)
def test_few_distinct_values_are_placed_exactly(sample: list[float], value: float) -> None:
    reference = NumericSummary.learn(sample)
    found = place_number(value, reference)
    assert found is not None
    percentile, rarity = truth(value, np.array(sample))
    assert found.bound == 0
    assert found.percentile == pytest.approx(percentile, abs=1e-12)
    assert found.rarity == pytest.approx(rarity, abs=1e-12)
    assert found.outside == (value > max(sample) or value < min(sample))


@pytest.mark.parametrize("n", [1_001, 1_500, 20_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_many_distinct_values_are_placed_within_the_bound(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sample = rng.lognormal(0, 2, n)
    reference = NumericSummary.learn(sample)
    for value in [*rng.choice(sample, 200), *rng.lognormal(0, 2, 200), sample.min(), sample.max(), 0.0, 1e9]:
        found = place_number(float(value), reference)
        assert found is not None
        percentile, rarity = truth(value, sample)
        assert abs(found.percentile - percentile) <= found.bound + 1e-12
        assert found.bound < 0.00051
        assert rarity - 1e-12 <= found.rarity <= rarity + 4 * found.bound + 1e-12
        assert found.outside == (value > sample.max() or value < sample.min())


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), st.sampled_from("abcdefghz"))
def test_categories_are_placed_by_their_shares(sample: list[str], value: str) -> None:
    reference = CategoricalSummary.of(sample, Categories.from_values(sample))
    found = place_category(value, reference)
    assert found is not None
    count = sample.count(value)
    assert found.share == pytest.approx(count / len(sample))
    assert found.new == (count == 0)
    assert found.rarity == pytest.approx(sum(sample.count(name) <= count for name in sample) / len(sample))


def test_what_is_not_named_is_not_called_new() -> None:
    sample = [f"c{place}" for place in range(3_000)]
    reference = CategoricalSummary.of(sample, Categories.from_values(sample))
    places = [place_category(name, reference) for name in sample]
    assert all(place is not None and not place.new for place in places)
    assert any(place is not None and place.share is None for place in places)
    assert place_category("x", CategoricalSummary.of([], Categories(()))) is None
    assert place_number(math.nan, NumericSummary.learn([1.0])) is None
    assert place_number(1.0, NumericSummary.learn([])) is None


def test_at_most_one_in_a_hundred_of_the_references_own_rows_is_unusual() -> None:
    rng = np.random.default_rng(0)
    for sample in (rng.normal(size=5_000), rng.integers(0, 4, 5_000) * 1.0, rng.geometric(0.3, 5_000) * 1.0):
        reference = NumericSummary.learn(sample)
        rare = [place_number(float(value), reference) for value in sample]
        assert sum(place is not None and place.rarity < 0.01 for place in rare) <= 50


def test_the_most_unusual_feature_comes_first() -> None:
    rng = np.random.default_rng(0)
    reference = Reference.of(
        {
            "amount": Column.numeric(rng.normal(50, 5, 2_000)),
            "age": Column.numeric(np.arange(2_000) % 90 * 1.0),
            "country": Column.categorical(["nl"] * 1_500 + ["de"] * 500),
            "flag": Column.categorical(["true"] * 1_000 + ["false"] * 1_000),
            "income": Column.numeric(rng.normal(size=1_990), missing=10),
        }
    )
    features = {"amount": 500.0, "age": 44, "country": "zz", "flag": True, "late": 1.0}
    places = feature_places(features, reference)
    assert [place.feature for place in places][:3] == ["amount", "country", "income"]
    told = {place.feature: place for place in places}
    assert told["amount"].place == "outside"
    assert told["amount"].unusual
    assert words(told["amount"]) == "above everything in the reference"
    assert told["country"].place == "new"
    assert told["income"].place == "missing"
    assert told["income"].share == pytest.approx(0.005)
    assert told["late"].place == "unknown"
    assert not told["flag"].unusual
    assert told["age"].spread["min"] == 0
    assert told["age"].spread["p50"] == pytest.approx(44, abs=1)
    swapped = {place.feature: place for place in feature_places({"amount": "text", "flag": 3.0}, reference)}
    assert swapped["amount"].place == swapped["flag"].place == "mistyped"
    assert [place.place for place in feature_places({"x": 1.0}, None)] == ["unknown"]
