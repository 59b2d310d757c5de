"""The law of divergences, held against enumeration and against permutations of the rows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from assay.stats.drift.chi_square import chi_square, chi_square_cell
from assay.stats.drift.divergence_law import (
    Cell,
    _of_cut_bins,
    _of_dealt_rows,
    divergence_p_value,
    gamma_tail,
)
from assay.stats.drift.g_test import g_test, g_test_cell
from assay.stats.drift.hellinger import hellinger, hellinger_cell
from assay.stats.drift.jensen_shannon import jensen_shannon_cell, jensen_shannon_distance
from assay.stats.drift.kullback_leibler import kullback_leibler, kullback_leibler_cell
from assay.stats.drift.psi import psi, psi_cell

CELLS: dict[str, Cell] = {
    "psi": psi_cell,
    "kullback_leibler": kullback_leibler_cell,
    "jensen_shannon": jensen_shannon_cell,
    "hellinger": hellinger_cell,
    "chi_square": chi_square_cell,
    "g_test": g_test_cell,
}


def summed(name: str, ours: np.ndarray, theirs: np.ndarray) -> float:
    n, m = int(ours.sum()), int(theirs.sum())
    return float(CELLS[name](ours.astype(float), theirs.astype(float), n, m, ours.size).sum())


def test_terms_add_up_to_the_statistics() -> None:
    ours, theirs = np.array([40, 25, 60, 12]), np.array([20, 31, 44, 30])
    rows = ours.sum() * theirs.sum() / (ours.sum() + theirs.sum())
    distance = jensen_shannon_distance(ours, theirs).value
    assert distance is not None
    expected = {
        "psi": rows * psi(ours, theirs).value,
        "kullback_leibler": 2 * rows * kullback_leibler(ours, theirs).value,
        "jensen_shannon": 8 * np.log(2) * rows * distance**2,
        "hellinger": 8 * rows * hellinger(ours, theirs).value ** 2,
        "chi_square": chi_square(ours, theirs).value,
        "g_test": g_test(ours, theirs).value,
    }
    for name, value in expected.items():
        assert summed(name, ours, theirs) == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("name", CELLS)
def test_the_mean_is_that_of_all_ways_to_deal_the_rows(name: str) -> None:
    both, n = np.array([6, 9, 5]), 8
    m = int(both.sum()) - n
    law = stats.multivariate_hypergeom(both, n)
    mean = 0.0
    for dealt in product(*(range(size + 1) for size in both)):
        if sum(dealt) == n:
            mean += law.pmf(dealt) * summed(name, np.array(dealt), both - np.array(dealt))
    assert _of_dealt_rows(CELLS[name], both.astype(float), n, m, 3)[0] == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("name", CELLS)
def test_the_moments_between_order_statistics_are_those_of_draws(name: str) -> None:
    rng = np.random.default_rng(4)
    ours, m, draws = np.full(6, 15), 300, 20_000
    shares = rng.dirichlet([15, 15, 15, 15, 15, 16], draws)
    theirs = rng.multinomial(m, shares)
    found = np.array([summed(name, ours, row) for row in theirs])
    mean, spread, shared, counts = _of_cut_bins(CELLS[name], ours.astype(float), 90, m, 6)
    assert mean == pytest.approx(found.mean(), abs=5 * found.std() / np.sqrt(draws))
    assert (spread - shared**2 / counts) * 5 / 6 == pytest.approx(found.var(), rel=0.12)


def test_many_rows_are_thinned_without_harm_and_then_have_the_chi_square_law() -> None:
    ours, theirs = np.array([1_900, 2_300, 2_000]), np.array([2_000, 2_200, 2_050])
    value = summed("hellinger", ours, theirs)
    few = gamma_tail(value, hellinger_cell, ours, theirs, bins=3, cut=False)
    assert few == pytest.approx(stats.chi2.sf(value, 2), rel=2e-3)
    many = gamma_tail(value, hellinger_cell, 10 * ours, 10 * theirs, bins=3, cut=False)
    assert many == pytest.approx(stats.chi2.sf(value, 2), rel=1e-12)


def test_without_enough_rows_there_is_no_p_value() -> None:
    ours, theirs = np.array([100, 9, 50]), np.array([100, 9, 50])
    assert divergence_p_value(0.1, psi_cell, ours, theirs) is None
    assert divergence_p_value(0.0, psi_cell, np.array([100, 0]), np.array([90, 0])) == 1.0
    assert divergence_p_value(0.0, psi_cell, np.array([0, 0]), np.array([0, 0])) is None
    # Whether bins that end at quantiles of the reference are filled is for the reference to say.
    ours, theirs = np.array([20, 20]), np.array([400, 2])
    assert divergence_p_value(9.0, psi_cell, ours, theirs, cut=True) is not None
    assert divergence_p_value(9.0, psi_cell, ours, np.array([9, 0])) is None
