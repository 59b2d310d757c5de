"""Scores of a binary classifier: their distribution per true class, and the sums behind their metrics.

Which class is the positive one is decided when a metric is asked for: for each true class the sums are
kept both ways. Counts are in 1,000 equal cells of [0, 1], or, in one-shot evaluation, at each distinct
score, which makes ROC AUC and average precision exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import bottom_k, shorten
from assay.stats.summaries.classes import MAX_CLASSES, class_codes, union
from assay.stats.summaries.codec import Floats, Ints, Reader, Writer

__all__ = ["BINS", "CELLS", "EPS", "ScoreSummary", "bin_of", "cells_of", "gather"]

CELLS = 1000
"""Equal cells of [0, 1] in which scores are counted."""

BINS = 20
"""Equal bins of [0, 1] in which scores are summed, for calibration; each is closed on the right."""

EPS = float(np.finfo(np.float64).eps)
"""Scores are clipped to [EPS, 1 - EPS] before a logarithm, as scikit-learn does."""

_EDGES = np.linspace(0.0, 1.0, BINS + 1)[1:-1]
_SUMS = 8


def bin_of(scores: Floats) -> Ints:
    """Calibration bin of each score."""
    return np.searchsorted(_EDGES, scores, side="left")


def cells_of(scores: Floats, cells: int) -> Ints:
    """Cell of each score among `cells` equal ones of [0, 1]."""
    return np.minimum((scores * cells).astype(np.int64), cells - 1)


def gather(array: npt.NDArray[np.generic], places: Ints, rows: int) -> npt.NDArray[np.generic]:
    """Add the rows of `array` up at their new `places` among `rows`."""
    if rows == array.shape[0] and (places == np.arange(rows)).all():
        return array
    result = np.zeros((rows, *array.shape[1:]), dtype=array.dtype)
    np.add.at(result, places, array)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSummary(Mergeable):
    """Distribution of scores, over all predictions and per true class.

    Attributes
    ----------
    points : the distinct scores (ascending), or None for `CELLS` equal cells.
    everyone : int64[cells], counts over all predictions, labelled or not.
    classes : the true classes; the last row of each array below is for classes not kept.
    counts : int64[classes + 1, cells].
    sums : float64[classes + 1, 8]: for the class as the negative one, sums of the squared error s² and of
        its square; for it as the positive one, (1-s)² and its square; then its log loss as the
        positive one, squared, and as the negative one, squared.
    bin_counts, bin_sums : [classes + 1, BINS], number and sum of the scores in each bin.
    invalid : scores outside [0, 1] or infinite, which are left out.
    """

    points: Floats | None
    everyone: Ints
    classes: tuple[str, ...]
    counts: Ints
    sums: Floats
    bin_counts: Ints
    bin_sums: Floats
    invalid: int = 0

    @classmethod
    def of(cls, actual: Ints, names: list[str], scores: Floats, *, exact: bool, late: bool) -> Self:
        """Summarise scores (NaN: none) with their true classes (codes into `names`, -1: unlabelled).

        With `late`, only what the labels add is counted: the predictions have been counted before.
        """
        with np.errstate(invalid="ignore"):
            valid = (scores >= 0) & (scores <= 1)
        invalid = 0 if late else int(np.count_nonzero(~valid & ~np.isnan(scores)))
        if late:
            valid &= actual >= 0
        scores, actual = scores[valid], actual[valid]
        seen = np.bincount(actual[actual >= 0], minlength=len(names)) if names else np.zeros(0)
        classes = bottom_k((shorten(names[i]) for i in np.flatnonzero(seen)), MAX_CLASSES)
        rows = class_codes(actual, names, classes)
        height = len(classes) + 1
        points: Floats | None = None
        if exact:
            points, cell = np.unique(scores + 0.0, return_inverse=True)
            width = points.size
        else:
            cell, width = cells_of(scores, CELLS), CELLS
        everyone = np.zeros(width, dtype=np.int64) if late else np.bincount(cell, minlength=width)
        known = rows >= 0
        scores, rows, cell = scores[known], rows[known], cell[known]
        bins = bin_of(scores)
        sums = np.zeros((height, _SUMS))
        for row in range(height):
            some = scores[rows == row]
            if some.size:
                sums[row] = _sums(some)
        shape = height * BINS
        bin_sums = np.bincount(rows * BINS + bins, weights=scores, minlength=shape)
        return cls(
            points,
            everyone.astype(np.int64),
            tuple(classes),
            np.bincount(rows * width + cell, minlength=height * width)
            .astype(np.int64)
            .reshape(height, width),
            sums,
            np.bincount(rows * BINS + bins, minlength=shape).astype(np.int64).reshape(height, BINS),
            bin_sums.astype(np.float64).reshape(height, BINS),
            invalid,
        )

    @property
    def exact(self) -> bool:
        """Whether each distinct score is counted by itself."""
        return self.points is not None

    def binned(self) -> Self:
        """Return the same scores counted in equal cells."""
        if self.points is None:
            return self
        cell = cells_of(self.points, CELLS)
        return type(self)(
            None,
            gather(self.everyone, cell, CELLS).astype(np.int64),
            self.classes,
            np.ascontiguousarray(gather(self.counts.T, cell, CELLS).T).astype(np.int64),
            self.sums,
            self.bin_counts,
            self.bin_sums,
            self.invalid,
        )

    def merge(self, other: Self) -> Self:
        """Describe the rows of both; exact where both are, else in equal cells."""
        a, b = self, other
        if a.points is None or b.points is None:
            a, b = a.binned(), b.binned()
            points, width = None, CELLS
            everyone, counts_a, counts_b = a.everyone + b.everyone, a.counts, b.counts
        else:
            points = np.union1d(a.points, b.points)
            width = points.size
            place_a, place_b = np.searchsorted(points, a.points), np.searchsorted(points, b.points)
            everyone = np.zeros(width, dtype=np.int64)
            everyone[place_a] += a.everyone
            everyone[place_b] += b.everyone
            counts_a = np.zeros((a.counts.shape[0], width), dtype=np.int64)
            counts_a[:, place_a] = a.counts
            counts_b = np.zeros((b.counts.shape[0], width), dtype=np.int64)
            counts_b[:, place_b] = b.counts
        classes, from_a, from_b = union(a.classes, b.classes)
        rows = len(classes) + 1

        def add(x: npt.NDArray[np.generic], y: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
            return np.asarray(gather(x, from_a, rows) + gather(y, from_b, rows))  # type: ignore[operator]  # int + int or float + float

        return type(self)(
            points,
            everyone,
            classes,
            add(counts_a, counts_b).astype(np.int64),
            add(a.sums, b.sums).astype(np.float64),
            add(a.bin_counts, b.bin_counts).astype(np.int64),
            add(a.bin_sums, b.bin_sums).astype(np.float64),
            a.invalid + b.invalid,
        )

    def split(self, positive: str) -> tuple[Ints, Ints]:
        """Counts per cell of the labelled scores whose truth is `positive`, and of the others."""
        total = self.counts.sum(axis=0)
        if positive not in self.classes:
            return np.zeros_like(total), total
        of_positive = self.counts[self.classes.index(positive)]
        return of_positive, total - of_positive

    def error_sums(self, positive: str) -> tuple[int, Floats]:
        """Labelled scores, and their sums of Brier terms, squared ones, log loss and squared log loss."""
        roles = np.where(
            np.array([*(name == positive for name in self.classes), False])[:, None],
            self.sums[:, [2, 3, 4, 5]],
            self.sums[:, [0, 1, 6, 7]],
        )
        return int(self.counts.sum()), roles.sum(axis=0)

    def write(self, writer: Writer) -> None:
        """Write the fields."""
        writer.uint(int(self.exact))
        if self.points is not None:
            writer.floats(self.points)
        writer.texts(self.classes)
        writer.uint(self.invalid)
        writer.ints(self.everyone)
        writer.ints(self.counts)
        writer.ints(self.bin_counts)
        writer.floats(self.sums)
        writer.floats(self.bin_sums)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read what :meth:`write` wrote."""
        points = None
        if reader.uint():
            points = reader.floats()
            if points.size and not ((points >= 0) & (points <= 1)).all():
                raise InvalidInput("summary bytes hold scores outside [0, 1]")
            if not (points[1:] > points[:-1]).all():
                raise InvalidInput("summary bytes hold scores out of order")
        classes = tuple(reader.texts(limit=MAX_CLASSES))
        invalid = reader.uint()
        rows, width = len(classes) + 1, CELLS if points is None else points.size
        return cls(
            points,
            reader.ints(size=width),
            classes,
            reader.ints(size=rows * width).reshape(rows, width),
            bin_counts=reader.ints(size=rows * BINS).reshape(rows, BINS),
            sums=reader.floats(size=rows * _SUMS).reshape(rows, _SUMS),
            bin_sums=reader.floats(size=rows * BINS).reshape(rows, BINS),
            invalid=invalid,
        )


def _sums(scores: Floats) -> list[float]:
    as_negative, as_positive = scores * scores, (1 - scores) ** 2
    clipped = np.clip(scores, EPS, 1 - EPS)
    loss_positive, loss_negative = -np.log(clipped), -np.log(np.clip(1 - scores, EPS, 1 - EPS))
    return [
        float(term.sum())
        for value in (as_negative, as_positive, loss_positive, loss_negative)
        for term in (value, value * value)
    ]
