"""The engines: NumPy against other code, JAX against NumPy."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from tests.stats.multivariate.samples import correlated, three_way

from assay.errors import InvalidInput, MissingExtra
from assay.stats.estimation.logistic import fit_logistic
from assay.stats.multivariate.domain_classifier import domain_classifier
from assay.stats.multivariate.engine import engine
from assay.stats.multivariate.permutation import feature_permutation_test, kernel_permutation_test
from assay.stats.multivariate.random_features import RandomFeatures

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")


def separable(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A design whose labels a plane separates, and weights of three fits."""
    design = np.column_stack([np.ones(300), rng.standard_normal((300, 5))])
    labels = (design[:, 1] + design[:, 2] > 0.3).astype(np.float64)
    return design, labels, rng.integers(0, 2, (3, 300)).astype(np.float64)


def test_logistic_fits_are_the_most_likely_ones() -> None:
    design, labels, weights = separable(np.random.default_rng(0))
    found = engine().logistic_fits(design, labels, weights, 1.0)
    ridge = np.array([0.0, *[1.0] * 5])
    for one, beta in zip(weights, found, strict=True):
        assert np.allclose(beta, fit_logistic(design, one * labels, one, ridge=ridge), atol=1e-4)


@needs_jax
def test_jax_computes_the_same() -> None:
    rng = np.random.default_rng(1)
    points = rng.standard_normal((120, 4))
    weights = rng.integers(0, 2, (30, 120)).astype(np.float64)
    ours, theirs = engine("numpy"), engine("jax")
    kernel = ours.gaussian_kernel(points, 1.7)
    design, labels, chosen = separable(rng)
    pairs = [
        (kernel, theirs.gaussian_kernel(points, 1.7)),
        (ours.quadratic_forms(kernel, weights), theirs.quadratic_forms(kernel, weights)),
        (ours.squared_lengths(points, weights), theirs.squared_lengths(points, weights)),
        (ours.logistic_fits(design, labels, chosen, 1.0), theirs.logistic_fits(design, labels, chosen, 1.0)),
    ]
    for expected, found in pairs:
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@needs_jax
def test_tests_by_jax_give_the_same_verdicts() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.standard_normal((300, 4)), correlated(rng, 200, 4, 0.5)
    for one, other in (
        (
            kernel_permutation_test(before, after, bandwidth=1.5, permutations=200, by=by)
            for by in ("numpy", "jax")
        ),
        (
            feature_permutation_test(before, after, RandomFeatures(4, 1.5, 64), permutations=200, by=by)
            for by in ("numpy", "jax")
        ),
    ):
        assert other.value == pytest.approx(one.value, abs=1e-6)
        assert other.p_value == one.p_value
    trees = [domain_classifier(before, after, model="logistic", by=by) for by in ("numpy", "jax")]
    assert trees[0].auc == pytest.approx(trees[1].auc, abs=1e-6)
    assert trees[0].p_value == pytest.approx(trees[1].p_value, abs=1e-6)


@needs_jax
def test_jax_keeps_its_precision_elsewhere() -> None:
    import jax.numpy as jnp

    assert jnp.zeros(2).dtype == jnp.float32
    engine("jax").gaussian_kernel(np.zeros((2, 2)), 1.0)
    assert jnp.zeros(2).dtype == jnp.float32


def test_without_jax_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtra, match=r"assay\[jax\]"):
        engine("jax")


def test_another_engine_is_refused() -> None:
    with pytest.raises(InvalidInput, match="abacus"):
        engine("abacus")  # type: ignore[arg-type]


def test_labels_that_trees_alone_see_do_not_break_a_fit() -> None:
    rng = np.random.default_rng(3)
    found = domain_classifier(rng.standard_normal((300, 3)), three_way(rng, 300, 3), model="logistic")
    assert abs(found.auc - 0.5) < 0.1
