"""Means and sums of squares of two groups together.

References
----------
.. [1] T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample variance", The American
   Statistician 37 (1983).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from assay.stats.summaries.codec import Floats

__all__ = ["merge_moments", "squared_deviations"]

_CHUNK = 1 << 13  # fits the cache; of longer ones OpenBLAS would share out each product among threads


def merge_moments(
    n_a: npt.NDArray[Any] | int,
    mean_a: npt.NDArray[Any] | float,
    m2_a: npt.NDArray[Any] | float,
    n_b: npt.NDArray[Any] | int,
    mean_b: npt.NDArray[Any] | float,
    m2_b: npt.NDArray[Any] | float,
) -> tuple[Floats, Floats]:
    """Mean and sum of squared deviations of two groups together [1]_; arrays: element by element."""
    n = np.maximum(np.asarray(n_a) + np.asarray(n_b), 1)
    # Values near the largest float overflow; the result is then infinite and reported as unknown.
    with np.errstate(over="ignore", invalid="ignore"):
        delta = np.asarray(mean_b, dtype=np.float64) - mean_a
        mean = (np.asarray(mean_a) * n_a + np.asarray(mean_b) * n_b) / n
        m2 = np.asarray(m2_a) + m2_b + delta * delta * (np.asarray(n_a) * (np.asarray(n_b) / n))
    mean = np.where(np.asarray(n_b) == 0, mean_a, np.where(np.asarray(n_a) == 0, mean_b, mean))
    m2 = np.where(np.asarray(n_b) == 0, m2_a, np.where(np.asarray(n_a) == 0, m2_b, m2))
    return mean, m2


def squared_deviations(values: Floats, mean: float) -> float:
    """Sum of squared deviations from `mean`, in pieces that fit the processor's cache."""
    total = 0.0
    for start in range(0, values.size, _CHUNK):
        deviation = values[start : start + _CHUNK] - mean
        total += float(np.dot(deviation, deviation))
    return total
