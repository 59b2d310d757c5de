"""Random Fourier features: sums that stand for the law of a sample, whatever it is.

A Gaussian kernel, ``exp(-|x - y|^2 / (2 s^2))``, is the mean product of cosines and sines at frequencies
drawn from a normal law [1]_. The sums of these features over the rows describe a sample and can be merged;
how far two samples are apart is :mod:`assay.stats.multivariate.mmd`.

References
----------
.. [1] A. Rahimi, B. Recht, "Random features for large-scale kernel machines", NIPS 20 (2007).
.. [2] A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf, A. Smola, "A kernel two-sample test", J. of Machine
   Learning Research 13 (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Floats, Kind, Reader, Writer

__all__ = ["FourierSummary", "RandomFeatures", "median_distance"]

FREQUENCIES = 256
"""Frequencies drawn; each is a cosine and a sine. The kernel is met to about 0.06 at any pair of points."""

MAX_FREQUENCIES = 4096

_PAIRS = 20_000
CHUNK = 8192
"""Rows whose features are computed at once: they take 32 MB at the default number of frequencies."""


def median_distance(points: Floats, *, seed: int = 0) -> float:
    """Median of the distances of pairs of rows: the usual bandwidth of a Gaussian kernel [2]_.

    Parameters
    ----------
    points : float64[rows, coordinates]; NaN counts as 0, the mean.
    seed : of the pairs, of which at most 20,000 are drawn.

    Returns
    -------
    float
        At least a thousandth; 1.0 with fewer than two rows.
    """
    if len(points) < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(points), _PAIRS)
    second = (first + rng.integers(1, len(points), _PAIRS)) % len(points)
    return max(
        float(
            np.median(np.linalg.norm(np.nan_to_num(points[first]) - np.nan_to_num(points[second]), axis=1))
        ),
        1e-3,
    )


@dataclass(frozen=True, slots=True, eq=False)
class RandomFeatures:
    """Frequencies of a Gaussian kernel.

    Attributes
    ----------
    coordinates : of a point.
    bandwidth : of the kernel, above 0.
    count : number of frequencies.
    seed : by which they are drawn; the same four numbers give the same frequencies everywhere.
    frequencies : float64[coordinates, count].
    """

    coordinates: int
    bandwidth: float
    count: int = FREQUENCIES
    seed: int = 0
    frequencies: Floats = None  # type: ignore[assignment] # drawn below

    def __post_init__(self) -> None:
        if not 0 < self.bandwidth < np.inf:
            raise InvalidInput(f"a kernel's bandwidth must be above 0 and finite; got {self.bandwidth!r:.40}")
        if not 0 < self.count <= MAX_FREQUENCIES:
            raise InvalidInput(f"there can be 1 to {MAX_FREQUENCIES} frequencies; got {self.count!r:.40}")
        rng = np.random.default_rng(self.seed)
        drawn = rng.standard_normal((self.coordinates, self.count)) / self.bandwidth
        object.__setattr__(self, "frequencies", drawn)

    @property
    def digest(self) -> bytes:
        """8 bytes that tell one draw from another."""
        writer = Writer()
        self.write(writer)
        return blake2b(writer.body(), digest_size=8).digest()

    def of(self, points: Floats) -> Floats:
        """Return the features of points, of which the inner product is about the kernel.

        Parameters
        ----------
        points : float64[rows, coordinates]; NaN counts as 0, the mean: that values are missing shows in a
            feature by itself.

        Returns
        -------
        numpy.ndarray
            float64[rows, 2 count]; every row has length 1.

        Raises
        ------
        InvalidInput
            With another number of coordinates.
        """
        if points.ndim != 2 or points.shape[1] != self.coordinates:
            raise InvalidInput(f"points of shape {points.shape} do not have {self.coordinates} coordinates")
        angle = np.nan_to_num(points) @ self.frequencies
        return np.concatenate([np.cos(angle), np.sin(angle)], axis=1) / np.sqrt(self.count)

    def write(self, writer: Writer) -> None:
        """Append to bytes that it is a part of."""
        writer.uint(self.coordinates)
        writer.uint(self.count)
        writer.uint(self.seed)
        writer.floats([self.bandwidth])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read what :meth:`write` appended."""
        coordinates, count, seed = reader.uint(), reader.uint(), reader.uint()
        (bandwidth,) = reader.floats(size=1).tolist()
        if coordinates > _MOST_COORDINATES or count > MAX_FREQUENCIES:
            raise InvalidInput(f"these bytes claim {count} frequencies of {coordinates} coordinates")
        return cls(coordinates, bandwidth, count, seed)


_MOST_COORDINATES = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class FourierSummary(Mergeable):
    """Sums of the random features of rows.

    Attributes
    ----------
    digest : of the :class:`RandomFeatures`.
    rows : rows.
    sums : float64[2 count].
    """

    digest: bytes
    rows: int
    sums: Floats

    @classmethod
    def empty(cls, features: RandomFeatures) -> Self:
        """Summary of no rows."""
        return cls(features.digest, 0, np.zeros(2 * features.count))

    @classmethod
    def of(cls, points: Floats, features: RandomFeatures) -> Self:
        """Summarise a batch of points, float64[rows, coordinates]."""
        total = np.zeros(2 * features.count)
        for begin in range(0, len(points), CHUNK):
            total += features.of(points[begin : begin + CHUNK]).sum(axis=0)
        return cls(features.digest, len(points), total)

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where the features differ.
        """
        if self.digest != other.digest:
            raise InvalidInput("summaries of different random features cannot be merged; use one reference")
        return type(self)(self.digest, self.rows + other.rows, self.sums + other.sums)

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; the frequencies are not in them."""
        writer = Writer()
        writer.raw(self.digest)
        writer.uint(self.rows)
        writer.floats(self.sums)
        return writer.finish(Kind.FOURIER)

    @classmethod
    def from_bytes(cls, data: bytes, features: RandomFeatures) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to other features.
        """
        reader = Reader(data, Kind.FOURIER)
        if reader.raw(8) != features.digest:
            raise InvalidInput(
                "these bytes belong to other random features; give the reference they belong to"
            )
        rows = reader.uint()
        sums = reader.floats(size=2 * features.count)
        reader.done()
        return cls(features.digest, rows, sums)
