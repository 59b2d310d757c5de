"""Confidence sequences: equal to their definitions, right at all times together, not changed by restarts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

import assay
from assay.errors import InvalidInput
from assay.stats.sequential import ConfidenceSequence
from assay.stats.sequential.proportion import proportion_upper_bound
from assay.stats.sequential.reference_bound import reference_bound

NAMES = ("proportion", "betting", "empirical-bernstein", "sub-gaussian")


def make(name: str, confidence: float = 0.95) -> ConfidenceSequence:
    options = {"sd": 0.5, "best_at": 100} if name == "sub-gaussian" else {}
    return assay.confidence_sequence(name, confidence=confidence, **options)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_updates_and_restarts_anywhere_change_nothing(name: str, seed: int, cuts: list[int]) -> None:
    values = np.random.default_rng(seed).beta(1, 3, 200)
    values[::17] = np.nan
    whole, parts = make(name), make(name)
    whole.update(values)
    for piece in np.split(values, sorted(cuts)):
        parts.update(piece)
        parts = assay.confidence_sequence(json.loads(json.dumps(parts.to_dict(), allow_nan=False)))
    assert parts.to_dict() == whole.to_dict()
    assert parts.interval == whole.interval
    assert whole.interval.missing == 12


@pytest.mark.parametrize(("n", "ones"), [(10, 0), (10, 10), (40, 7), (500, 250)])
def test_the_ends_for_a_proportion_are_where_the_mixture_says(n: int, ones: int) -> None:
    interval = make("proportion").update([1.0] * ones + [0.0] * (n - ones))

    def mixture(upper: float) -> float:
        whole = quad(lambda q: q ** (ones - 0.5) * (1 - q) ** (n - ones - 0.5), 0, upper, limit=200)[0]
        return whole / quad(lambda q: q**-0.5 * (1 - q) ** -0.5, 0, upper, limit=200)[0]

    for end in (interval.lower, interval.upper):
        if 0 < end < 1:
            assert mixture(1.0) / (end**ones * (1 - end) ** (n - ones)) == pytest.approx(20, rel=1e-4)
    bound = proportion_upper_bound(n, ones, alpha=0.05)
    if bound < 1:
        assert mixture(bound) / (bound**ones * (1 - bound) ** (n - ones)) == pytest.approx(20, rel=1e-4)
        assert bound < interval.upper


def test_the_sub_gaussian_end_is_where_the_mixture_says() -> None:
    values = np.random.default_rng(1).normal(0, 0.5, 80)
    sequence = make("sub-gaussian")
    interval = sequence.update(values)
    spent = 2 * math.log(20)
    extra = 100 / (spent + math.log1p(spent))
    total = (values - interval.upper).sum() / 0.5

    def density(bet: float) -> float:
        return norm.pdf(bet, 0, 1 / math.sqrt(extra)) * math.exp(bet * total - 80 * bet * bet / 2)

    assert quad(density, -5, 5, limit=400)[0] == pytest.approx(20, rel=1e-5)


def naive_bounds(values: list[float], candidate: float, alpha: float) -> tuple[float, float, float]:
    """Theorems 2 and 3 of Waudby-Smith and Ramdas: centre, half width, log capital against a candidate."""
    weight = weighted = paid = up = down = 0.0
    means, squares, total = [0.5], 0.0, 0.0
    variance = 0.25
    for t, value in enumerate(values, 1):
        bet = math.sqrt(2 * math.log(2 / alpha) / (variance * t * math.log(1 + t)))
        capped = min(bet, 0.5)
        weight += capped
        weighted += capped * value
        paid += 4 * (value - means[-1]) ** 2 * (-math.log(1 - capped) - capped) / 4
        up += math.log(1 + min(bet, 0.5 / candidate) * (value - candidate))
        down += math.log(1 - min(bet, 0.5 / (1 - candidate)) * (value - candidate))
        total += value
        means.append((0.5 + total) / (t + 1))
        squares += (value - means[-1]) ** 2
        variance = (0.25 + squares) / (t + 1)
    capital = math.log(math.exp(up) / 2 + math.exp(down) / 2)
    return weighted / weight, (math.log(2 / alpha) + paid) / weight, capital


def test_bets_are_those_of_the_paper() -> None:
    values = np.random.default_rng(2).beta(2, 6, 150).tolist()
    centre, half, _ = naive_bounds(values, 0.5, 0.05)
    interval = make("empirical-bernstein").update(values)
    assert interval.estimate == pytest.approx(centre, rel=1e-9)
    assert (interval.lower, interval.upper) == pytest.approx((centre - half, centre + half), rel=1e-9)
    betting = make("betting").update(values)
    for end, inwards in ((betting.lower, 0.004), (betting.upper, -0.004)):
        assert naive_bounds(values, end, 0.05)[2] >= math.log(20)
        assert naive_bounds(values, end + inwards, 0.05)[2] < math.log(20)


def ever_missed(name: str, draw: Any, mean: float, *, streams: int, looks: list[int]) -> float:
    missed = 0
    for _ in range(streams):
        sequence, values = make(name, confidence=0.9), draw(looks[-1])
        wrong = False
        for begun, ended in zip([0, *looks], looks, strict=False):
            interval = sequence.update(values[begun:ended])
            wrong |= not interval.lower <= mean <= interval.upper
        missed += wrong
    return missed / streams


LOOKS = sorted({round(1.3**power) for power in range(24)})


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_is_inside_at_all_times_together(name: str) -> None:
    rng = np.random.default_rng(3)
    rate = ever_missed(name, lambda n: (rng.random(n) < 0.2).astype(float), 0.2, streams=80, looks=LOOKS)
    assert rate <= 0.1 + 3 * math.sqrt(0.09 / 80)


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mean", [0.02, 0.3, 0.8])
@pytest.mark.parametrize("spread", [0, 1, 20])
def test_the_mean_is_inside_at_all_times_in_the_long_run(name: str, mean: float, spread: float) -> None:
    rng = np.random.default_rng(4)

    def draw(n: int) -> Any:
        ones = (rng.random(n) < mean).astype(float)
        return rng.beta(spread * mean, spread * (1 - mean), n) if spread else ones

    looks = sorted({*range(1, 100), *(round(100 * 1.02**power) for power in range(200))})
    assert ever_missed(name, draw, mean, streams=1_000, looks=looks) <= 0.1 + 3 * math.sqrt(0.09 / 1_000)


def test_looking_again_and_again_fools_an_interval_for_one_look() -> None:
    # What the sequences are for: the usual interval misses at some time far more often than it says.
    rng = np.random.default_rng(5)
    values = (rng.random((300, 1_000)) < 0.5).astype(float)
    n = np.arange(1, 1_001)
    means = values.cumsum(axis=1) / n
    half = norm.ppf(0.95) * np.sqrt(0.25 / n)
    assert (np.abs(means - 0.5) > half)[:, 30:].any(axis=1).mean() > 0.3


@pytest.mark.parametrize("kind", ["ones", "flat"])
@pytest.mark.parametrize("n", [5, 200])
def test_the_bound_of_a_reference_is_seldom_too_low(kind: str, n: int) -> None:
    rng = np.random.default_rng(6)
    samples = (rng.random((600, n)) < 0.2).astype(float) if kind == "ones" else rng.beta(4, 16, (600, n))
    bounds = np.array([reference_bound(sample, alpha=0.1) for sample in samples])
    assert (bounds < 0.2).mean() <= 0.1 + 3 * math.sqrt(0.09 / 600)
    assert (bounds <= 1).all()
    if n == 200:
        assert bounds.mean() < (0.25 if kind == "ones" else 0.27)


@pytest.mark.parametrize("name", ["proportion", "betting", "empirical-bernstein"])
def test_values_outside_are_refused(name: str) -> None:
    sequence = make(name)
    with pytest.raises(InvalidInput, match="clip or scale"):
        sequence.update([0.5, 1.5])
    assert sequence.interval.n == 0
    assert (sequence.interval.lower, sequence.interval.upper, sequence.interval.estimate) == (0, 1, None)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("proportion", {"confidence": 1}),
        ("sub-gaussian", {"sd": 0}),
        ("sub-gaussian", {}),
        ("sub-gaussian", {"sd": 1, "best_at": 0}),
        ("=cmd", {}),
    ],
)
def test_bad_options_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        assay.confidence_sequence(name, **options)


@pytest.mark.parametrize("name", NAMES)
def test_states_that_do_not_read_back_are_refused(name: str) -> None:
    saved = make(name).to_dict()
    for broken in (
        {**saved, "state": {}},
        {**saved, "format": 0},
        {**saved, "options": {"confidence": "x"}},
        {**saved, "state": {**saved["state"], "total": "x"}},
    ):
        with pytest.raises(InvalidInput):
            assay.confidence_sequence(broken)
