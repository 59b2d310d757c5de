"""Dependence of three features that no pair of them shows, such as that of x, y and the sign of x y.

The joint characteristic function of three coordinates, less all that follows from one and from two of them
when these are independent of the rest, is the mean of a product of three factors, each the sine or the
centred cosine of a coordinate (its Lancaster interaction [1]_). These products are the random Fourier
features of a kernel of three coordinates, with one frequency for all, and with every product looked at by
itself: in the sum over all features and orders, which is what the maximum mean discrepancy is, three of ten
coordinates are lost in the noise of the others.

References
----------
.. [1] D. Sejdinovic, A. Gretton, W. Bergsma, "A kernel test for three-variable interactions", NIPS 26 (2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from assay.stats.inner_products import inner_products
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["MOST_COORDINATES", "InteractionChange", "compare_interactions"]

MOST_COORDINATES = 24
"""With more coordinates their triples are too many to look at each."""

FREQUENCY = 1.0
"""Of sine and cosine, for coordinates of variance 1: the sine then has a correlation of 0.93 with a normal
coordinate and of 0.88 with its sign."""

_FREEDOM_A_ROW = 0.25
"""As in :mod:`assay.stats.correlations`: products have heavier tails than their factors."""

_MOST = 50


@dataclass(frozen=True, slots=True)
class InteractionChange:
    """Change of the interaction of three coordinates.

    Attributes
    ----------
    coordinates : their places, ascending.
    before, after : mean of the product of the three factors, each of variance 1, on either side.
    p_value : two-sided, for this product alone.
    """

    coordinates: tuple[int, int, int]
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class _Factors:
    """Factors of all coordinates: values of variance 1 and mean 0, and which coordinate each belongs to."""

    values: Floats
    axis: Ints


def compare_interactions(
    before: Floats, after: Floats, owner: Sequence[int], *, floor: float
) -> tuple[list[InteractionChange], int]:
    """Find the triples of features whose interaction has changed by at least `floor`.

    Parameters
    ----------
    before, after : float64[rows, coordinates], each of mean 0 and variance 1 by itself, NaN where missing.
    owner : the feature of each coordinate; only coordinates of three different features are compared.
    floor : the smallest change that matters.

    Returns
    -------
    tuple
        The changes, the most surprising first and at most 50, and the number of products that were compared:
        none with more than 24 coordinates.
    """
    width = before.shape[1]
    if not 3 <= width <= MOST_COORDINATES or min(len(before), len(after)) < 2:
        return [], 0
    sides = [_factors(side) for side in (before, after)]
    kept = np.flatnonzero((sides[0].axis >= 0) & (sides[1].axis >= 0))
    axis = sides[0].axis[kept]
    own: Ints = np.asarray(owner)
    n, m = len(before), len(after)
    freedom = max(min(n, m) * _FREEDOM_A_ROW, 2.0)
    found: list[InteractionChange] = []
    compared = 0
    values = [side.values[:, kept] for side in sides]
    for place in range(kept.size):
        later = np.flatnonzero(own[axis] > own[axis[place]])
        pairs = np.argwhere(np.triu(own[axis[later]][:, None] < own[axis[later]][None, :]))
        if not pairs.size:
            continue
        means, variances = zip(*(_products(side, place, later) for side in values), strict=True)
        i, j = pairs[:, 0], pairs[:, 1]
        compared += len(pairs)
        change = means[1][i, j] - means[0][i, j]
        # Of the two variances the larger: a small window may show none by chance.
        spread = np.sqrt(variances[0][i, j] / n + np.maximum(variances[0][i, j], variances[1][i, j]) / m)
        p = 2 * stdtr(freedom, -np.abs(change) / np.maximum(spread, 1e-9))
        told = np.flatnonzero(np.abs(change) >= floor)
        found.extend(
            InteractionChange(
                (int(axis[place]), int(axis[later[i[one]]]), int(axis[later[j[one]]])),
                float(means[0][i[one], j[one]]),
                float(means[1][i[one], j[one]]),
                float(p[one]),
            )
            for one in told[np.argsort(p[told], kind="stable")][:_MOST].tolist()
        )
    found.sort(key=lambda one: one.p_value)
    return found[:_MOST], compared


def _factors(points: Floats) -> _Factors:
    """Sine and cosine of each coordinate, less their means, in units of their standard deviations.

    A missing value is 0 there, its mean: the row then tells nothing about the product.
    """
    rows, width = points.shape
    values = np.zeros((rows, 2 * width))
    axis = np.full(2 * width, -1, dtype=np.int64)
    for place in range(width):
        known = np.isfinite(points[:, place])
        angle = FREQUENCY * points[known, place]
        # Of a coordinate with two values the cosine is the sine, shifted: one factor is enough.
        two_valued = bool(angle.size) and bool(((angle == angle.max()) | (angle == angle.min())).all())
        for number, factor in enumerate((np.sin(angle), np.cos(angle))):
            spread = float(factor.std()) if factor.size else 0.0
            if spread < 1e-3 or (number and two_valued):
                continue
            values[known, 2 * place + number] = (factor - factor.mean()) / spread
            axis[2 * place + number] = place
    return _Factors(values, axis)


def _products(factors: Floats, place: int, later: Ints) -> tuple[Floats, Floats]:
    """Mean and variance of the products of one factor with all pairs of the `later` ones."""
    others = factors[:, later]
    with_it = factors[:, [place]] * others
    mean = inner_products(with_it, others) / len(factors)
    square = inner_products(with_it**2, others**2) / len(factors)
    return mean, np.maximum(square - mean**2, 1e-6)
