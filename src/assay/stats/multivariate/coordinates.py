"""Rows as points: every feature on a scale that its reference gives it.

A number becomes the normal score of its mid-rank in the reference, read off the counts of the reference's
cells, so that units, skewness and outliers do not matter. A frequent category becomes the indicator of the
rows that have it. All coordinates have mean 0 and variance 1 over the reference. They follow from the
reference's profile alone: two machines that hold the same reference agree on them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from scipy.special import ndtri

from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.codec import Floats, Ints, Writer
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["Codes", "Coordinates", "Indicator", "Scale"]

Codes = tuple[Ints, Sequence[str]]
"""Categories of rows: int64[rows] places in the texts, -1 where there is none; and the texts."""

MOST_CATEGORIES = 6
"""The most indicators of one feature."""

LEAST_SHARE = 0.05
"""A category with a smaller share of the reference, or leaving a smaller one, has no indicator."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Coordinate of a numeric feature.

    Attributes
    ----------
    feature : its name.
    points : float64[k], the points that cut the line, as in
        :class:`assay.stats.summaries.numeric.NumericCells`.
    scores : float64[2 k + 1], the coordinate of each cell.
    """

    feature: str
    points: Floats
    scores: Floats

    def of(self, values: Floats) -> Floats:
        """Coordinates of values: float64 of the same shape, NaN where a value is not finite."""
        cell = np.searchsorted(self.points, values, "left") + np.searchsorted(self.points, values, "right")
        return np.where(np.isfinite(values), self.scores[cell], np.nan)


@dataclass(frozen=True, slots=True)
class Indicator:
    """Coordinate of one category of a feature.

    Attributes
    ----------
    feature : its name.
    category : which category.
    share : of the reference's rows with a category.
    """

    feature: str
    category: str
    share: float

    def of(self, codes: Codes) -> Floats:
        """Coordinates of rows: float64[rows], NaN where there is no category."""
        spread = np.sqrt(self.share * (1 - self.share))
        of_text = np.array([*(text == self.category for text in codes[1]), False], dtype=np.float64)
        scores = (of_text - self.share) / spread
        scores[-1] = np.nan  # code -1
        return np.asarray(scores[codes[0]])


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """The coordinates of a row, in order.

    Attributes
    ----------
    axes : what each stands for.
    digest : 8 bytes that tell one choice of coordinates from another.
    """

    axes: tuple[Scale | Indicator, ...]
    digest: bytes = b""

    def __post_init__(self) -> None:
        writer = Writer()
        for axis in self.axes:
            writer.text(axis.feature)
            if isinstance(axis, Scale):
                writer.floats(axis.points)
                writer.floats(axis.scores)
            else:
                writer.text(axis.category)
                writer.floats([axis.share])
        object.__setattr__(self, "digest", blake2b(writer.body(), digest_size=8).digest())

    @classmethod
    def of(cls, reference: FeatureProfile, features: Collection[str] | None = None) -> Coordinates:
        """Take coordinates from a reference's profile.

        Parameters
        ----------
        reference : profile of the reference, under its own cells.
        features : which features, in their order in the profile; None: all. One that does not vary has no
            coordinate.

        Examples
        --------
        >>> from assay.stats.summaries.column import Column
        >>> from assay.stats.summaries.reference import Reference
        >>> profile = Reference.of({"x": Column.numeric([1.0, 2.0, 30.0])}).profile
        >>> Coordinates.of(profile).points({"x": np.array([1.0, 2.0, 1e9])}).round(2).ravel().tolist()
        [-1.22, 0.0, 1.22]
        """
        axes: list[Scale | Indicator] = []
        for name, summary in reference.features.items():
            if features is not None and name not in features:
                continue
            if isinstance(summary, NumericSummary):
                axes.extend(_scale(name, summary))
            else:
                axes.extend(_indicators(name, summary))
        return cls(tuple(axes))

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return len(self.axes)

    @property
    def features(self) -> tuple[str, ...]:
        """Feature of each coordinate."""
        return tuple(axis.feature for axis in self.axes)

    @property
    def owner(self) -> Ints:
        """Place of the feature of each coordinate among those that have any: int64[coordinates]."""
        place = {name: i for i, name in enumerate(dict.fromkeys(self.features))}
        return np.array([place[name] for name in self.features], dtype=np.int64)

    def points(self, rows: Mapping[str, Floats | Codes]) -> Floats:
        """Return the points of rows.

        Parameters
        ----------
        rows : of each feature its values, all of one length: float64[rows] with NaN where missing, or
            :data:`Codes`. A feature that is absent is missing in every row.

        Returns
        -------
        numpy.ndarray
            float64[rows, coordinates], NaN where missing.
        """
        count = max((len(one[0] if isinstance(one, tuple) else one) for one in rows.values()), default=0)
        made = np.full((count, self.size), np.nan)
        for place, axis in enumerate(self.axes):
            values = rows.get(axis.feature)
            if values is None or isinstance(values, tuple) is isinstance(axis, Scale):
                continue
            made[:, place] = axis.of(values)  # type: ignore[arg-type] # of the axis' own kind, as was just seen
        return made

    def strongest(self, points: Floats, most: int) -> Coordinates:
        """Keep the coordinates that depend on those of other features the most.

        Parameters
        ----------
        points : float64[rows, coordinates], of the reference.
        most : how many are kept at most; with no more than that all are.
        """
        if self.size <= most:
            return self
        known = np.isfinite(points)
        filled = np.where(known, points, 0.0)
        both = known.astype(np.float64).T @ known.astype(np.float64)
        # Shrunk by what chance makes of the correlation of few rows.
        strength = np.abs(filled.T @ filled) / np.maximum(both, 1.0) - 1 / np.sqrt(np.maximum(both, 1.0))
        strength[self.owner[:, None] == self.owner[None, :]] = -np.inf
        kept = np.sort(np.argsort(-strength.max(axis=1), kind="stable")[:most])
        return Coordinates(tuple(self.axes[place] for place in kept.tolist()))


def _scale(name: str, summary: NumericSummary) -> list[Scale]:
    """Coordinate of a numeric feature; none where it does not vary."""
    counts = summary.counts.astype(np.float64)
    n = counts.sum()
    if not n:
        return []
    rank = (np.cumsum(counts) - counts / 2) / n
    scores = ndtri(np.clip(rank, 0.5 / n, 1 - 0.5 / n))
    mean = float(counts @ scores) / n
    spread = float(np.sqrt(counts @ (scores - mean) ** 2 / n))
    if spread < _VARIES:
        return []
    return [Scale(name, summary.cells.points, np.asarray((scores - mean) / spread))]


def _indicators(name: str, summary: CategoricalSummary) -> list[Indicator]:
    """Coordinates of a categorical feature: its most frequent categories.

    The last category follows from the others where all are among them; it is kept, since a pair of features
    may depend on one another in that category alone.
    """
    n = summary.n
    ranked = np.argsort(-summary.counts, kind="stable")[:MOST_CATEGORIES].tolist() if n else []
    shares = [(summary.categories.names[place], float(summary.counts[place]) / n) for place in ranked]
    return [
        Indicator(name, category, share)
        for category, share in shares
        if LEAST_SHARE <= share <= 1 - LEAST_SHARE
    ]


_VARIES = 1e-3
"""Scores that vary less are those of a feature with a handful of rows off its one value."""
