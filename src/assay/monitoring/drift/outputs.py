"""Scores and predicted classes of a model as columns that are judged like its features."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from assay.domain.time import HOUR
from assay.stats.summaries.categorical import CategoricalSummary, Categories
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary
from assay.stats.summaries.layout import Layout
from assay.stats.summaries.numeric import NumericCells, NumericSummary
from assay.stats.summaries.probabilities import CELLS as CLASS_CELLS
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.scores import CELLS
from assay.stats.verdict.behaviour import Behaviour, Centre
from assay.stats.verdict.blocks import Blocks
from assay.stats.verdict.contrasts import Contrasts

__all__ = [
    "MIN_ROWS",
    "MOST_CLASSES",
    "OutcomeHour",
    "OutcomeSummary",
    "Outputs",
    "classes_of",
    "merged",
]

MIN_ROWS = 100
"""Outputs are judged where the time they are held against has so many predictions."""

MOST_CLASSES = 10
"""Of several classes the probabilities of the most often predicted are judged, so many."""

OutcomeSummary = ClassificationSummary | RegressionSummary

S = TypeVar("S", ClassificationSummary, RegressionSummary)

_MIDDLES = (np.arange(CELLS) + 0.5) / CELLS
_OF_CLASS = (np.arange(CLASS_CELLS) + 0.5) / CLASS_CELLS


@dataclass(frozen=True, slots=True)
class OutcomeHour:
    """What was predicted in one hour, and what came true of it; `start` in microseconds."""

    start: int
    summary: ClassificationSummary


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """The outputs of a model over the time that windows are held against.

    Scores are counted in 1,000 equal cells of [0, 1], and probabilities of several classes in 200, each cell
    taken for a point in its middle.

    Attributes
    ----------
    reference : with the columns, and their counts over that time.
    roles : column to "score" or "prediction".
    classes : column to the class whose probability it has.
    behaviour : in time; None where it is not known.
    """

    reference: Reference
    roles: dict[str, str]
    behaviour: Behaviour | None
    classes: Mapping[str, str]

    @classmethod
    def learn(
        cls, hours: Sequence[OutcomeHour], baseline: Collection[int], *, taken: Collection[str]
    ) -> Outputs | None:
        """Learn from hours; None where there is too little.

        Parameters
        ----------
        hours : that behaviour is learnt from, in order.
        baseline : starts of those that windows are held against; empty: all.
        taken : names of features, which outputs must not have.
        """
        ours = [hour for hour in hours if hour.start in baseline] if baseline else list(hours)
        if not ours:
            return None
        whole = merged([hour.summary for hour in ours])
        if whole.n_predictions < MIN_ROWS:
            return None
        features: dict[str, NumericCells | Categories] = {}
        roles = {}
        if whole.scores is not None and whole.scores.everyone.any():
            features[_free("score", taken)] = NumericCells(_MIDDLES)
            roles[_free("score", taken)] = "score"
        classes = {_free(f"probability of {name}", taken): name for name in classes_of(whole)}
        for column in classes:
            features[column] = NumericCells(_OF_CLASS)
            roles[column] = "score"
        if whole.predicted.any():
            features[_free("prediction", taken)] = Categories(whole.classes, complete=whole.complete)
            roles[_free("prediction", taken)] = "prediction"
        if not features:
            return None
        layout = Layout(features)
        reference = Reference(layout, _profile(layout, whole, classes), id="outputs")
        contrasts = Contrasts.of(reference.profile)
        counted = [contrasts.counts(_profile(layout, hour.summary, classes)) for hour in hours]
        starts = np.array([hour.start for hour in hours], dtype=np.int64)
        blocks = Blocks(
            contrasts,
            np.array([ours for ours, _ in counted], dtype=np.int64),
            np.array([among for _, among in counted], dtype=np.int64),
            starts,
            HOUR,
        )
        centre = None
        if baseline:
            _, trials = contrasts.counts(reference.profile)
            rows = np.array([hour.summary.n_predictions for hour in ours], dtype=np.float64)
            centre = Centre(trials, np.array([hour.start for hour in ours], dtype=np.int64), rows)
        return cls(reference, roles, Behaviour.learn(blocks, centre=centre), classes)

    def profile(self, summary: ClassificationSummary) -> FeatureProfile:
        """Count a window's outputs in the same cells."""
        return _profile(self.reference.layout, summary, self.classes)


def merged(summaries: Sequence[S]) -> S:
    """Describe the rows of all, at least one, two by two, so that each is merged few times."""
    left = list(summaries)
    while len(left) > 1:
        left = [
            left[place].merge(left[place + 1]) if place + 1 < len(left) else left[place]
            for place in range(0, len(left), 2)
        ]
    return left[0]


def classes_of(summary: ClassificationSummary) -> list[str]:
    """Return the classes whose probabilities are judged, by name; none where there is one score."""
    if summary.scores is not None or summary.probabilities is None:
        return []
    predicted = dict(zip(summary.classes, summary.predicted.tolist(), strict=False))
    names = sorted(summary.probabilities.classes, key=lambda name: (-predicted.get(name, 0), name))
    return sorted(names[:MOST_CLASSES])


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name that no feature has."""
    while name in taken:
        name = f"model's {name}"
    return name


def _profile(layout: Layout, summary: ClassificationSummary, classes: Mapping[str, str]) -> FeatureProfile:
    made: list[FeatureSummary] = []
    for column, cells in layout.features.items():
        if column in classes:
            everyone = _of_class(summary, classes[column])
            made.append(_numbers(cells, _OF_CLASS, everyone, summary.n_predictions))
        elif isinstance(cells, NumericCells):
            everyone = np.zeros(CELLS, dtype=np.int64)
            if summary.scores is not None:
                everyone = summary.scores.binned().everyone
            made.append(_numbers(cells, _MIDDLES, everyone, summary.n_predictions))
        else:
            made.append(_classes(cells, summary))
    return FeatureProfile.assemble(layout, summary.n_predictions, made)


def _of_class(summary: ClassificationSummary, name: str) -> Ints:
    """Rows by the cell of the probability of a class."""
    if summary.probabilities is None or name not in summary.probabilities.classes:
        return np.zeros(CLASS_CELLS, dtype=np.int64)
    found: Ints = summary.probabilities.classes[name].binned().counts[0]
    return found


def _numbers(cells: NumericCells | Categories, points: Floats, everyone: Ints, rows: int) -> NumericSummary:
    """Summary of numbers that are counted at some points, which are those of their cells."""
    assert isinstance(cells, NumericCells)  # noqa: S101 - numbers have no categories
    counts = np.zeros(cells.size, dtype=np.int64)
    counts[1::2] = everyone
    n = int(everyone.sum())
    missing = max(rows - n, 0)
    if not n:
        return NumericSummary.of((), cells, missing=missing)
    mean, seen = float(everyone @ points) / n, points[everyone > 0]
    spread: Floats = everyone * (points - mean) ** 2
    return NumericSummary(
        cells, counts, n, missing, 0, 0, 0, 0, mean, float(spread.sum()), float(seen[0]), float(seen[-1])
    )


def _classes(cells: Categories, summary: ClassificationSummary) -> CategoricalSummary:
    known = dict(zip(summary.classes, summary.predicted.tolist(), strict=False))
    counts = np.array([known.get(name, 0) for name in cells.names], dtype=np.int64)
    named = set(cells.names)
    new = {name: count for name, count in known.items() if count and name not in named}
    missing = max(summary.n_predictions - int(summary.predicted.sum()), 0)
    return CategoricalSummary(cells, counts, new, int(summary.predicted[-1]), missing, 0)
