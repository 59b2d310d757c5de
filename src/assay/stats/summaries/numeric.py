"""Numeric features: counts in cells cut by the reference, with moments.

Between two neighbouring reference points the reference's distribution function is flat, so that counts
of the points and of the open intervals between them give its Kolmogorov-Smirnov distance to any
window exactly, as long as all distinct values of the reference are points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Floats, Ints, Kind, Reader, Writer
from assay.stats.summaries.floats import as_floats, finite_or_none
from assay.stats.summaries.moments import merge_moments, squared_deviations
from assay.stats.summaries.ranks import RankedSample

__all__ = ["NumericCells", "NumericSummary"]


@dataclass(frozen=True, slots=True, eq=False)
class NumericCells:
    """The points that cut the line into cells.

    `points` (float64, k of them, finite, ascending, distinct) make 2k + 1 cells: cell ``2i + 1`` is the
    point i itself, cell ``2i`` the open interval below it, and the last cell everything above.

    Raises
    ------
    InvalidInput
        Where the points are not finite, ascending and distinct.
    """

    points: Floats
    digest: bytes = b""

    def __post_init__(self) -> None:
        points = as_floats(self.points, "points") + 0.0  # -0.0 becomes 0.0
        if points.size and not (np.isfinite(points).all() and (points[1:] > points[:-1]).all()):
            raise InvalidInput("points of cells must be finite, ascending and distinct")
        points.flags.writeable = False
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "digest", blake2b(points.astype("<f8").tobytes(), digest_size=8).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NumericCells) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def size(self) -> int:
        """Number of cells, ``2k + 1``."""
        return 2 * self.points.size + 1

    @classmethod
    def from_values(cls, values: npt.ArrayLike, max_points: int = 1000) -> Self:
        """Cut cells from a reference sample: its distinct values, or quantiles that occur in it.

        Parameters
        ----------
        values : the sample, any shape; NaN and infinite ones are left out.
        max_points : with more distinct values than this, the points are this many quantiles from the
            smallest to the largest value, each one a value of the sample (fewer where ties make two of
            them one).

        Examples
        --------
        >>> NumericCells.from_values([2.0, 1.0, 2.0]).points.tolist()
        [1.0, 2.0]
        """
        return cls.from_sample(RankedSample(_finite(as_floats(values))[0]), max_points)

    @classmethod
    def from_sample(cls, sample: RankedSample, max_points: int = 1000) -> Self:
        """Like :meth:`from_values`."""
        if max_points < 2:
            raise InvalidInput(f"max_points must be at least 2, not {max_points}")
        finite = sample.values
        if not finite.size:
            return cls(np.zeros(0))
        distinct = sample.distinct(max_points)
        if distinct is not None:
            return cls(distinct)
        ranks = np.round(np.linspace(0, finite.size - 1, max_points)).astype(np.int64)
        return cls(np.unique(sample.at_ranks(ranks)))


def _finite(values: Floats) -> tuple[Floats, int, int, int]:
    """Return the finite values, and how many are NaN, +inf and -inf."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return values, 0, 0, 0
    nan = int(np.count_nonzero(np.isnan(values)))
    high, low = int(np.count_nonzero(values == np.inf)), int(np.count_nonzero(values == -np.inf))
    return values[np.isfinite(values)], nan, high, low


def _count(sample: RankedSample, points: Floats) -> Ints:
    """Counts of finite values in the cells of `points`."""
    k, values = points.size, sample.values
    if values.size * 4 < k:  # few values: search them among the points
        at = np.searchsorted(points, values)
        hit = points[np.minimum(at, k - 1)] == values
        return np.bincount(2 * at + hit, minlength=2 * k + 1).astype(np.int64)
    below, upto = sample.ranks_of(points)
    counts = np.empty(2 * k + 1, dtype=np.int64)
    counts[1::2] = upto - below
    counts[0:-1:2] = below
    counts[2:-1:2] -= upto[:-1]
    counts[-1] = values.size - (upto[-1] if k else 0)
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class NumericSummary(Mergeable):
    """Counts of a numeric feature's values in its reference's cells, and their moments.

    Attributes
    ----------
    cells : the cells.
    counts : int64, one per cell, of finite values; see :class:`NumericCells` for the order.
    n : finite values.
    missing, nan, pos_inf, neg_inf, mistyped : rows without a finite value, by reason.
    mean : their mean; 0.0 where n is 0.
    m2 : their sum of squared deviations from the mean.
    min, max : the smallest and largest; inf and -inf where n is 0.
    """

    cells: NumericCells
    counts: Ints
    n: int = 0
    missing: int = 0
    nan: int = 0
    pos_inf: int = 0
    neg_inf: int = 0
    mistyped: int = 0
    mean: float = 0.0
    m2: float = 0.0
    min: float = math.inf
    max: float = -math.inf

    @classmethod
    def empty(cls, cells: NumericCells) -> Self:
        """Summary of no rows."""
        return cls(cells, np.zeros(cells.size, dtype=np.int64))

    @classmethod
    def of(cls, values: npt.ArrayLike, cells: NumericCells, *, missing: int = 0, mistyped: int = 0) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        values : numbers, any shape; NaN and infinite ones are counted apart.
        cells : the reference's cells.
        missing, mistyped : rows of the batch that are not among `values`.

        Examples
        --------
        >>> cells = NumericCells.from_values([1.0, 2.0])
        >>> NumericSummary.of([0.5, 1.0, 1.5, 9.0, float("nan")], cells).counts.tolist()
        [1, 1, 1, 0, 1]
        """
        finite, *tallies = _finite(as_floats(values))
        return cls._of(RankedSample(finite), cells, tallies, missing, mistyped)

    @classmethod
    def learn(
        cls, values: npt.ArrayLike, *, max_points: int = 1000, missing: int = 0, mistyped: int = 0
    ) -> Self:
        """Cut cells from a batch and summarise it in them, in less time than one after the other."""
        finite, *tallies = _finite(as_floats(values))
        sample = RankedSample(finite)
        return cls._of(sample, NumericCells.from_sample(sample, max_points), tallies, missing, mistyped)

    @classmethod
    def _of(
        cls, sample: RankedSample, cells: NumericCells, tallies: list[int], missing: int, mistyped: int
    ) -> Self:
        finite, (nan, pos_inf, neg_inf) = sample.values, tallies
        mean = m2 = 0.0
        low, high = math.inf, -math.inf
        if finite.size:
            with np.errstate(over="ignore", invalid="ignore"):
                mean = float(finite.mean())
                m2 = squared_deviations(finite, mean)
            low, high = float(finite.min()), float(finite.max())
        return cls(
            cells,
            _count(sample, cells.points),
            n=finite.size,
            missing=missing,
            nan=nan,
            pos_inf=pos_inf,
            neg_inf=neg_inf,
            mistyped=mistyped,
            mean=mean,
            m2=m2,
            min=low,
            max=high,
        )

    @property
    def rows(self) -> int:
        """All rows, with and without a finite value."""
        return self.n + self.missing + self.nan + self.pos_inf + self.neg_inf + self.mistyped

    @property
    def variance(self) -> float | None:
        """Sample variance (divisor n - 1); None where n < 2 or it is beyond the floats."""
        return finite_or_none(self.m2 / (self.n - 1)) if self.n > 1 else None

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where the cells differ.
        """
        if self.cells.digest != other.cells.digest:
            raise InvalidInput("summaries under different cells cannot be merged; use one reference")
        mean, m2 = merge_moments(self.n, self.mean, self.m2, other.n, other.mean, other.m2)
        return type(self)(
            self.cells,
            self.counts + other.counts,
            n=self.n + other.n,
            missing=self.missing + other.missing,
            nan=self.nan + other.nan,
            pos_inf=self.pos_inf + other.pos_inf,
            neg_inf=self.neg_inf + other.neg_inf,
            mistyped=self.mistyped + other.mistyped,
            mean=float(mean),
            m2=float(m2),
            min=min(self.min, other.min),
            max=max(self.max, other.max),
        )

    def quantile(self, q: float) -> float | None:
        """Value below or at which a share `q` of the finite values lies, read off the cells.

        At a point the answer is exact; inside an interval it is interpolated between its ends. None
        where there is no value.
        """
        if not 0 <= q <= 1:
            raise InvalidInput(f"a quantile is asked for by a share between 0 and 1, not {q}")
        if not self.n:
            return None
        cumulated = np.cumsum(self.counts)
        rank = min(max(math.ceil(q * self.n), 1), self.n)
        cell = min(int(np.searchsorted(cumulated, rank)), self.cells.size - 1)
        points, i = self.cells.points, cell // 2
        if cell % 2:
            return float(points[i])
        low = max(float(points[i - 1]), self.min) if i else self.min
        high = min(float(points[i]), self.max) if i < points.size else self.max
        share = (rank - int(cumulated[cell]) + int(self.counts[cell])) / int(self.counts[cell])
        return finite_or_none(low * (1 - share) + high * share)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; the counts of cells are left out."""
        variance = self.variance
        return {
            "kind": "numeric",
            "rows": self.rows,
            "n": self.n,
            "missing": self.missing,
            "nan": self.nan,
            "pos_inf": self.pos_inf,
            "neg_inf": self.neg_inf,
            "mistyped": self.mistyped,
            "mean": finite_or_none(self.mean) if self.n else None,
            "std": None if variance is None else math.sqrt(max(variance, 0.0)),
            "min": finite_or_none(self.min),
            "max": finite_or_none(self.max),
        } | {name: self.quantile(q) for name, q in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))}

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; the cells are not in them."""
        writer = Writer()
        writer.raw(self.cells.digest)
        writer.ints(self.counts)
        writer.ints([self.missing, self.nan, self.pos_inf, self.neg_inf, self.mistyped])
        writer.floats([self.mean, self.m2, self.min, self.max])
        return writer.finish(Kind.NUMERIC)

    @classmethod
    def from_bytes(cls, data: bytes, cells: NumericCells) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to other cells.
        """
        reader = Reader(data, Kind.NUMERIC)
        if reader.raw(8) != cells.digest:
            raise InvalidInput(
                "these bytes were counted under other cells; give the reference they belong to"
            )
        counts = reader.ints(size=cells.size)
        tallies = reader.ints(size=5).tolist()
        moments = reader.floats(size=4).tolist()
        reader.done()
        return cls(cells, counts, int(counts.sum()), *tallies, *moments)
