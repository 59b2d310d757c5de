"""Laws of statistics without change: against tables in print, simulations and exact laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import chdtrc, gammaln

from assay.stats.drift.smirnov import smirnov_tail
from assay.stats.drift.weighted_chi_square import (
    anderson_darling_tail,
    cramer_von_mises_tail,
    weighted_chi_square_tail,
)


@pytest.mark.parametrize(
    ("x", "p"),
    # Anderson and Darling (1952), table 1; Csörgő and Faraway (1996), table 1.
    [(0.34730, 0.10), (0.46136, 0.05), (0.58061, 0.025), (0.74346, 0.01), (1.16786, 0.001), (0.02480, 0.99)],
)
def test_cramer_von_mises_in_print(x: float, p: float) -> None:
    assert cramer_von_mises_tail(x) == pytest.approx(p, rel=1e-3)


@pytest.mark.parametrize(
    ("x", "p"),
    # Anderson and Darling (1954); Lewis (1961); Marsaglia and Marsaglia (2004).
    [(1.933, 0.10), (2.492, 0.05), (3.857, 0.01024), (3.878, 0.01), (5.967, 0.001), (0.0, 1.0)],
)
def test_anderson_darling_in_print(x: float, p: float) -> None:
    assert anderson_darling_tail(x) == pytest.approx(p, rel=5e-3)


def test_far_tails_keep_their_digits() -> None:
    # The first weight alone decides, times the product over the others (Zolotarev 1961).
    for tail, first, factor in (
        (cramer_von_mises_tail, np.pi**-2, np.sqrt(2)),
        (anderson_darling_tail, 0.5, np.sqrt(3)),
    ):
        expected = factor * chdtrc(1, 40 / first)
        assert 0 < tail(40.0) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    "weights", [[1.0], [2.0, 1.0], [3.0, 1.0, 0.5], [3.0, 2.9, 1.0, 0.4, 0.3], [5.0, 4.0, 0.1, 1e-7]]
)
def test_weighted_sums_are_as_simulated(weights: list[float]) -> None:
    rng = np.random.default_rng(0)
    given = np.array(weights)
    drawn = rng.chisquare(1, size=(100_000, given.size)) @ given
    for x in given.sum() * np.array([0.3, 1.0, 3.0]):
        share = float((drawn > x).mean())
        error = 5 * np.sqrt(share * (1 - share) / drawn.size) + 1e-3
        assert weighted_chi_square_tail(float(x), given) == pytest.approx(share, abs=error)


def test_two_weights_nearly_alike_are_an_exponential() -> None:
    assert weighted_chi_square_tail(30.0, np.array([1.001, 0.999])) == pytest.approx(np.exp(-15), rel=2e-3)


@pytest.mark.parametrize(("n", "m"), [(30, 40), (50, 50), (50, 1000), (200, 300), (1000, 1000), (997, 1000)])
@pytest.mark.parametrize("z", [0.9, 1.36, 1.63, 2.0])
def test_smirnov_is_near_the_exact_law(n: int, m: int, z: float) -> None:
    step = np.gcd(n, m) / n / m
    value = np.ceil(z / np.sqrt(n * m / (n + m)) / step) * step
    assert smirnov_tail(value, n, m) == pytest.approx(_exact(n, m, value), rel=0.1)


def _exact(n: int, m: int, value: float) -> float:
    """One minus the share of paths that stay within the band, counted row by row, in units of the largest."""
    j = np.arange(m + 1)
    inside, log_unit = np.zeros(m + 1), 0.0
    inside[0] = 1.0
    for i in range(n + 1):
        band = np.abs(i / n - j / m) < value - 1e-9
        inside = np.cumsum(inside * band) * band
        largest = inside.max()
        inside, log_unit = inside / largest, log_unit + float(np.log(largest))
    paths = gammaln(n + m + 1) - gammaln(n + 1) - gammaln(m + 1)
    return float(1 - inside[m] * np.exp(log_unit - paths))


def test_smirnov_has_ends() -> None:
    assert smirnov_tail(0.0, 5, 5) == 1.0
    assert smirnov_tail(1.0, 10**6, 10**6) == 0.0
    assert smirnov_tail(1.0, 1, 1) <= 1.0
    assert stats.kstwobign.sf(1.0) == pytest.approx(smirnov_tail(1 / np.sqrt(5e8), 10**9, 10**9), rel=1e-3)
