"""What wandering levels do to windows, held against plain sums, SciPy and draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from assay.stats.verdict.autoregression import Autoregression
from assay.stats.verdict.levels import SURE, skewed_tail, squared_levels, straightened


def remembering(phi: float, variance: float) -> Autoregression:
    return Autoregression(np.array([variance]), np.array([[phi]]), 1_000)


def levels(phi: float, variance: float, level: float, count: int) -> np.ndarray:
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    covariance = variance * phi**lag
    covariance[lag == 0] = level
    return covariance


@pytest.mark.parametrize("count", [1, 2, 7, 24])
def test_the_variance_is_that_of_all_pairs(count: int) -> None:
    covariance = levels(0.9, 0.5, 0.47, count)
    larger = 40 / stats.chi2.ppf(1 - SURE, 40)
    variance, _ = squared_levels(
        remembering(0.9, 0.5), np.array([0]), np.array([0.47]), np.array([40.0]), count
    )
    assert variance[0] == pytest.approx(2 * larger**2 * (covariance**2).mean(), rel=1e-9)


@pytest.mark.parametrize(
    ("phi", "count", "at_most"), [(0.98, 5, 1.1), (0.9, 20, 1.8), (0.9, 200, 2.0), (0.5, 500, 2.5)]
)
def test_the_third_cumulant_is_bounded_and_not_by_much(phi: float, count: int, at_most: float) -> None:
    covariance = levels(phi, 1.0, 1.0, count)
    sure = np.array([1e12])  # the variance of levels is known
    _, bound = squared_levels(remembering(phi, 1.0), np.array([0]), np.array([1.0]), sure, count)
    exact = 8 * np.trace(covariance @ covariance @ covariance) / count**3
    assert exact <= bound[0] * (1 + 1e-9)
    assert bound[0] <= at_most * exact


def test_a_level_that_is_smaller_than_its_memory() -> None:
    # What is remembered of neighbours cannot be more than the level itself.
    few = squared_levels(remembering(0.9, 0.5), np.array([0]), np.array([0.1]), np.array([40.0]), 2)
    most = squared_levels(remembering(0.9, 0.5), np.array([0]), np.array([0.45]), np.array([40.0]), 2)
    assert few[0] == pytest.approx(most[0])
    assert few[1] == pytest.approx(most[1])
    none = np.zeros(0)
    assert squared_levels(remembering(0.9, 0.5), none.astype(int), none, none, 5)[0].size == 0


def test_skewed_tail_is_pearsons_third_type() -> None:
    z, skewness = np.array([0.5, 2.0, 4.0, 6.0]), np.array([0.3, 1.0, 2.0, 2.8])
    expected = np.minimum(2 * stats.pearson3.sf(z, skewness), 1.0)
    assert skewed_tail(z, skewness) == pytest.approx(expected, rel=1e-6)
    assert skewed_tail(np.array([3.0]), np.array([0.0]))[0] == pytest.approx(2 * stats.norm.sf(3), rel=2e-2)


def test_the_mean_square_of_levels_has_the_tail_that_is_said() -> None:
    """A day of hours that remember: far squares come a hundred times as often as a normal law says."""
    rng = np.random.default_rng(11)
    phi, hours, draws = 0.98, 24, 200_000
    noise = rng.standard_normal((hours, draws)) * np.sqrt(1 - phi**2)
    noise[0] = rng.standard_normal(draws)
    squares = (lfilter([1.0], [1.0, -phi], noise, axis=0) ** 2).mean(axis=0)
    model = remembering(phi, 1.0)
    sure = np.array([1e12])
    (variance,), (third,) = squared_levels(model, np.array([0]), np.array([1.0]), sure, hours)
    deviations = (squares - 1) / np.sqrt(variance)
    p = skewed_tail(deviations, np.full(draws, third / variance**1.5))
    assert squares.var() == pytest.approx(variance, rel=0.05)
    for level in (0.01, 0.001, 0.0002):
        assert np.mean(p <= level) <= level * 1.1 + 4 * np.sqrt(level / draws)
    assert np.mean(2 * stats.norm.sf(deviations) <= 0.0002) > 100 * 0.0002 / 2


def test_straightened_changes_are_no_larger_and_those_of_levels_symmetric() -> None:
    expected, rows = np.full(2, 0.05), np.full(2, 1e6)
    moved = stats.norm.cdf(stats.norm.ppf(0.05) + np.array([0.4, -0.4]))
    change = straightened(moved, expected, rows)
    assert (change <= np.abs(moved - expected)).all()
    assert change[0] == pytest.approx(0.4 * stats.norm.pdf(stats.norm.ppf(0.05)), rel=1e-9)
    # None at all is no further away than the share itself.
    assert straightened(np.zeros(1), np.array([0.05]), np.array([100.0]))[0] <= 0.05
