"""Principal components and what they leave, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest
from tests.stats.multivariate.samples import correlated

from assay.errors import InvalidInput
from assay.stats.multivariate.pca_reconstruction import Components, reconstruction_error


def test_components_and_errors_are_those_of_scikit_learn() -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    rng = np.random.default_rng(0)
    points = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6)) + 3
    fitted = Components.fit(points, share=0.65)
    standard = (points - points.mean(axis=0)) / points.std(axis=0)
    expected = decomposition.PCA(n_components=fitted.directions.shape[1]).fit(standard)
    shares = np.cumsum(decomposition.PCA().fit(standard).explained_variance_ratio_)
    assert fitted.directions.shape[1] == int(np.searchsorted(shares, 0.65)) + 1
    left = standard - expected.inverse_transform(expected.transform(standard))
    assert np.allclose(fitted.errors(points), np.linalg.norm(left, axis=1))


def test_one_direction_is_always_left_out() -> None:
    points = np.random.default_rng(1).standard_normal((100, 2))
    assert Components.fit(points, share=0.999).directions.shape == (2, 1)


def test_a_lost_correlation_makes_errors_larger() -> None:
    rng = np.random.default_rng(2)
    found = reconstruction_error(correlated(rng, 4000, 2, 0.9), correlated(rng, 500, 2, 0.3))
    assert found.value > found.expected
    assert found.p_value < 1e-4


def test_p_values_are_uniform_where_nothing_has_changed() -> None:
    rng = np.random.default_rng(3)
    mix = rng.standard_normal((6, 6))
    p = [
        reconstruction_error(rng.standard_normal((n, 6)) @ mix, rng.standard_normal((100, 6)) @ mix).p_value
        for n in (300, 2000)  # fewer windows than are wanted, and enough
        for _ in range(100)
    ]
    assert kstest(p[:100], "uniform").pvalue > 0.01
    assert kstest(p[100:], "uniform").pvalue > 0.01


def test_windows_that_wander_widen_the_null() -> None:
    """A level that lasts for fifty rows: windows differ by far more than independent rows would."""
    rng = np.random.default_rng(4)

    def wandering(rows: int) -> np.ndarray:
        level = np.repeat(rng.lognormal(0, 0.5, rows // 50), 50)[:, None]
        return rng.standard_normal((rows, 4)) * level

    p = np.array([reconstruction_error(wandering(4000), wandering(200)).p_value for _ in range(40)])
    assert np.count_nonzero(p < 0.01) <= 4


def test_missing_values_count_as_the_mean() -> None:
    points = np.random.default_rng(5).standard_normal((200, 3))
    points[::3, 1] = np.nan
    fitted = Components.fit(points)
    filled = np.where(np.isnan(points), np.nanmean(points, axis=0), points)
    assert np.allclose(fitted.errors(points), fitted.errors(filled))


def test_columns_that_never_vary_say_nothing() -> None:
    found = reconstruction_error(np.ones((100, 3)), np.ones((50, 3)))
    assert (found.value, found.p_value) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [((5, 3), (5, 3), 0.5), ((50, 1), (5, 1), 0.5), ((50, 3), (0, 3), 0.5), ((50, 3), (5, 3), 1.0)],
)
def test_what_cannot_be_is_refused(before: tuple[int, int], after: tuple[int, int], share: float) -> None:
    with pytest.raises(InvalidInput):
        reconstruction_error(np.zeros(before), np.zeros(after), share=share)
