"""Every small change can be found: the likelihood-ratio test, which knows both laws, does so nearly
always."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from bench.drift.cases import change_model, change_shape
from bench.drift.cases.models import WEIGHTS, sigmoid
from bench.drift.draw import zipf_shares
from bench.drift.power import LEAST, autocorrelated_rows, effective_rows, power
from scipy import stats

_DRAWS = 200_000
_IID = effective_rows(1_500, 5_000)
_MODEL = effective_rows(2_000, 5_000)


def _laws(before: object, after: object) -> np.ndarray:
    """Log ratios of two laws of SciPy, at draws from the second."""
    drawn = after.rvs(_DRAWS, random_state=np.random.default_rng(1))
    density = "logpdf" if isinstance(before.dist, stats.rv_continuous) else "logpmf"
    return getattr(after, density)(drawn) - getattr(before, density)(drawn)


def _shares(before: list[float], after: list[float]) -> np.ndarray:
    first, second = (np.asarray(law) / np.sum(law) for law in (before, after))
    with np.errstate(divide="ignore"):
        ratio = np.log(second) - np.log(first)
    return ratio[np.random.default_rng(1).choice(len(second), _DRAWS, p=second)]


def _humps(distance: float) -> np.ndarray:
    width = np.sqrt(1 - distance**2)
    drawn = change_shape.humps(np.random.default_rng(1), _DRAWS, distance)
    both = stats.norm.pdf(drawn, distance, width) + stats.norm.pdf(drawn, -distance, width)
    return np.log(both / 2) - stats.norm.logpdf(drawn)


def _correlated(before: float, after: float) -> np.ndarray:
    old, new = (stats.multivariate_normal([0, 0], [[1, c], [c, 1]]) for c in (before, after))
    drawn = new.rvs(_DRAWS, random_state=np.random.default_rng(1))
    return new.logpdf(drawn) - old.logpdf(drawn)


def _chances(change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Log ratios of labels whose log odds change from those of the model to `change(inputs)`."""
    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((_DRAWS, len(WEIGHTS)))
    old, new = sigmoid(inputs @ WEIGHTS), sigmoid(change(inputs))
    return np.where(rng.random(_DRAWS) < new, np.log(new / old), np.log((1 - new) / (1 - old)))


def _turned(inputs: np.ndarray) -> np.ndarray:
    weights = WEIGHTS.copy()
    weights[0] -= 0.6
    weights[4] = np.sqrt(WEIGHTS[0] ** 2 - weights[0] ** 2)
    return inputs @ weights


def _in_a_region(inputs: np.ndarray) -> np.ndarray:
    chance = sigmoid(inputs @ WEIGHTS)
    turned = np.where(inputs[:, 0] > 0.5, 0.6 * chance + 0.4 * (1 - chance), chance)
    return np.log(turned / (1 - turned))


_NORMAL = stats.norm()
_ZIPF = zipf_shares(100)
_SPREAD = float(np.sqrt((WEIGHTS**2).sum()))
SMALL = {
    "location": (lambda: _laws(_NORMAL, stats.norm(0.25)), _IID),
    "scale": (lambda: _laws(_NORMAL, stats.norm(0, 1.3)), _IID),
    "shape_of_equal_moments": (lambda: _humps(0.85), _IID),
    "tails": (lambda: _laws(_NORMAL, stats.t(3, 0, 3**-0.5)), _IID),
    "location_of_skewed": (lambda: _laws(_NORMAL, stats.norm(0.3)), _IID),
    "rate_of_counts": (lambda: _laws(stats.poisson(3), stats.poisson(3.8)), _IID),
    "a_subgroup": (lambda: _laws(_NORMAL, stats.norm(1.0)), 0.2 * _IID),
    "fifty_rows_that_moved": (lambda: _laws(_NORMAL, stats.norm(1.1)), effective_rows(50, 5_000)),
    "one_of_five_hundred": (lambda: _laws(_NORMAL, stats.norm(0.5)), effective_rows(600, 3_000)),
    "correlation_appears": (lambda: _correlated(0.0, 0.3), _IID),
    "correlation_is_lost": (lambda: _correlated(0.8, 0.62), _IID),
    "correlation_turns": (lambda: _correlated(-0.8, -0.6), _IID),
    "shares_of_categories": (lambda: _shares([0.5, 0.3, 0.2], [0.41, 0.3, 0.29]), _IID),
    "shares_of_many_categories": (
        lambda: _shares(list(_ZIPF), list(0.75 * _ZIPF + 0.25 * _ZIPF[::-1])),
        _IID,
    ),
    "a_new_category": (lambda: _shares([0.5, 0.3, 0.2, 0.0], [0.48, 0.288, 0.192, 0.04]), _IID),
    "a_category_that_is_gone": (lambda: _shares([0.94, 0.06], [1 - 1e-12, 1e-12]), _IID),
    "missing_numbers": (lambda: _shares([0.98, 0.02], [0.94, 0.06]), _IID),
    "missing_categories": (lambda: _shares([0.95, 0.05], [0.88, 0.12]), _IID),
    "missing_no_more": (lambda: _shares([0.75, 0.25], [0.84, 0.16]), _IID),
    "recurring": (lambda: _laws(_NORMAL, stats.norm(0.7)), effective_rows(750, 10_000)),
    "late_in_the_window": (lambda: _laws(_NORMAL, stats.norm(0.9)), effective_rows(500, 10_000)),
    "gradual": (lambda: _laws(_NORMAL, stats.norm(0.35)), effective_rows(1_500, 10_000)),
    "ordered_rows_that_move": (lambda: _laws(_NORMAL, stats.norm(0.3)), effective_rows(1_500, 10_000)),
    "ar_90_with_a_shift": (
        lambda: _laws(_NORMAL, stats.norm(1.1)),
        effective_rows(autocorrelated_rows(1_000, 0.9), autocorrelated_rows(20_000, 0.9)),
    ),
    "ar_98_with_a_shift": (
        lambda: _laws(_NORMAL, stats.norm(1.8)),
        effective_rows(autocorrelated_rows(2_000, 0.98), autocorrelated_rows(60_000, 0.98)),
    ),
    # The variance of an AR(1) has the memory of its square.
    "ar_90_that_swings_wider": (
        lambda: _laws(_NORMAL, stats.norm(0, 1.7)),
        effective_rows(autocorrelated_rows(1_000, 0.81), autocorrelated_rows(20_000, 0.81)),
    ),
    # Twelve hours against the same twelve of 28 days.
    "a_daily_season_with_a_shift": (lambda: _laws(_NORMAL, stats.norm(0.7)), effective_rows(144, 28 * 144)),
    "a_weekly_season_that_fails": (lambda: _laws(_NORMAL, stats.norm(0.8)), effective_rows(288, 7 * 288)),
    "scores_that_move": (lambda: _laws(stats.norm(0, _SPREAD), stats.norm(0.5, _SPREAD)), _MODEL),
    "scores_that_spread": (lambda: _laws(stats.norm(0, _SPREAD), stats.norm(0, 1.5 * _SPREAD)), _MODEL),
    "predicted_classes_that_move": (
        lambda: _shares([0.5, 0.5], [1 - (up := float(stats.norm.cdf(0.4 / _SPREAD))), up]),
        _MODEL,
    ),
    "labels_alone": (lambda: _chances(lambda inputs: inputs @ WEIGHTS + 0.5), _MODEL),
    "truth_given_inputs": (lambda: _chances(_turned), _MODEL),
    "truth_in_a_region": (lambda: _chances(_in_a_region), _MODEL),
    "accuracy_that_falls": (lambda: _shares([0.85, 0.15], [0.78, 0.22]), _MODEL),
    "an_error_that_grows": (lambda: _correlated(0.95, 0.93), _MODEL),
    "a_regressor_that_is_biased": (lambda: _laws(stats.norm(0, 1.25), stats.norm(0.3, 1.25)), _MODEL),
    "scores_that_follow_inputs": (lambda: _laws(_NORMAL, stats.norm(0.3)), _MODEL),
    "harder_inputs": (lambda: _laws(_NORMAL, stats.norm(0, 0.7)), _MODEL),
}


@pytest.mark.parametrize("name", SMALL)
def test_the_best_test_finds_a_small_change(name: str) -> None:
    ratios, rows = SMALL[name]
    assert power(ratios(), rows) >= LEAST


def test_power_is_that_of_the_test_of_a_normal_mean() -> None:
    """Known in closed form: the sum of log ratios is normal, with half its variance for its mean."""
    distance = 0.2 * np.sqrt(500)
    expected = stats.norm.sf((-np.log(0.001) - distance**2 / 2) / distance)
    assert power(_laws(_NORMAL, stats.norm(0.2)), 500) == pytest.approx(expected, abs=0.06)


def test_a_row_that_was_impossible_before_is_found_at_once() -> None:
    assert power(np.array([0.0] * 9 + [np.inf]), 100) == pytest.approx(1 - 0.9**100, abs=0.01)


def test_a_change_too_small_for_the_window_has_no_power() -> None:
    assert power(_laws(_NORMAL, stats.norm(0.05)), 100) < 0.05


def test_both_model_files_agree_on_the_sizes() -> None:
    assert (change_model.ROWS, change_model.WINDOW) == (5_000, 2_000)
    assert (change_shape.ROWS, change_shape.WINDOW) == (5_000, 1_500)
