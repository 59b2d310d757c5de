"""Adjusted p-values, against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from assay.errors import InvalidInput
from assay.stats.verdict.multiplicity import adjusted


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_same_as_in_scipy(p_values: list[float]) -> None:
    assert np.allclose(adjusted(p_values), false_discovery_control(p_values), rtol=1e-12)


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=30))
def test_what_could_not_be_tested_does_not_count(p_values: list[float]) -> None:
    found = adjusted(p_values)
    made = [p for p in p_values if not np.isnan(p)]
    assert np.isnan(found).tolist() == np.isnan(np.array(p_values, dtype=float)).tolist()
    assert np.array_equal(found[~np.isnan(found)], adjusted(made))


def test_a_p_value_is_a_probability() -> None:
    with pytest.raises(InvalidInput, match=r"between 0 and 1; got 1\.5"):
        adjusted([0.5, 1.5])
