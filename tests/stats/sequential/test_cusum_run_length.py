"""Run lengths of CUSUMs: textbook values, Brook and Evans' chain with many states, and a chain by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.stats.sequential import BernoulliCusum, Cusum
from assay.stats.sequential.cusum_run_length import (
    bernoulli_run_length,
    bernoulli_step,
    bernoulli_threshold,
    normal_run_length,
    normal_threshold,
)


# Montgomery, Introduction to Statistical Quality Control: two-sided, k = 1/2.
@pytest.mark.parametrize(
    ("h", "mean", "expected"),
    [(4, 0, 168), (5, 0, 465), (4, 1, 8.38), (5, 1, 10.4), (4, 2, 3.34), (5, 2, 4.01)],
)
def test_textbook_values(h: float, mean: float, expected: float) -> None:
    two_sided = 1 / (1 / normal_run_length(h, mean=mean) + 1 / normal_run_length(h, mean=-mean))
    assert two_sided == pytest.approx(expected, rel=0.004)


def brook_evans(h: float, k: float, mean: float, states: int) -> float:
    """Run length of a chain on equal cells, each represented by its middle."""
    width = 2 * h / (2 * states - 1)
    places = np.arange(states)
    upper = norm.cdf((places[None, :] - places[:, None] + 0.5) * width + k - mean)
    lower = norm.cdf((places[None, :] - places[:, None] - 0.5) * width + k - mean)
    moves = upper - lower
    moves[:, 0] = upper[:, 0]
    return float(np.linalg.solve(np.eye(states) - moves, np.ones(states))[0])


@pytest.mark.parametrize(("h", "k", "mean"), [(4, 0.5, 0), (5, 0.5, 1), (3, 0.25, 0), (8, 0.25, -0.1)])
def test_the_integral_equation_is_the_limit_of_the_chain(h: float, k: float, mean: float) -> None:
    coarse, fine = (brook_evans(h, k, mean, states) for states in (100, 200))
    limit = fine + (fine - coarse) / 3  # the error falls with the square of the number of states
    assert normal_run_length(h, k=k, mean=mean) == pytest.approx(limit, rel=1e-4)


@pytest.mark.parametrize(("h", "share", "step"), [(1, 0.3, 2), (5, 0.1, 4), (12, 0.2, 4), (40, 0.1, 7)])
def test_the_bernoulli_chain_written_out(h: int, share: float, step: int) -> None:
    moves = np.zeros((h, h))
    for place in range(h):
        moves[place, max(place - 1, 0)] += 1 - share
        if place + step - 1 < h:
            moves[place, place + step - 1] += share
    expected = np.linalg.solve(np.eye(h) - moves, np.ones(h))[0]
    assert bernoulli_run_length(h, share=share, step=step) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("wanted", [50, 465, 10_000, 1e6])
def test_thresholds_give_the_run_length(wanted: float) -> None:
    assert normal_run_length(normal_threshold(wanted)) == pytest.approx(wanted, rel=1e-6)
    step = bernoulli_step(0.1, 0.2)
    h = bernoulli_threshold(wanted, share=0.1, step=step)
    assert bernoulli_run_length(h - 1, share=0.1, step=step) < wanted
    assert bernoulli_run_length(h, share=0.1, step=step) >= wanted


def test_detectors_run_as_long_as_computed() -> None:
    rng = np.random.default_rng(1)
    n = 400_000
    normal = Cusum(mean=3.0, sd=2.0, run_length=168)
    assert normal.threshold == pytest.approx(4.0, abs=0.01)
    alarms = normal.update(rng.normal(3, 2, n)).alarms
    assert n / len(alarms) == pytest.approx(168, rel=4 / len(alarms) ** 0.5)
    ones = BernoulliCusum(before=0.9, after=0.8, run_length=500)
    alarms = ones.update((rng.random(n) < 0.9).astype(float)).alarms
    exact = bernoulli_run_length(int(ones.threshold), share=0.1, step=7)
    assert n / len(alarms) == pytest.approx(exact, rel=4 / len(alarms) ** 0.5)
