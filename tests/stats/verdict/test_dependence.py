"""Correlations of ranks and their variance, against SciPy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from assay.stats.correlations import compare_correlations, correlations, normal_scores
from assay.stats.verdict.dependence import compare_group_means


def test_normal_scores_are_those_of_mid_ranks() -> None:
    values = np.array([5.0, np.nan, 1.0, 1.0, 3.0, np.inf])
    expected = norm.ppf((rankdata([5.0, 1.0, 1.0, 3.0]) - 0.5) / 4)
    found = normal_scores(values)
    assert np.allclose(found[[0, 2, 3, 4]], expected)
    assert np.isnan(found[[1, 5]]).all()


def test_correlations_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 4))
    assert np.allclose(correlations(values).value, np.corrcoef(values, rowvar=False))


@pytest.mark.parametrize("tails", [3.0, 30.0])
def test_the_variance_holds_for_heavy_tails_too(tails: float) -> None:
    """Of the correlation of two products of Student's t: far more than of normal variables."""
    rng = np.random.default_rng(1)
    drawn = []
    stated = []
    for _ in range(400):
        size = np.sqrt(rng.chisquare(tails * 3, 500) / (tails * 3))
        x = rng.standard_normal(500) / size
        y = (0.5 * x + rng.standard_normal(500)) / size
        found = correlations(np.column_stack([x, y]))
        drawn.append(found.value[0, 1])
        stated.append(found.variance[0, 1] / 500)
    assert float(np.mean(stated)) == pytest.approx(float(np.var(drawn)), rel=0.25)


def test_missing_values_leave_the_other_pairs_alone() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((1000, 3))
    with_gaps = values.copy()
    with_gaps[rng.random(1000) < 0.5, 2] = np.nan
    before, after = correlations(values), correlations(with_gaps)
    assert after.value[0, 1] == pytest.approx(before.value[0, 1])
    assert after.rows[0, 2] == np.isfinite(with_gaps[:, 2]).sum()


def test_variables_of_one_feature_are_not_compared() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal(500)
    before = correlations(np.column_stack([x, rng.standard_normal(500)]))
    after = correlations(np.column_stack([x, x]))
    assert compare_correlations(before, after, [0, 0], floor=0.1) == ([], 0)
    pairs, compared = compare_correlations(before, after, [0, 1], floor=0.1)
    assert compared == 1
    assert pairs[0].after == pytest.approx(1.0)
    assert pairs[0].p_value < 1e-9


def test_p_values_of_group_means_are_uniform_when_nothing_has_changed() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(200):
        scores = tuple(
            np.column_stack([normal_scores(x) for x in rng.standard_normal((5, n))]) for n in (2000, 400)
        )
        member = tuple(np.eye(4)[rng.integers(0, 4, n)] for n in (2000, 400))
        found.append(compare_group_means((scores[0], scores[1]), (member[0], member[1]), [4])[1][0])
    p = np.concatenate(found)
    for level in (0.01, 0.05, 0.2):
        assert np.mean(p < level) == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / p.size))
