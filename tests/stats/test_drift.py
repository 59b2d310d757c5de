"""Drift figures against SciPy, and against the raw rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from assay.errors import InvalidInput
from assay.stats.drift import (
    chi_square,
    feature_drift,
    jensen_shannon_distance,
    jensen_shannon_divergence,
    ks,
    missing_share,
    profile_drift,
    psi,
)
from assay.stats.drift.bins import category_bins, quantile_bins
from assay.stats.drift.jensen_shannon import distance_beyond_chance
from assay.stats.summaries import (
    CategoricalSummary,
    Categories,
    Column,
    FeatureProfile,
    NumericCells,
    NumericSummary,
    Reference,
)


def summaries(ours, theirs, max_points: int = 1000) -> tuple[NumericSummary, NumericSummary]:
    cells = NumericCells.from_values(ours, max_points)
    return NumericSummary.of(ours, cells), NumericSummary.of(theirs, cells)


def naive_ks(ours, theirs) -> float:
    return max(
        abs(sum(x <= at for x in ours) / len(ours) - sum(x <= at for x in theirs) / len(theirs))
        for at in [*ours, *theirs]
    )


values = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=40)


@given(ours=values, theirs=values)
@settings(deadline=None)
def test_ks_is_exact_where_every_value_is_a_point(ours: list[float], theirs: list[float]) -> None:
    found = ks(*summaries(ours, theirs))
    assert found.value == pytest.approx(naive_ks(ours, theirs), abs=1e-12)
    assert found.bound == 0.0
    assert 0.0 <= found.p_value <= 1.0


@given(ours=values, theirs=values, points=st.integers(2, 6))
@settings(deadline=None)
def test_ks_stays_within_its_bound_elsewhere(ours: list[float], theirs: list[float], points: int) -> None:
    a, b = summaries(ours, theirs, points)
    found, exact = ks(a, b), naive_ks(ours, theirs)
    assert found.value - 1e-12 <= exact <= found.value + found.bound + 1e-12
    assert found.bound <= a.counts[0::2].max() / a.n + 1e-12


def test_ks_of_large_samples() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=20_000), rng.normal(0.1, 1.1, size=7_000)
    found = ks(*summaries(ours, theirs))
    expected = stats.ks_2samp(ours, theirs, method="asymp")
    assert found.value <= expected.statistic <= found.value + found.bound
    assert found.bound < 0.0011
    small = rng.normal(0.05, 1, 900)
    found = ks(*summaries(ours[:900], small))
    # SciPy's "asymp" uses the one-sample distribution of the same size: close, not the same.
    assert found.p_value == pytest.approx(stats.ks_2samp(ours[:900], small).pvalue, abs=0.02)


def test_ks_p_values_are_uniform_without_drift() -> None:
    rng = np.random.default_rng(2)
    reference = rng.normal(size=1000)
    p_values = [ks(*summaries(reference, rng.normal(size=500))).p_value for _ in range(1)]
    pairs = [summaries(rng.normal(size=400), rng.normal(size=300)) for _ in range(400)]
    p_values += [ks(*pair).p_value for pair in pairs]
    assert stats.kstest(p_values, "uniform").pvalue > 0.001
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_quantile_bins_share_the_reference_equally() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=20_000), rng.normal(1, 1, size=5_000)
    a, b = quantile_bins(*summaries(ours, theirs))
    assert a.size == 10
    assert np.abs(a / 20_000 - 0.1).max() < 0.002
    assert b.sum() == 5_000
    edges = np.quantile(ours, np.arange(1, 10) / 10)
    expected = np.bincount(np.searchsorted(edges, theirs), minlength=10)
    assert np.abs(b - expected).max() <= 20


@given(ours=values, theirs=values)
@settings(deadline=None)
def test_bins_lose_no_row(ours: list[float], theirs: list[float]) -> None:
    a, b = quantile_bins(*summaries(ours, theirs))
    assert a.sum() == len(ours)
    assert b.sum() == len(theirs)
    assert a.size <= 11
    assert (a >= 0).all()


def test_few_distinct_values_are_bins_of_their_own() -> None:
    a, b = quantile_bins(*summaries([0.0, 1.0, 1.0], [0.5, 1.0, 2.0, 0.0]))
    assert a.tolist() == [1, 2, 0]
    assert b.tolist() == [1, 1, 2]
    constant = feature_drift(*summaries([5.0] * 100, [7.0] * 100))
    assert constant.statistics["psi"].value > 1
    assert constant.statistics["jensen_shannon"].value == 1.0
    assert constant.statistics["ks"].value == 1.0


def test_psi_is_the_formula() -> None:
    ours, theirs = np.array([40, 60, 0]), np.array([10, 20, 5])
    p, q = (ours + 0.5) / 101.5, (theirs + 0.5) / 36.5
    expected = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert psi(ours, theirs).value == pytest.approx(expected, rel=1e-12)
    assert psi(ours, ours).value == 0.0
    assert psi(ours, np.zeros(3, dtype=int)).value is None


def test_psi_without_drift_is_small_however_many_rows() -> None:
    rng = np.random.default_rng(4)
    for n in (500, 50_000):
        found = [
            feature_drift(*summaries(rng.normal(size=n), rng.normal(size=n))).statistics["psi"].value
            for _ in range(10)
        ]
        assert np.mean(found) == pytest.approx(9 * 2 / n, rel=0.6)


counts = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any)


@given(ours=counts, theirs=counts)
@settings(deadline=None)
def test_jensen_shannon_is_scipys(ours: list[int], theirs: list[int]) -> None:
    a, b = np.array(ours), np.array(theirs)
    expected = distance.jensenshannon(a, b, base=2)
    assert jensen_shannon_divergence(a, b).value == pytest.approx(expected**2, abs=1e-12)
    assert jensen_shannon_distance(a, b).value == pytest.approx(expected, abs=1e-7)
    assert jensen_shannon_distance(a, b).value == pytest.approx(jensen_shannon_distance(b, a).value)


def test_beyond_chance_is_nothing_on_average_and_scipys_with_many_rows() -> None:
    rng = np.random.default_rng(5)
    share = np.array([0.1, 0.2, 0.3, 0.4])
    drawn = [(rng.multinomial(400, share), rng.multinomial(300, share)) for _ in range(4_000)]
    squares = [distance.jensenshannon(a, b, base=2) ** 2 for a, b in drawn]
    by_chance = 3 / 8 * (1 / 400 + 1 / 300) / np.log(2)
    assert np.mean(squares) == pytest.approx(by_chance, rel=0.05)
    for (a, b), square in zip(drawn, squares, strict=True):
        assert distance_beyond_chance(a, b) ** 2 == pytest.approx(max(square - by_chance, 0.0), abs=1e-12)
    other = np.array([0.4, 0.3, 0.2, 0.1])
    many = distance_beyond_chance((share * 1e9).astype(np.int64), (other * 1e9).astype(np.int64))
    assert many == pytest.approx(distance.jensenshannon(share, other, base=2), abs=1e-6)


@given(ours=st.lists(st.integers(20, 90), min_size=2, max_size=6), shift=st.integers(0, 5))
@settings(deadline=None)
def test_chi_square_is_scipys(ours: list[int], shift: int) -> None:
    a, b = np.array(ours), np.roll(ours, shift) + 10
    expected = stats.chi2_contingency(np.stack([a, b]), correction=False)
    found = chi_square(a, b)
    assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)


def test_chi_square_puts_rare_bins_together() -> None:
    a, b = np.array([500, 480, 1, 2, 0]), np.array([250, 240, 0, 1, 2])
    pooled = stats.chi2_contingency([[500, 483], [250, 243]], correction=False)
    assert chi_square(a, b).value == pytest.approx(pooled.statistic)
    only = chi_square(np.array([5, 0]), np.array([9, 0]))
    assert (only.value, only.p_value) == (0.0, 1.0)
    assert chi_square(np.array([0, 0]), np.array([9, 0])).value is None


def test_missing_share_is_the_test_of_two_proportions() -> None:
    cells = NumericCells.from_values([1.0])
    ours = NumericSummary.of([1.0] * 80 + [math.nan] * 5, cells, missing=15)
    theirs = NumericSummary.of([1.0] * 30, cells, missing=20)
    found = missing_share(ours, theirs)
    assert found.value == pytest.approx(0.4 - 0.2)
    expected = stats.chi2_contingency([[80, 20], [30, 20]], correction=False).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert missing_share(ours, NumericSummary.empty(cells)).value is None
    none = NumericSummary.of([1.0], cells)
    assert (missing_share(none, none).value, missing_share(none, none).p_value) == (0.0, 1.0)


def test_category_bins_keep_the_frequent_and_pool_the_rest() -> None:
    categories = Categories(tuple("abcd"))
    ours = CategoricalSummary.of([*"aaabbbbcd"], categories)
    theirs = CategoricalSummary.of([*"abzzc", None], categories)
    a, b = category_bins(ours, theirs, bins=3)
    assert a.tolist() == [4, 3, 2]
    assert b.tolist() == [1, 1, 3]
    found = feature_drift(ours, theirs, feature="x")
    assert (found.kind, found.n_reference, found.n_current) == ("categorical", 9, 5)
    assert set(found.statistics) == {"chi_square", "psi", "jensen_shannon", "missing_share"}


def test_empty_sides_have_no_figures() -> None:
    full, empty = summaries([1.0, 2.0], [])
    for a, b in ((full, empty), (empty, full), (empty, empty)):
        found = feature_drift(a, b)
        assert {one.value for one in found.statistics.values()} == {None}
        assert found.to_dict()["n_reference"] == a.n
    nothing = NumericCells.from_values([])
    found = feature_drift(NumericSummary.empty(nothing), NumericSummary.of([1.0], nothing))
    assert found.statistics["psi"].value is None


def test_what_cannot_be_compared_is_refused() -> None:
    a, _ = summaries([1.0], [1.0])
    b, _ = summaries([2.0], [1.0])
    word = CategoricalSummary.of(["a"], Categories(("a",)))
    for x, y in ((a, b), (a, word), (word, CategoricalSummary.of(["a"], Categories(("b",))))):
        with pytest.raises(InvalidInput):
            feature_drift(x, y)


def test_drift_of_a_profile_names_every_feature() -> None:
    rng = np.random.default_rng(0)
    reference = Reference.of(
        {"x": Column.numeric(rng.normal(size=500)), "w": Column.categorical([*"ab"] * 250)}
    )
    moved = {"x": Column.numeric(rng.normal(2, 1, size=300)), "w": Column.categorical([*"ab"] * 150)}
    found = profile_drift(reference.profile, FeatureProfile.of(moved, reference))
    assert list(found) == ["x", "w"]
    assert found["x"].statistics["ks"].value > 0.5
    assert found["w"].statistics["jensen_shannon"].value == 0.0
    assert found["x"].statistics["ks"].p_value < 1e-10
