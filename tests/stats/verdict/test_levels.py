"""What wandering levels do to windows, held against plain sums, SciPy and draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from assay.stats.verdict.autoregression import Autoregression
from assay.stats.verdict.levels import SURE, skewed_tail, squared_covariance, straightened


def remembering(phi: float, variance: float) -> Autoregression:
    return Autoregression(np.array([variance]), np.array([[phi]]), 1_000)


@pytest.mark.parametrize("count", [1, 2, 7, 24])
def test_squared_covariance_is_the_mean_over_all_pairs(count: int) -> None:
    phi, variance, level = 0.9, 0.5, 0.47
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    covariance = variance * phi**lag
    covariance[lag == 0] = level
    larger = 40 / stats.chi2.ppf(1 - SURE, 40)
    found = squared_covariance(
        remembering(phi, variance), np.array([0]), np.array([level]), np.array([40.0]), count
    )
    assert found[0] == pytest.approx(larger**2 * (covariance**2).mean(), rel=1e-9)


def test_squared_covariance_of_a_level_that_is_smaller_than_its_memory() -> None:
    # What is remembered of neighbours cannot be more than the level itself.
    few = squared_covariance(remembering(0.9, 0.5), np.array([0]), np.array([0.1]), np.array([40.0]), 2)
    most = squared_covariance(remembering(0.9, 0.5), np.array([0]), np.array([0.45]), np.array([40.0]), 2)
    assert few == pytest.approx(most)
    none = np.zeros(0)
    assert squared_covariance(remembering(0.9, 0.5), none.astype(int), none, none, 5).size == 0


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
    covariance = model.mean_square(hours, np.array([0]), np.array([1.0]))
    deviations = (squares - 1) / np.sqrt(2 * covariance)
    skewness = np.full(draws, 8 * float(covariance[0]) ** 1.5 / float(2 * covariance[0]) ** 1.5)
    p = skewed_tail(deviations, skewness)
    assert squares.var() == pytest.approx(2 * covariance[0], rel=0.05)
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
