"""Dependence between pairs of coordinates, as sums that can be merged, and the test of its change.

With normal scores as coordinates the correlations are those of a Gaussian copula. Joint moments up to the
fourth are kept of every pair, since the variance of a correlation depends on them where variables are not
normal [1]_: a summary of window and reference is then enough for a test, without raw rows.

A change of one feature by itself shows little here: the window's own means and variances are taken out.

References
----------
.. [1] J. Steiger, A. Hakstian, "The asymptotic distribution of elements of a correlation matrix", British J.
   of Mathematical and Statistical Psychology 35 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Self

import numpy as np

from assay.errors import InvalidInput
from assay.stats.correlations import (
    Correlations,
    PairChange,
    compare_correlations,
    variance_of_correlation,
)
from assay.stats.multivariate.coordinates import Coordinates
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Floats, Kind, Reader, Writer

__all__ = ["MOST_COORDINATES", "CopulaChange", "CopulaSummary", "copula_change"]

MOST_COORDINATES = 64
"""A summary of so many coordinates takes 101 kB where no value is missing, 247 kB otherwise. Of more, those
that depend on others the most in the reference are kept (:meth:`Coordinates.strongest`)."""

_POWERS = ((0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (1, 1), (2, 1), (3, 1), (2, 2))
"""Moments kept: sums of ``x_i^a x_j^b`` over the rows with both. Those of (b, a) are the transposes."""

_OF_ONE = 5
"""The first so many are, where no value is missing, those of x_i alone."""

_SYMMETRIC = {(1, 1), (2, 2)}


@dataclass(frozen=True, slots=True, eq=False)
class CopulaSummary(Mergeable):
    """Joint moments of all pairs of coordinates.

    Attributes
    ----------
    coordinates : of the points.
    rows : rows, with missing values or without.
    sums : float64[9, coordinates, coordinates], see the notes.

    Notes
    -----
    ``sums[k, i, j]`` is the sum of ``x_i^a x_j^b`` over the rows that have both, for (a, b) = (0, 0), (1, 0),
    (2, 0), (3, 0), (4, 0), (1, 1), (2, 1), (3, 1), (2, 2).
    """

    coordinates: Coordinates
    rows: int
    sums: Floats

    @classmethod
    def empty(cls, coordinates: Coordinates) -> Self:
        """Summary of no rows.

        Raises
        ------
        InvalidInput
            With more coordinates than :data:`MOST_COORDINATES`.
        """
        if coordinates.size > MOST_COORDINATES:
            raise InvalidInput(
                f"a copula of {coordinates.size} coordinates is too large; "
                f"at most {MOST_COORDINATES} are kept: "
                "choose with Coordinates.strongest()"
            )
        return cls(coordinates, 0, np.zeros((len(_POWERS), coordinates.size, coordinates.size)))

    @classmethod
    def of(cls, points: Floats, coordinates: Coordinates) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        points : float64[rows, coordinates], NaN where missing.
        coordinates : that they were made by.
        """
        made = cls.empty(coordinates).sums
        if points.shape[1:] != (coordinates.size,):
            raise InvalidInput(f"points of shape {points.shape} do not have {coordinates.size} coordinates")
        known = np.isfinite(points)
        filled = points if known.all() else np.where(known, points, 0.0)
        power = [known.astype(np.float64), filled, filled**2, filled**3, filled**4]
        for place, (a, b) in enumerate(_POWERS):
            if b == 0 and filled is points:
                # Not by the matrix product, which may round the columns of one row differently.
                made[place] = power[a].sum(axis=0)[:, None]
            elif (a, b) in _SYMMETRIC:
                half = np.triu(power[a].T @ power[b])
                made[place] = half + np.triu(half, 1).T
            else:
                made[place] = power[a].T @ power[b]
        return cls(coordinates, len(points), made)

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where the coordinates differ.
        """
        if self.coordinates.digest != other.coordinates.digest:
            raise InvalidInput("summaries of different coordinates cannot be merged; use one reference")
        return type(self)(self.coordinates, self.rows + other.rows, self.sums + other.sums)

    @property
    def complete(self) -> bool:
        """Whether no value is missing."""
        return bool((self.sums[0] == self.rows).all())

    def correlations(self) -> Correlations:
        """Return the correlation of every pair, and its variance, whatever the law of the coordinates."""
        n = np.maximum(self.sums[0], 1.0)
        mean = {}
        for (a, b), total in zip(_POWERS, self.sums, strict=True):
            mean[a, b] = total / n
            mean[b, a] = total.T / n
        mean[0, 0] = np.ones_like(n)
        x, y = mean[1, 0], mean[0, 1]

        def central(a: int, b: int) -> Floats:
            return np.asarray(
                sum(
                    comb(a, k) * comb(b, j) * mean[k, j] * (-x) ** (a - k) * (-y) ** (b - j)
                    for k in range(a + 1)
                    for j in range(b + 1)
                )
            )

        u, v = np.maximum(central(2, 0), 0.0), np.maximum(central(0, 2), 0.0)
        varies = (u > _VARIES) & (v > _VARIES)
        scale = np.sqrt(np.where(varies, u * v, 1.0))
        u, v = np.where(varies, u, 1.0), np.where(varies, v, 1.0)
        r = np.where(varies, central(1, 1) / scale, 0.0)
        both = central(2, 2) / (u * v)
        cubic = central(3, 1) / (u * scale) + central(1, 3) / (v * scale)
        fourth = central(4, 0) / u**2 + central(0, 4) / v**2
        variance = variance_of_correlation(r, both, cubic, fourth)
        return Correlations(np.clip(r, -1.0, 1.0), variance, np.asarray(n))

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; the coordinates are not in them."""
        writer = Writer()
        writer.raw(self.coordinates.digest)
        writer.uint(self.rows)
        complete = self.complete
        writer.uint(int(complete))
        upper = np.triu_indices(self.coordinates.size)
        for place, (powers, total) in enumerate(zip(_POWERS, self.sums, strict=True)):
            if complete and place < _OF_ONE:
                if place:
                    writer.floats(total[:, :1])
            elif powers in _SYMMETRIC or not place:
                writer.floats(total[upper])
            else:
                writer.floats(total)
        return writer.finish(Kind.COPULA)

    @classmethod
    def from_bytes(cls, data: bytes, coordinates: Coordinates) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to other coordinates.
        """
        reader = Reader(data, Kind.COPULA)
        if reader.raw(8) != coordinates.digest:
            raise InvalidInput("these bytes belong to other coordinates; give the reference they belong to")
        rows = reader.uint()
        complete = bool(reader.uint())
        made = cls.empty(coordinates).sums
        size = coordinates.size
        upper = np.triu_indices(size)
        for place, powers in enumerate(_POWERS):
            if complete and place < _OF_ONE:
                made[place] = reader.floats(size=size)[:, None] if place else rows
            elif powers in _SYMMETRIC or not place:
                made[place][upper] = reader.floats(size=upper[0].size)
                made[place] += np.triu(made[place], 1).T
            else:
                made[place] = reader.floats(size=size * size).reshape(size, size)
        reader.done()
        return cls(coordinates, rows, made)


@dataclass(frozen=True, slots=True)
class CopulaChange:
    """Whether any pair of features depends on one another in another way.

    Attributes
    ----------
    value : the largest change of a correlation, 0 to 2.
    p_value : of the most surprising pair, for the number of pairs; 1.0 where there is none to compare.
    pairs : the pairs whose correlation changed by at least the floor, the most surprising first; their places
        are those of the coordinates.
    compared : number of pairs.
    """

    value: float
    p_value: float
    pairs: tuple[PairChange, ...]
    compared: int


def copula_change(before: CopulaSummary, after: CopulaSummary, *, floor: float = 0.0) -> CopulaChange:
    """Compare the dependence of two samples of independent rows, from their summaries.

    Parameters
    ----------
    before, after : of the same coordinates.
    floor : pairs that changed by less are left out of `pairs`; they count in `compared`.

    Raises
    ------
    InvalidInput
        Where the coordinates differ.
    """
    if before.coordinates.digest != after.coordinates.digest:
        raise InvalidInput("summaries of different coordinates cannot be compared; use one reference")
    if min(before.rows, after.rows) < MIN_ROWS:
        return CopulaChange(0.0, 1.0, (), 0)
    ours, theirs = before.correlations(), after.correlations()
    pairs, compared = compare_correlations(ours, theirs, before.coordinates.owner.tolist(), floor=floor)
    every = (
        pairs
        if not floor
        else compare_correlations(ours, theirs, before.coordinates.owner.tolist(), floor=0.0)[0]
    )
    smallest = min((pair.p_value for pair in every), default=1.0)
    largest = max((abs(pair.after - pair.before) for pair in every), default=0.0)
    return CopulaChange(largest, min(1.0, smallest * max(compared, 1)), tuple(pairs), compared)


MIN_ROWS = 30
"""With fewer rows on either side nothing is compared."""

_VARIES = 1e-9
