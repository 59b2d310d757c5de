"""Variance of means of dependent series, against what is known of the processes that they were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from assay.stats.verdict.autoregression import Autoregression


def walk(rng: np.random.Generator, phi: float, length: int, width: int) -> np.ndarray:
    """Gaussian AR(1) of variance 1."""
    noise = rng.standard_normal((length + 1000, width)) * np.sqrt(1 - phi**2)
    series = lfilter([1.0], [1.0, -phi], noise, axis=0)[1000:]
    return np.asarray(series - series.mean(axis=0))


def exact(phi: float, count: int) -> float:
    """Variance of the mean of `count` observations of it."""
    lags = np.arange(1, count)
    return float((1 + 2 * ((1 - lags / count) * phi**lags).sum()) / count)


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(("length", "count"), [(400, 1), (400, 20), (2000, 100)])
def test_variance_of_a_mean_is_that_of_the_process(phi: float, length: int, count: int) -> None:
    series = walk(np.random.default_rng(1), phi, length, 300)
    found = Autoregression.fit(series).variance_of_mean(count)
    assert float(np.mean(found)) == pytest.approx(exact(phi, count), rel=0.12)


def test_a_season_that_an_autoregression_knows() -> None:
    """An AR(2) with a cycle: its variance of means is far below that of an AR(1) of the same first lag."""
    rng = np.random.default_rng(2)
    radius, turn = 0.95, 2 * np.pi / 20
    noise = rng.standard_normal((9000, 50))
    series = lfilter([1.0], [1.0, -2 * radius * np.cos(turn), radius**2], noise, axis=0)[1000:]
    fitted = Autoregression.fit(series - series.mean(axis=0))
    means = series.reshape(80, 100, 50).mean(axis=1)
    assert float(fitted.variance_of_mean(100).mean()) == pytest.approx(
        float(means.var(axis=0).mean()), rel=0.15
    )


def test_a_count_between_two_whole_ones_lies_between_them() -> None:
    fitted = Autoregression.fit(walk(np.random.default_rng(3), 0.5, 500, 4))
    low, between, high = (fitted.variance_of_mean(count) for count in (3, 3.5, 4))
    assert ((high < between) & (between < low)).all()


def test_independent_observations_of_a_series_with_memory_are_few() -> None:
    found = Autoregression.fit(walk(np.random.default_rng(4), 0.9, 2000, 100)).independent()
    assert float(np.median(found)) == pytest.approx(2000 * (1 - 0.9) / (1 + 0.9), rel=0.2)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_short_series(length: int) -> None:
    fitted = Autoregression.fit(np.zeros((length, 2)))
    assert fitted.variance_of_mean(10).tolist() == [0.0, 0.0]
