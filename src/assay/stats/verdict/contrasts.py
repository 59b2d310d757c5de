"""Contrasts: the shares of rows by which windows of a model's features are compared.

A contrast is a share of rows, such as the rows below a quantile of the reference or those of one category.
All are read out of a profile by one cumulative sum, and the same ones are counted for short blocks of the
reference, so that their behaviour in time can be learnt.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.layout import Layout
from assay.stats.summaries.numeric import NumericCells
from assay.stats.summaries.packed_profile import N

__all__ = ["QUANTILES", "ContrastKind", "Contrasts"]

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Shares of the reference below the cuts of a numeric feature."""

MAX_CATEGORIES = 20
"""Categories of a feature that have a contrast of their own, the most frequent ones."""


class ContrastKind(enum.IntEnum):
    """What rows a contrast counts, and among which."""

    BELOW = 0
    """Rows with a value no larger than the cut, among those with a value."""
    CATEGORY = 1
    """Rows of one category, among those with a value."""
    NEW = 2
    """Rows of a category that the reference does not name, among those with a value."""
    MISSING = 3
    """Rows without a value, among all."""


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """The contrasts of all features of a reference, feature by feature.

    Attributes
    ----------
    layout : the features and their cells.
    feature : int64[contrasts], the place of each one's feature.
    kind : int64[contrasts], see :class:`ContrastKind`.
    start, stop : int64[contrasts], cells that are counted (of all features together).
    cut : float64[contrasts], the cut of a numeric contrast, else NaN.
    expected : float64[contrasts], the reference's share; NaN where it has no such rows.
    """

    layout: Layout
    feature: Ints
    kind: Ints
    start: Ints
    stop: Ints
    cut: Floats
    expected: Floats

    @property
    def scored(self) -> Ints:
        """Places of the features that have a location and a scale: the numeric ones with a cut."""
        return np.unique(self.feature[self.kind == ContrastKind.BELOW])

    def scores(self) -> tuple[Floats, Floats]:
        """Weights by which shares below the cuts add up to a location and a scale.

        The values between two cuts get the mean of the normal distribution between the same shares, so that
        the location is that of normal scores in ten groups; for the scale these are squared. Both are
        linear in the shares: ``location = sum(weight * share)`` over the contrasts of a feature, plus a
        constant that does not matter here.

        Returns
        -------
        tuple of numpy.ndarray
            float64[contrasts] twice, 0 for contrasts that are not below a cut.
        """
        first, second = np.zeros(self.size), np.zeros(self.size)
        for place in self.scored.tolist():
            where = self.of_feature(place)
            inside = np.flatnonzero(self.kind[where] == ContrastKind.BELOW) + where.start
            edges = np.concatenate([[0.0], self.expected[inside], [1.0]])
            density = np.exp(-0.5 * ndtri(edges) ** 2) / np.sqrt(2 * np.pi)
            score = (density[:-1] - density[1:]) / np.maximum(np.diff(edges), 1e-12)
            first[inside] = score[:-1] - score[1:]
            second[inside] = score[:-1] ** 2 - score[1:] ** 2
        return first, second

    @classmethod
    def of(cls, reference: FeatureProfile) -> Contrasts:
        """Choose the contrasts of a reference from its own profile."""
        layout = reference.layout
        rows: list[tuple[int, int, int, int, float]] = []
        for place, cells in enumerate(layout.features.values()):
            begin, end = int(layout.offsets[place]), int(layout.offsets[place + 1])
            counts = reference.cells[begin:end]
            n = int(reference.tallies[place, N])
            if isinstance(cells, NumericCells):
                rows += [
                    (place, ContrastKind.BELOW, begin, begin + 2 * point + 2, cells.points[point])
                    for point in _cuts(counts, n)
                ]
            else:
                kept = np.sort(np.argsort(-counts, kind="stable")[:MAX_CATEGORIES])
                rows += [
                    (place, ContrastKind.CATEGORY, begin + one, begin + one + 1, np.nan)
                    for one in kept[counts[kept] > 0].tolist()
                ]
                rows.append((place, ContrastKind.NEW, begin, end, np.nan))
            rows.append((place, ContrastKind.MISSING, begin, begin, np.nan))
        columns = list(zip(*rows, strict=True)) if rows else [()] * 5
        places, kinds, starts, stops = (np.array(column, dtype=np.int64) for column in columns[:4])
        made = cls(
            layout,
            places,
            kinds,
            starts,
            stops,
            np.array(columns[4], dtype=np.float64),
            np.zeros(places.size),
        )
        successes, trials = made.counts(reference)
        return cls(layout, places, kinds, starts, stops, made.cut, shares(successes, trials))

    @property
    def size(self) -> int:
        """Number of contrasts."""
        return self.feature.size

    def counts(self, profile: FeatureProfile) -> tuple[Ints, Ints]:
        """Rows that each contrast counts in a profile, and the rows among which it counts.

        Returns
        -------
        tuple of numpy.ndarray
            int64[contrasts] twice.
        """
        running = np.concatenate([[0], np.cumsum(profile.cells)])
        named = running[self.stop] - running[self.start]
        n = profile.tallies[self.feature, N]
        trials = np.where(self.kind == ContrastKind.MISSING, profile.rows, n)
        successes = np.where(self.kind == ContrastKind.NEW, n - named, named)
        return np.where(self.kind == ContrastKind.MISSING, profile.rows - n, successes), trials

    def of_feature(self, place: int) -> slice:
        """Where the contrasts of the feature at `place` stand."""
        begin, end = np.searchsorted(self.feature, [place, place + 1])
        return slice(int(begin), int(end))


def shares(successes: npt.NDArray[np.int64], trials: npt.NDArray[np.int64]) -> Floats:
    """``successes / trials``, NaN where there are no trials."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trials > 0, successes / np.maximum(trials, 1), np.nan)


def _cuts(counts: Ints, n: int) -> list[int]:
    """Places of the points at which a numeric feature is cut: the first that reach the quantiles."""
    if not n or counts.size < 3:
        return []
    below = np.cumsum(counts)[1::2]  # up to and with each point
    wanted = np.ceil(np.array(QUANTILES) * n)
    found = np.searchsorted(below, wanted, side="left")
    inside = found[(found < below.size)]
    return np.unique(inside[below[inside] < n]).tolist()
