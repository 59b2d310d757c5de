"""Probabilities of a multiclass classifier: one-vs-rest counts, and the sums behind their metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import bottom_k, shorten
from assay.stats.summaries.classes import MAX_CLASSES
from assay.stats.summaries.codec import Floats, Ints, Reader, Writer
from assay.stats.summaries.scores import BINS, EPS, bin_of, cells_of, gather

__all__ = ["CELLS", "OneVsRest", "ProbabilitySummary"]

CELLS = 200
"""Equal cells of [0, 1] in which each class's probabilities are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class OneVsRest(Mergeable):
    """Counts of one class's probability.

    `counts` is int64[3, cells]: over all predictions, over those whose truth is the class, and over those
    whose truth is another. `points` are the distinct values, or None for `CELLS` equal cells.
    """

    points: Floats | None
    counts: Ints

    def binned(self) -> Self:
        """Return the same counts in equal cells."""
        if self.points is None:
            return self
        summed = gather(self.counts.T, cells_of(self.points, CELLS), CELLS).T
        return type(self)(None, np.ascontiguousarray(summed).astype(np.int64))

    def merge(self, other: Self) -> Self:
        """Describe the rows of both; exact where both are."""
        if self.points is None or other.points is None:
            return type(self)(None, self.binned().counts + other.binned().counts)
        points = np.union1d(self.points, other.points)
        counts = np.zeros((3, points.size), dtype=np.int64)
        counts[:, np.searchsorted(points, self.points)] += self.counts
        counts[:, np.searchsorted(points, other.points)] += other.counts
        return type(self)(points, counts)


@dataclass(frozen=True, slots=True, eq=False)
class ProbabilitySummary(Mergeable):
    """Probabilities per class, and how they fit the truth.

    Attributes
    ----------
    classes : counts per class (at most ``MAX_CLASSES``, by hash).
    n : labelled rows with valid probabilities.
    sums : float64[4], over these rows: log loss of the true class, its square, Brier sum over classes of
        (p - truth)², its square.
    bins : int64[2, BINS], rows by the bin of their largest probability, and those of them whose
        prediction was right.
    bin_sums : float64[BINS], sums of the largest probability.
    invalid : rows with a probability missing or outside [0, 1], which are left out.
    """

    classes: Mapping[str, OneVsRest]
    n: int = 0
    sums: Floats = field(default_factory=lambda: np.zeros(4))
    bins: Ints = field(default_factory=lambda: np.zeros((2, BINS), dtype=np.int64))
    bin_sums: Floats = field(default_factory=lambda: np.zeros(BINS))
    invalid: int = 0

    @classmethod
    def of(
        cls,
        actual: Ints,
        names: list[str],
        predicted: Ints,
        probabilities: Mapping[str, Floats],
        *,
        exact: bool,
        late: bool,
    ) -> Self:
        """Summarise probabilities with the true and predicted classes (codes into `names`, -1: none).

        Where a row has no prediction, its most probable class counts as predicted. With `late`, only what
        the labels add is counted.
        """
        labels = list(probabilities)
        matrix = np.column_stack([probabilities[label] for label in labels])
        with np.errstate(invalid="ignore"):
            valid = ((matrix >= 0) & (matrix <= 1)).all(axis=1)
        given = ~np.isnan(matrix).all(axis=1)
        invalid = 0 if late else int(np.count_nonzero(given & ~valid))
        if late:
            valid &= actual >= 0
        matrix, actual, predicted = matrix[valid], actual[valid], predicted[valid]
        place = {label: column for column, label in enumerate(labels)}
        column_of = np.array([place.get(name, -2) for name in names] + [-1], dtype=np.int64)
        truth, guess = column_of[actual], column_of[predicted]
        wide = range(len(labels))
        kept = set(bottom_k(map(shorten, labels), MAX_CLASSES))
        classes = {}
        for column in wide:
            name = shorten(labels[column])
            if name not in kept:
                continue
            values = matrix[:, column]
            if exact:
                points, cell = np.unique(values + 0.0, return_inverse=True)
                width = points.size
            else:
                points, cell, width = None, cells_of(values, CELLS), CELLS
            counts = np.zeros((3, width), dtype=np.int64)
            if not late:
                counts[0] = np.bincount(cell, minlength=width)
            counts[1] = np.bincount(cell[truth == column], minlength=width)
            counts[2] = np.bincount(cell[(truth != column) & (actual >= 0)], minlength=width)
            classes[name] = OneVsRest(points, counts)
        known = actual >= 0
        matrix, truth, guess = matrix[known], truth[known], guess[known]
        named = np.flatnonzero(truth >= 0)
        of_truth = np.zeros(truth.size)
        of_truth[named] = matrix[named, truth[named]]
        loss = -np.log(np.clip(of_truth, EPS, 1 - EPS))
        gaps = matrix.copy()
        gaps[named, truth[named]] -= 1
        # A true class without a probability of its own adds (0 - 1)² to the Brier sum.
        brier = np.square(gaps, out=gaps).sum(axis=1) + (truth < 0)
        best = matrix.argmax(axis=1) if matrix.size else np.zeros(0, dtype=np.int64)
        top = matrix.max(axis=1) if matrix.size else np.zeros(0)
        right = np.where(guess == -1, best, guess) == truth
        place_of = bin_of(top)
        bins = np.stack(
            [
                np.bincount(place_of, minlength=BINS),
                np.bincount(place_of[right & (truth >= 0)], minlength=BINS),
            ]
        )
        return cls(
            classes,
            int(np.count_nonzero(known)),
            np.array([loss.sum(), (loss * loss).sum(), brier.sum(), (brier * brier).sum()]),
            bins.astype(np.int64),
            np.bincount(place_of, weights=top, minlength=BINS).astype(np.float64),
            invalid,
        )

    def merge(self, other: Self) -> Self:
        """Describe the rows of both."""
        classes = dict(self.classes)
        for name, counts in other.classes.items():
            classes[name] = classes[name].merge(counts) if name in classes else counts
        if len(classes) > MAX_CLASSES:
            classes = {name: classes[name] for name in bottom_k(classes, MAX_CLASSES)}
        return type(self)(
            classes,
            self.n + other.n,
            self.sums + other.sums,
            self.bins + other.bins,
            self.bin_sums + other.bin_sums,
            self.invalid + other.invalid,
        )

    def write(self, writer: Writer) -> None:
        """Write the fields."""
        names = sorted(self.classes)
        writer.texts(names)
        for name in names:
            one = self.classes[name]
            writer.uint(int(one.points is not None))
            if one.points is not None:
                writer.floats(one.points)
            writer.ints(one.counts)
        writer.uint(self.n)
        writer.uint(self.invalid)
        writer.floats(self.sums)
        writer.ints(self.bins)
        writer.floats(self.bin_sums)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read what :meth:`write` wrote."""
        classes = {}
        for name in reader.texts(limit=MAX_CLASSES):
            points = reader.floats() if reader.uint() else None
            if points is not None and not (
                ((points >= 0) & (points <= 1)).all() and (points[1:] > points[:-1]).all()
            ):
                raise InvalidInput("summary bytes hold probabilities out of order or outside [0, 1]")
            width = CELLS if points is None else points.size
            classes[name] = OneVsRest(points, reader.ints(size=3 * width).reshape(3, width))
        n, invalid = reader.uint(), reader.uint()
        sums = reader.floats(size=4)
        bins = reader.ints(size=2 * BINS).reshape(2, BINS)
        return cls(classes, n, sums, bins, reader.floats(size=BINS), invalid)
