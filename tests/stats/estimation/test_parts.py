"""Logistic regression and calibration equal scikit-learn's; weights bring back what was sampled away."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from assay.stats.estimation.blocks import blocks_of, chunks_of, half_width, jackknife_variance, random_effect
from assay.stats.estimation.calibration import KINDS, fit_calibrator
from assay.stats.estimation.features import Design, FeatureColumn
from assay.stats.estimation.logistic import fit_logistic
from assay.stats.estimation.shift import density_weights, reweighted


def test_logistic_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 3))
    truth = (rng.random(500) < 1 / (1 + np.exp(-values @ [1.0, -2.0, 0.5] - 0.3))).astype(float)
    weight = rng.integers(1, 4, 500).astype(float)
    peer = LogisticRegression(C=1 / 7.0, tol=1e-10, max_iter=1000).fit(values, truth, weight)
    design = np.column_stack([np.ones(500), values])
    found = fit_logistic(design, weight * truth, weight, ridge=np.array([0.0, 7.0, 7.0, 7.0]))
    assert found == pytest.approx([peer.intercept_[0], *peer.coef_[0]], abs=1e-4)


def test_logistic_is_finite_where_labels_are_separable() -> None:
    design = np.column_stack([np.ones(6), np.arange(6.0)])
    found = fit_logistic(design, np.array([0.0, 0, 0, 1, 1, 1]), np.ones(6))
    assert np.isfinite(found).all()


def test_isotonic_equals_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    score = np.round(rng.random(800), 2)
    truth = (rng.random(800) < score**2).astype(float)
    peer = IsotonicRegression(out_of_bounds="clip").fit(score, truth)
    found = fit_calibrator("isotonic", score, truth, np.ones(800))
    grid = np.linspace(0, 1, 57)
    assert found(grid) == pytest.approx(np.clip(peer.predict(grid), found.least, 1 - found.least))


@pytest.mark.parametrize("kind", KINDS)
def test_calibrations_are_chances_and_rise(kind: str) -> None:
    rng = np.random.default_rng(2)
    score = rng.random(2_000)
    truth = (rng.random(2_000) < 0.2 + 0.5 * score).astype(float)
    grid = np.linspace(0, 1, 101)
    chance = fit_calibrator(kind, score, truth, np.ones(2_000))(grid)
    assert ((chance > 0) & (chance < 1)).all()
    assert (np.diff(chance) >= -1e-12).all()
    assert fit_calibrator(kind, score[:0], truth[:0], truth[:0])(grid) == pytest.approx(
        np.clip(grid, 0.5, 0.5)
    )


def test_weights_bring_back_what_was_sampled_away() -> None:
    """Of x = 1 few came to the reference and many to the window, and x says what the score does not."""
    rng = np.random.default_rng(3)
    old, new = (rng.random(20_000) < 0.2).astype(float), (rng.random(4_000) < 0.7).astype(float)
    truth = (rng.random(20_000) < np.where(old == 1, 0.8, 0.3)).astype(float)
    flat = np.full(20_000, truth.mean())
    scores = rng.random(20_000), rng.random(4_000)
    weights = density_weights(old[:, None], new[:, None], *scores)
    assert weights.refusal is None
    assert np.average(old, weights=weights.weight) == pytest.approx(new.mean(), abs=0.02)
    exact = np.where(old == 1, new.mean() / old.mean(), (1 - new.mean()) / (1 - old.mean()))
    assert weights.effective == pytest.approx(exact.sum() ** 2 / (exact**2).sum(), rel=0.05)
    chance, _, _ = reweighted(flat, truth, np.ones(20_000), weights, np.full(4_000, truth.mean()))
    assert chance.mean() == pytest.approx(0.8 * new.mean() + 0.3 * (1 - new.mean()), abs=0.02)


def test_weights_are_refused_outside_the_reference() -> None:
    rng = np.random.default_rng(4)
    old, new = rng.normal(0, 1, 5_000), rng.normal(6, 1, 500)
    weights = density_weights(old[:, None], new[:, None], rng.random(5_000), rng.random(500))
    assert weights.refusal is not None
    assert "too little that looks like this window" in weights.refusal


def test_design_of_numbers_categories_and_what_is_missing() -> None:
    numbers = np.arange(1000.0)
    numbers[3] = np.nan
    codes = np.arange(1000) % 3
    design = Design.of({"n": FeatureColumn(numbers), "c": FeatureColumn(codes, ("a", "b", "d"))})
    found = design({"n": FeatureColumn(numbers), "c": FeatureColumn(codes, ("a", "b", "d"))})
    assert found.shape == (1000, 4)  # the number, whether it is missing, and two of three categories
    assert found.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert found.std(axis=0) == pytest.approx(np.ones(4))
    far = design({"n": FeatureColumn(np.array([1e9])), "c": FeatureColumn(np.array([0]), ("new",))})
    assert far[0, 0] == found[:, 0].max()  # drawn in


def test_blocks_and_chunks_cover_every_row_once() -> None:
    block = blocks_of(4_321)
    assert np.bincount(block).max() - np.bincount(block).min() <= 1
    pieces = [rows for _, rows in chunks_of(block, 100)]
    assert (np.sort(np.concatenate(pieces)) == np.arange(4_321)).all()


def test_jackknife_of_a_mean_is_its_variance() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(0, 2, 40)
    left_out = (values.sum() - values) / 39
    assert jackknife_variance(left_out) == pytest.approx(values.var(ddof=1) / 40)


def test_random_effect_is_what_chance_leaves_over() -> None:
    rng = np.random.default_rng(6)
    errors = rng.normal(0, 0.3, 4_000) + rng.normal(0, 0.4, 4_000)
    assert random_effect(errors, np.full(4_000, 0.09)) == pytest.approx(0.16, rel=0.1)
    assert random_effect(errors, np.full(4_000, 9.0)) == 0
    assert half_width(1.0, 0.0, 10) == pytest.approx(1.96, abs=1e-3)
    assert half_width(0.0, 1.0, 10) == pytest.approx(2.262, abs=1e-3)
