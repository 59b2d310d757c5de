"""Comparing all features at once gives what comparing one by one gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InvalidInput
from assay.stats.drift import ProfileComparison, feature_drift, profile_drift
from assay.stats.summaries import Column, Reference
from assay.stats.summaries.feature_profile import FeatureProfile


def _values(kind: int, rows: int, rng: np.random.Generator) -> Column:
    """A feature of one of many kinds, where the two sides differ by chance and by more."""
    shift = rng.choice([0.0, 0.0, 0.5, 40.0])
    match kind:
        case 0:
            values = rng.normal(shift, 1, rows)
        case 1:
            values = np.round(rng.normal(shift, 2, rows))
        case 2:
            values = np.round(rng.normal(shift, 9, rows))
        case 3:
            values = np.where(rng.random(rows) < 0.7, 0.0, rng.exponential(1 + shift, rows))
        case 4:
            values = np.full(rows, 3.0)
        case 5:
            values = np.where(rng.random(rows) < 0.5, np.nan, rng.normal(shift, 1e300, rows))
        case 6:
            values = rng.choice([np.inf, -np.inf, np.nan], rows)
        case 7:
            return Column.numeric(rng.normal(shift, 1, rows), missing=0, mistyped=0)
        case _:
            texts = [str(int(value)) for value in rng.poisson(3 + shift, rows)]
            return Column.categorical([None if rng.random() < 0.1 else text for text in texts])
    return Column.numeric(values)


def _batch(kinds: list[int], rows: int, seed: int) -> dict[str, Column]:
    rng = np.random.default_rng(seed)
    return {f"f{place}": _values(kind, rows, rng) for place, kind in enumerate(kinds)}


@given(
    kinds=st.lists(st.integers(0, 8), max_size=12),
    rows=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    seed=st.integers(0, 99),
    points=st.sampled_from([5, 12, 60, 1000]),
)
@settings(max_examples=150, deadline=None)
def test_all_at_once_is_one_by_one(kinds: list[int], rows: tuple[int, int], seed: int, points: int) -> None:
    reference = Reference.of(_batch(kinds, rows[0], seed), rows=rows[0], max_points=points)
    current = FeatureProfile.of(_batch(kinds, rows[1], seed + 1), reference, rows=rows[1])
    expected, observed = reference.profile.features, current.features
    alone = {name: feature_drift(expected[name], observed[name], feature=name) for name in expected}
    together = profile_drift(reference.profile, current)
    assert list(together) == list(alone)
    assert together == alone


def test_hundreds_of_features_in_several_runs() -> None:
    kinds = [0, 2, 8, 3] * 60
    reference = Reference.of(_batch(kinds, 1_500, 1))
    compare = ProfileComparison(reference.profile)
    for seed in (2, 3):
        current = FeatureProfile.of(_batch(kinds, 700, seed), reference)
        expected, observed = reference.profile.features, current.features
        found = compare.with_(current)
        for name in expected:
            assert found[name] == feature_drift(expected[name], observed[name], feature=name)


def test_profiles_under_another_reference_are_refused() -> None:
    one, other = (Reference.of(_batch([0], 50, seed)) for seed in (1, 2))
    with pytest.raises(InvalidInput, match="different references"):
        profile_drift(one.profile, other.profile)
