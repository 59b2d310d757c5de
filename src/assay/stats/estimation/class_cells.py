"""Expected metrics of more than two classes, from cells in which each class's probability is counted.

The classes' cells are counts of the same rows, but say nothing of which belong together. Sums over all rows,
and what is made of them, need no more; variances take the classes for independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.calibration import Calibrator
from assay.stats.estimation.expected import expected_metrics
from assay.stats.estimation.histogram import cut
from assay.stats.estimation.scored import Scored
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.scores import EPS

__all__ = [
    "PROFILE_CLASS_METRICS",
    "ExpectedSum",
    "chances_of",
    "expected_sum",
    "labelled_classes",
    "moved",
    "window_classes",
]

_Floats = npt.NDArray[np.float64]

_PER_CLASS = {"precision": (1, 0, 1), "recall": (1, 1, 0), "f1_score": (2, 1, 1)}
PROFILE_CLASS_METRICS = (
    "accuracy",
    "roc_auc",
    "brier_score",
    "log_loss",
    *(f"{what}{how}" for what in _PER_CLASS for how in ("", "_macro", "_weighted")),
)
"""Metrics of more than two classes that profiles are enough for."""


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedSum:
    """An expected sum over all rows, and by how much one more label of each class's cells moves it."""

    value: float
    slopes: tuple[_Floats, ...]

    def variance(self, cells: tuple[Scored, ...], chances: tuple[_Floats, ...]) -> float:
        """Variance by the labels' chance."""
        return sum(
            float((part.n * chance * (1 - chance)) @ slope**2)
            for part, chance, slope in zip(cells, chances, self.slopes, strict=True)
        )


def labelled_classes(summary: ClassificationSummary, classes: Sequence[str]) -> tuple[Scored, ...]:
    """Labelled predictions, cell by cell, once for each class."""
    return _classes(summary, classes, labelled=True)


def window_classes(summary: ClassificationSummary, classes: Sequence[str]) -> tuple[Scored, ...]:
    """All predictions, cell by cell, once for each class."""
    return _classes(summary, classes, labelled=False)


def _classes(summary: ClassificationSummary, classes: Sequence[str], *, labelled: bool) -> tuple[Scored, ...]:
    found = []
    guesses = summary.matrix.sum(axis=0) if labelled else summary.predicted
    for name in classes:
        one = None if summary.probabilities is None else summary.probabilities.classes.get(name)
        if one is None:
            found.append(Scored(np.zeros(0), np.zeros(0, bool), np.zeros(0), np.zeros(0)))
            continue
        everyone, hits, rest = one.counts.astype(np.float64)
        counts = hits + rest if labelled else everyone
        points = (np.arange(counts.size) + 0.5) / counts.size if one.points is None else one.points
        guessed = float(guesses[summary.classes.index(name)]) if name in summary.classes else 0.0
        total = float(guesses.sum())
        part = float(counts.sum()) / total if total else 0.0
        found.append(cut(points, counts, hits if labelled else np.zeros_like(hits), guessed * part))
    return tuple(found)


def chances_of(model: tuple[Calibrator, ...], cells: tuple[Scored, ...]) -> tuple[_Floats, ...]:
    """Chance of each cell of each class; expected labels of all classes add up to the predictions."""
    raw = [calibrator(one.score) for calibrator, one in zip(model, cells, strict=True)]
    expected = sum(float(one.n @ chance) for one, chance in zip(cells, raw, strict=True))
    rows = max((one.total for one in cells), default=0.0)
    scale = rows / expected if expected > 0 else 1.0
    return tuple(np.clip(chance * scale, EPS, 1 - EPS) for chance in raw)


def moved(one: ExpectedSum, cells: tuple[Scored, ...], others: Sequence[tuple[_Floats, ...]]) -> _Floats:
    """By how much other models' chances move the sum."""
    return np.array(
        [
            sum(
                float((part.n * slope) @ chance)
                for part, chance, slope in zip(cells, chances, one.slopes, strict=True)
            )
            for chances in others
        ]
    )


def expected_sum(
    name: str, cells: tuple[Scored, ...], chances: tuple[_Floats, ...], ratio: _Floats
) -> ExpectedSum | None:
    """Return the expected metric; None where it is not defined.

    Parameters
    ----------
    name : of :data:`PROFILE_CLASS_METRICS`.
    cells, chances : of each class.
    ratio : float64[classes], right predictions to those that the cells say.
    """
    rows = max((one.total for one in cells), default=0.0)
    if rows <= 0:
        return None
    if name == "roc_auc":
        return _roc_auc(cells, chances, rows)
    if name in ("brier_score", "log_loss"):
        return _rowwise(name, cells, chances, rows)
    flags = [ratio[k] * one.predicted for k, one in enumerate(cells)]
    right = np.array(
        [float((one.n * flag) @ chance) for one, flag, chance in zip(cells, flags, chances, strict=True)]
    )
    if name == "accuracy":
        return ExpectedSum(float(right.sum()) / rows, tuple(flag / rows for flag in flags))
    what, _, how = name.rpartition("_")
    if what not in _PER_CLASS:
        what, how = name, "weighted"
    a, b, c = _PER_CLASS[what]
    there = np.array([float(one.n @ chance) for one, chance in zip(cells, chances, strict=True)])
    guessed = np.array([float(one.n[one.predicted].sum()) for one in cells])
    bottom = b * there + c * guessed
    value = np.divide(a * right, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    seen = (there >= 0.5) | (guessed >= 0.5)
    slopes = []
    for k, flag in enumerate(flags):
        own = (a * flag - b * value[k]) / bottom[k] if bottom[k] > 0 else np.zeros(flag.size)
        if how == "weighted":
            slopes.append((value[k] + there[k] * own) / rows)
        else:
            slopes.append(own * bool(seen[k]) / max(int(seen.sum()), 1))
    mean = float(value @ there) / rows if how == "weighted" else float(value[seen].mean())
    return ExpectedSum(mean, tuple(slopes))


def _roc_auc(cells: tuple[Scored, ...], chances: tuple[_Floats, ...], rows: float) -> ExpectedSum | None:
    values, slopes = [], []
    for one, chance in zip(cells, chances, strict=True):
        slope = np.zeros(chance.size)
        if 0.5 <= float(one.n @ chance) <= rows - 0.5:
            found = expected_metrics(one, chance, ("roc_auc",))["roc_auc"]
            if found.value is not None:
                values.append(found.value)
                slope = found.slope
        slopes.append(slope)
    if not values:
        return None
    return ExpectedSum(float(np.mean(values)), tuple(slope / len(values) for slope in slopes))


def _rowwise(name: str, cells: tuple[Scored, ...], chances: tuple[_Floats, ...], rows: float) -> ExpectedSum:
    total = 0.0
    slopes = []
    for one, chance in zip(cells, chances, strict=True):
        if name == "brier_score":
            slope, base = 1 - 2 * one.score, float(one.n @ one.score**2)
        else:
            slope, base = -np.log(np.clip(one.score, EPS, 1 - EPS)), 0.0
        total += base + float((one.n * chance) @ slope)
        slopes.append(slope / rows)
    return ExpectedSum(total / rows, tuple(slopes))
