"""What a level that wanders does to the spread and to the tails of windows.

A level l that lasts adds l² to the mean square of the rows about the reference's level, and moves quantiles
evenly where it moves shares unevenly. Both make tails that neither a normal law nor the spread of a few weeks
tells of.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri, gammaincc, ndtri

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.autoregression import Autoregression

__all__ = ["skewed_tail", "squared_levels", "straightened"]

SURE = 0.95
"""The variance of levels is taken as large as it may be: smaller than that with this probability."""


def squared_levels(
    model: Autoregression, places: Ints, remembered: Floats, squares: Floats, count: int
) -> tuple[Floats, Floats]:
    """Variance and third cumulant of the mean squared level of a window's blocks, at most.

    Squares of few levels have heavy tails: their own spread in the reference tells little of it, and is too
    small more often than not. Levels are normal, or nearly so, and their covariances Γ are known from the
    locations. The mean of n squares has the variance 2 tr(Γ²)/n² and the third cumulant 8 tr(Γ³)/n³, which is
    at most 8 (tr(Γ²)/n²)^1.5, as if there were one level only, and at most 8 λ/n tr(Γ²)/n², where λ is the
    largest eigenvalue: many levels that forget one another are hardly skewed.

    Parameters
    ----------
    model : of the locations, among others.
    places : int64[features], their places in it.
    remembered : float64[features], variance of a block's location beyond that of counting rows.
    squares : float64[features], degrees of freedom that this variance rests on.
    count : blocks of the window.

    Returns
    -------
    tuple of numpy.ndarray
        float64[features] twice.
    """
    if not places.size:
        return np.zeros(0), np.zeros(0)
    larger = squares / np.maximum(chdtri(squares, SURE), 1e-12)
    mean, share = model.covariances(count, places, np.maximum(remembered, 0.0))
    return 2 * larger**2 * mean, 8 * larger**3 * mean * np.minimum(np.sqrt(mean), share)


def skewed_tail(z: Floats, skewness: Floats) -> Floats:
    """Twice the probability that a gamma variable of this skewness is `z` deviations above its mean, or more.

    >>> skewed_tail(np.array([3.0, 3.0]), np.array([0.0, 2.0])).round(4).tolist()
    [0.0027, 0.0366]
    """
    shape = 4 / np.maximum(skewness, 1e-3) ** 2
    return np.asarray(np.minimum(2 * gammaincc(shape, shape + np.nan_to_num(z) * np.sqrt(shape)), 1.0))


def straightened(observed: Floats, expected: Floats, rows: Floats) -> Floats:
    """Changes of shares, those on the scale of normal quantiles where they are smaller there.

    Where a level wanders, what it moves evenly are the quantiles: a share of a twentieth grows more often,
    and by more, than it falls. Among few rows it is the share itself whose law is near to even.

    Parameters
    ----------
    observed, expected, rows : float64[shares], shares and the rows among which they are.

    Examples
    --------
    >>> straightened(np.array([0.15, 0.02]), np.array([0.05, 0.05]), np.array([1e4, 1e4])).round(3).tolist()
    [0.063, 0.03]
    """
    inside = np.clip(expected, 1e-9, 1 - 1e-9)
    moved = ndtri(np.clip(observed, 0.5 / rows, 1 - 0.5 / rows)) - ndtri(inside)
    slope = np.exp(-0.5 * ndtri(inside) ** 2) / np.sqrt(2 * np.pi)
    return np.asarray(np.minimum(np.abs(observed - expected), np.abs(moved) * slope))
