"""Maximum mean discrepancy: the laws of the sums, the estimate against the definition, both nulls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from tests.stats.laws import assert_same, fold, parts_of
from tests.stats.multivariate.samples import correlated, three_way

from assay.errors import InvalidInput
from assay.stats.multivariate.mmd import MmdReference, mmd_squared
from assay.stats.multivariate.permutation import feature_permutation_test, kernel_permutation_test
from assay.stats.multivariate.random_features import FourierSummary, RandomFeatures, median_distance
from assay.stats.summaries.codec import Floats

OF = RandomFeatures(2, 1.5, 16, seed=1)

numbers = st.floats(-4, 4, width=16) | st.just(float("nan"))
rows_of_points = st.lists(st.tuples(numbers, numbers), max_size=12)


def summary(rows: object, features: RandomFeatures = OF) -> FourierSummary:
    return FourierSummary.of(np.array(rows, dtype=np.float64).reshape(-1, features.coordinates), features)


def by_definition(before: Floats, after: Floats, bandwidth: float) -> float:
    """Unbiased estimate, pair by pair."""

    def kernel(x: Floats, y: Floats) -> float:
        return float(np.exp(-((x - y) ** 2).sum() / (2 * bandwidth**2)))

    n, m = len(before), len(after)
    within = [
        sum(kernel(side[i], side[j]) for i in range(k) for j in range(k) if i != j) / (k * (k - 1))
        for side, k in ((before, n), (after, m))
    ]
    return sum(within) - 2 * sum(kernel(x, y) for x in before for y in after) / (n * m)


@given(rows_of_points, st.data())
@settings(max_examples=60)
def test_the_parts_of_a_batch_merge_to_the_whole(rows: list[tuple[float, ...]], data: st.DataObject) -> None:
    parts = data.draw(parts_of(rows))
    assert_same(fold(data, [summary(part) for part in parts]), summary(rows))


@given(rows_of_points)
@settings(max_examples=30)
def test_bytes_read_back(rows: list[tuple[float, ...]]) -> None:
    one = summary(rows)
    assert_same(FourierSummary.from_bytes(one.to_bytes(), OF), one, rel=0, floor=0)


def test_bytes_of_others_are_refused() -> None:
    data = summary([[1.0, 2.0]]).to_bytes()
    other = RandomFeatures(2, 1.5, 16, seed=2)
    with pytest.raises(InvalidInput, match="other random features"):
        FourierSummary.from_bytes(data, other)
    with pytest.raises(InvalidInput):
        FourierSummary.from_bytes(data[:-2], OF)
    for together in (FourierSummary.merge, mmd_squared):
        with pytest.raises(InvalidInput, match="different random features"):
            together(summary([]), FourierSummary.empty(other))


def test_a_seed_gives_the_same_frequencies_everywhere() -> None:
    assert np.array_equal(RandomFeatures(2, 1.5, 16, seed=1).frequencies, OF.frequencies)
    assert RandomFeatures(2, 1.5, 16, seed=1).digest == OF.digest != RandomFeatures(2, 1.4, 16, seed=1).digest


@pytest.mark.parametrize(("bandwidth", "count"), [(0.0, 8), (float("nan"), 8), (1.0, 0), (1.0, 10**9)])
def test_impossible_features_are_refused(bandwidth: float, count: int) -> None:
    with pytest.raises(InvalidInput):
        RandomFeatures(2, bandwidth, count)


def test_their_inner_product_is_the_kernel() -> None:
    points = np.random.default_rng(0).standard_normal((40, 3))
    mapped = RandomFeatures(3, 1.2, 4000).of(points)
    squared = ((points[:, None] - points[None, :]) ** 2).sum(axis=2)
    assert np.abs(mapped @ mapped.T - np.exp(-squared / (2 * 1.2**2))).max() < 0.06
    assert np.allclose((mapped**2).sum(axis=1), 1)


def test_the_median_distance_is_that_of_all_pairs() -> None:
    points = np.random.default_rng(1).standard_normal((300, 4))
    every = np.linalg.norm(points[:, None] - points[None, :], axis=2)[np.triu_indices(300, 1)]
    assert median_distance(points) == pytest.approx(np.median(every), rel=0.02)
    assert median_distance(points[:1]) == 1.0


def test_the_estimate_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.standard_normal((25, 2)), rng.standard_normal((15, 2)) + 0.5
    exact = kernel_permutation_test(before, after, bandwidth=1.3, permutations=3).value
    assert exact == pytest.approx(by_definition(before, after, 1.3))
    features = RandomFeatures(2, 1.3, 4000)
    from_sums = mmd_squared(summary(before, features), summary(after, features))
    assert from_sums == pytest.approx(exact, abs=0.02)
    by_permutation = feature_permutation_test(before, after, features, permutations=3).value
    assert from_sums == pytest.approx(by_permutation, abs=1e-12)


def test_it_is_unbiased() -> None:
    rng = np.random.default_rng(3)
    features = RandomFeatures(3, 2.0, 32)
    drawn = [
        mmd_squared(
            summary(rng.standard_normal((30, 3)), features), summary(rng.standard_normal((20, 3)), features)
        )
        for _ in range(800)
    ]
    assert abs(np.mean(drawn)) < 4 * np.std(drawn) / np.sqrt(800)


def test_one_row_says_nothing() -> None:
    found = MmdReference.learn(np.random.default_rng(4).standard_normal((50, 2)), count=8)
    assert found.compare(FourierSummary.of(np.zeros((1, 2)), found.features)).p_value == 1.0


def test_a_reference_reads_back() -> None:
    rng = np.random.default_rng(5)
    one = MmdReference.learn(rng.standard_normal((200, 3)), count=32, seed=7)
    again = MmdReference.from_bytes(one.to_bytes())
    window = FourierSummary.of(rng.standard_normal((80, 3)) + 0.1, one.features)
    assert again.compare(window) == one.compare(window)
    with pytest.raises(InvalidInput):
        MmdReference.from_bytes(one.to_bytes()[:-1])


def test_p_values_from_sums_are_uniform_where_nothing_has_changed() -> None:
    rng = np.random.default_rng(6)
    mix = rng.standard_normal((5, 5))
    p = []
    for _ in range(120):
        reference = MmdReference.learn(rng.standard_normal((400, 5)) @ mix, count=48)
        p.append(
            reference.compare(
                FourierSummary.of(rng.standard_normal((200, 5)) @ mix, reference.features)
            ).p_value
        )
    assert kstest(p, "uniform").pvalue > 0.01
    assert np.count_nonzero(np.array(p) < 0.01) <= 5


def test_both_nulls_agree() -> None:
    rng = np.random.default_rng(7)
    before, after = rng.standard_normal((1000, 4)), correlated(rng, 400, 4, 0.2)
    reference = MmdReference.learn(before, count=128)
    from_sums = reference.compare(FourierSummary.of(after, reference.features))
    permuted = feature_permutation_test(before, after, reference.features, permutations=800)
    assert from_sums.value == pytest.approx(permuted.value, abs=1e-12)
    assert from_sums.p_value == pytest.approx(permuted.p_value, abs=0.04)


def test_permuted_p_values_are_those_of_permuted_labels() -> None:
    rng = np.random.default_rng(8)
    before, after = rng.standard_normal((12, 2)), rng.standard_normal((9, 2)) + 0.6
    found = kernel_permutation_test(before, after, bandwidth=1.0, permutations=400, seed=3)
    rows = np.concatenate([before, after])
    own = by_definition(before, after, 1.0)
    larger = 0
    for _ in range(200):
        drawn = rng.permutation(21)
        larger += by_definition(rows[drawn[:12]], rows[drawn[12:]], 1.0) >= own
    assert found.p_value == pytest.approx((larger + 1) / 201, abs=0.07)


def test_what_it_sees_and_what_it_does_not() -> None:
    """A correlation among five columns, yes; a dependence of three of nine, no."""
    rng = np.random.default_rng(9)
    seen = MmdReference.learn(rng.standard_normal((3000, 5)), count=128)
    assert seen.compare(FourierSummary.of(correlated(rng, 1500, 5, 0.6), seen.features)).p_value < 1e-4
    lost = MmdReference.learn(rng.standard_normal((3000, 9)), count=128)
    assert lost.compare(FourierSummary.of(three_way(rng, 1500, 9, 0.4), lost.features)).p_value > 0.01


@pytest.mark.parametrize(("rows", "permutations"), [(1, 10), (10, 0)])
def test_impossible_permutations_are_refused(rows: int, permutations: int) -> None:
    with pytest.raises(InvalidInput):
        kernel_permutation_test(
            np.zeros((rows, 2)), np.zeros((10, 2)), bandwidth=1.0, permutations=permutations
        )
