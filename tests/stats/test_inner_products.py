"""Products of columns, piece by piece, are those of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats.correlations import correlations
from assay.stats.inner_products import inner_products


@pytest.mark.parametrize(
    ("rows", "a", "b"), [(0, 2, 3), (1, 2, 3), (7_000, 6, 7), (6_241, 6, 7), (6_242, 6, 7), (500, 300, 400)]
)
def test_products_are_those_of_the_whole(rows: int, a: int, b: int) -> None:
    rng = np.random.default_rng(rows)
    left, right = rng.normal(size=(rows, a)), rng.normal(size=(rows, b))
    assert np.allclose(inner_products(left, right), left.T @ right, rtol=1e-12, atol=1e-9)
    assert np.allclose(inner_products(left[:, ::-1], left), left[:, ::-1].T @ left, rtol=1e-12, atol=1e-9)


def test_rows_without_gaps_give_the_same_correlations_as_the_general_way() -> None:
    rng = np.random.default_rng(5)
    whole = np.column_stack([rng.normal(size=(3000, 4)), np.zeros(3000)])
    whole[:, 1] += whole[:, 0] ** 2
    gap = np.vstack([whole, np.full(5, np.nan)])  # a row without any value takes no part
    quick, general = correlations(whole), correlations(gap)
    for name in ("value", "variance", "rows"):
        assert np.allclose(getattr(quick, name), getattr(general, name), rtol=1e-10, atol=1e-12)
