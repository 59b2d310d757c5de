"""Values and p-values against SciPy, and against definitions written down naively."""

from __future__ import annotations

import math
import warnings
from itertools import combinations
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.stats.drift.anderson_darling import anderson_darling
from assay.stats.drift.chi_square import chi_square
from assay.stats.drift.cramer_von_mises import cramer_von_mises
from assay.stats.drift.g_test import g_test
from assay.stats.drift.hellinger import hellinger
from assay.stats.drift.ks import ks
from assay.stats.drift.kullback_leibler import kullback_leibler
from assay.stats.drift.l_infinity import l_infinity
from assay.stats.drift.registry import STATISTICS
from assay.stats.drift.total_variation import total_variation
from assay.stats.drift.two_proportions import fisher_exact, two_proportions
from assay.stats.drift.wasserstein import wasserstein, wasserstein_normed

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
samples = st.lists(numbers, min_size=2, max_size=40)
tied = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=40)
either = st.one_of(samples, tied)
counts = st.lists(st.integers(0, 60), min_size=4, max_size=4).filter(any).map(np.array)


@given(either, either)
@settings(deadline=None, max_examples=40)
def test_ks_is_scipys(ours: list[float], theirs: list[float]) -> None:
    untied = len(set(ours) | set(theirs)) == len(ours) + len(theirs)
    found, expected = ks(ours, theirs), stats.ks_2samp(ours, theirs, method="exact" if untied else "asymp")
    assert found.value == pytest.approx(expected.statistic, abs=1e-12)
    if untied:  # with ties, see the permutations below
        assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)


@given(samples, samples)
@settings(deadline=None, max_examples=40)
def test_cramer_von_mises_is_scipys_without_ties(ours: list[float], theirs: list[float]) -> None:
    if len(set(ours) | set(theirs)) < len(ours) + len(theirs):
        return
    n, m = len(ours), len(theirs)
    found = cramer_von_mises(ours, theirs)
    expected = stats.cramervonmises_2samp(ours, theirs, method="exact" if n * m <= 200 else "asymptotic")
    assert found.value == pytest.approx(expected.statistic, abs=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=60))
@settings(deadline=None, max_examples=40)
def test_cramer_von_mises_is_scipys_with_ties_of_equal_samples(pairs: list[tuple[int, int]]) -> None:
    ours, theirs = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    expected = stats.cramervonmises_2samp(ours, theirs, method="asymptotic").statistic
    assert cramer_von_mises(ours, theirs).value == pytest.approx(expected, abs=1e-9)


@given(tied, tied)
@settings(deadline=None, max_examples=40)
def test_cramer_von_mises_is_its_definition_with_ties(ours: list[float], theirs: list[float]) -> None:
    n, m = len(ours), len(theirs)

    def difference(at: float, *, strictly: bool) -> float:
        below = [sum(x < at if strictly else x <= at for x in side) / len(side) for side in (ours, theirs)]
        return below[0] - below[1]

    squares = [
        (difference(at, strictly=True) ** 2 + difference(at, strictly=False) ** 2) / 2
        for at in [*ours, *theirs]
    ]
    expected = n * m / (n + m) ** 2 * sum(squares)
    assert cramer_von_mises(ours, theirs).value == pytest.approx(expected, abs=1e-12)


def test_two_equal_constants_of_different_size_do_not_differ() -> None:
    # SciPy's midranks give 7.4 here, with a p-value of 0.
    found = cramer_von_mises([1.0] * 100, [1.0] * 10)
    assert (found.value, found.p_value) == (0.0, 1.0)


@given(either, either)
@settings(deadline=None, max_examples=40)
def test_anderson_darling_is_scipys(ours: list[float], theirs: list[float]) -> None:
    if len(set(ours) | set(theirs)) < 2:
        return
    expected = stats.anderson_ksamp(
        [np.array(ours), np.array(theirs)], variant="midrank", method=_NO_PERMUTATIONS
    )
    found = anderson_darling(ours, theirs)
    assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)


# Asking for permutations is how SciPy is kept from warning about the ends of its table.
_NO_PERMUTATIONS = stats.PermutationMethod(n_resamples=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.2, 0.3])
def test_anderson_darling_agrees_with_the_table_where_it_reaches(shift: float) -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.normal(size=300), rng.normal(shift, 1, size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the table has ends
        expected = stats.anderson_ksamp([ours, theirs], variant="midrank").pvalue
    found = anderson_darling(ours, theirs).p_value
    if 0.001 < expected < 0.25:
        assert found == pytest.approx(expected, rel=0.06)
    else:
        assert found >= 0.24 if expected == 0.25 else found <= 0.0011


def test_anderson_darling_of_many_rows_expands_its_variance() -> None:
    rng = np.random.default_rng(6)
    ours, theirs = rng.normal(size=70_000), rng.normal(size=40_000)  # above the size where sums are expanded
    expected = stats.anderson_ksamp([ours, theirs], variant="midrank", method=_NO_PERMUTATIONS)
    began = process_time()
    assert anderson_darling(ours, theirs).value == pytest.approx(expected.statistic, rel=1e-6)
    assert process_time() - began < 0.3  # counting the permutations alone would take as long


@given(either, either)
@settings(deadline=None, max_examples=40)
def test_wasserstein_is_scipys(ours: list[float], theirs: list[float]) -> None:
    expected = stats.wasserstein_distance(ours, theirs)
    assert wasserstein(ours, theirs).value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    deviation = float(np.std(ours))
    if deviation > 1e-3:
        normed = wasserstein_normed(ours, theirs).value
        assert normed == pytest.approx(expected / deviation, rel=1e-9, abs=1e-9)


@given(counts, counts)
@settings(deadline=None, max_examples=40)
def test_distances_of_shares_are_their_formulas(ours: np.ndarray, theirs: np.ndarray) -> None:
    p, q = ours / ours.sum(), theirs / theirs.sum()
    assert total_variation(ours, theirs).value == pytest.approx(np.abs(p - q).sum() / 2, abs=1e-12)
    assert l_infinity(ours, theirs).value == pytest.approx(np.abs(p - q).max(), abs=1e-12)
    overlap = sum(math.sqrt(a * b) for a, b in zip(p, q, strict=True))
    assert hellinger(ours, theirs).value ** 2 == pytest.approx(max(1 - overlap, 0.0), abs=1e-12)
    smooth = stats.entropy(theirs + 0.5, ours + 0.5)
    assert kullback_leibler(ours, theirs).value == pytest.approx(smooth, abs=1e-12)
    plain = stats.entropy(theirs, ours)
    found = kullback_leibler(ours, theirs, smoothing=0.0).value
    assert found is None if math.isinf(plain) else found == pytest.approx(plain, abs=1e-12)


@given(st.lists(st.integers(20, 90), min_size=2, max_size=6), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
def test_tables_are_scipys(ours: list[int], shift: int) -> None:
    a, b = np.array(ours), np.roll(ours, shift) + 10
    for found, kind in ((chi_square(a, b), "pearson"), (g_test(a, b), "log-likelihood")):
        expected = stats.chi2_contingency(np.stack([a, b]), correction=False, lambda_=kind)
        assert found.value == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-9)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
@settings(deadline=None)
def test_fisher_is_scipys(a: int, b: int, c: int, d: int) -> None:
    n, m = a + b, c + d
    if not n or not m:
        return
    assert fisher_exact(a, n, c, m) == pytest.approx(stats.fisher_exact([[a, b], [c, d]]).pvalue, abs=1e-9)
    more = stats.fisher_exact([[c, d], [a, b]], alternative="greater").pvalue
    assert fisher_exact(a, n, c, m, more=True) == pytest.approx(more, abs=1e-9)


def test_two_proportions_is_the_test_without_correction_where_rows_are_many() -> None:
    expected = stats.chi2_contingency([[40, 160], [60, 90]], correction=False).pvalue
    assert two_proportions(40, 200, 60, 150) == pytest.approx(expected, rel=1e-9)
    few = stats.fisher_exact([[1, 99], [6, 94]]).pvalue
    assert two_proportions(1, 100, 6, 100) == pytest.approx(few, rel=1e-9)


@pytest.mark.parametrize("name", ["ks", "cramer_von_mises", "anderson_darling"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([1.0, 2.0, 3.0, 4.0], [2.5, 3.5, 5.0]),
        ([1.0, 1.0, 2.0, 3.0], [1.0, 2.0, 2.0]),
        ([0.0, 0.0, 0.0, 1.0, 2.0], [0.0, 2.0, 2.0, 2.0]),
    ],
)
def test_small_p_values_are_shares_of_all_permutations(
    name: str, ours: list[float], theirs: list[float]
) -> None:
    both, statistic = [*ours, *theirs], STATISTICS[name]
    found = statistic(ours, theirs)
    values = []
    for chosen in combinations(range(len(both)), len(ours)):
        rest = [x for place, x in enumerate(both) if place not in chosen]
        values.append(statistic([both[place] for place in chosen], rest).value)
    expected = np.mean(np.array(values) >= found.value - 1e-9)
    assert found.p_value == pytest.approx(expected, abs=1e-12)
