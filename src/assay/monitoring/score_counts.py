"""Distributions of scores for a chart, from the finer cells of a summary."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.domain.answers import ClassScores
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["BARS", "class_scores", "score_counts", "score_edges"]

BARS = 50
"""Equal cells of [0, 1] in which scores are told."""


def score_edges(outcome: ClassificationSummary) -> tuple[float, ...]:
    """Return the bounds of the cells, one more than cells; empty where nothing was scored."""
    if outcome.scores is None and outcome.probabilities is None:
        return ()
    return tuple(np.linspace(0.0, 1.0, BARS + 1).tolist())


def score_counts(outcome: ClassificationSummary) -> dict[str, tuple[int, ...]]:
    """Return the distribution of a binary model's scores by true class, and of those without truth."""
    if outcome.scores is None:
        return {}
    scores = outcome.scores.binned()
    together = _bars(scores.everyone)
    counts = {}
    labelled = np.zeros_like(together)
    for name, row in zip((*scores.classes, "(other)"), scores.counts, strict=True):
        bars = _bars(row)
        labelled += bars
        if bars.any():
            counts[name] = tuple(bars.tolist())
    counts["unlabelled"] = tuple((together - labelled).tolist())
    return counts


def class_scores(outcome: ClassificationSummary) -> dict[str, ClassScores]:
    """Return the distribution of each class's probability, the class that came true most often first."""
    if outcome.probabilities is None:
        return {}
    found = []
    for name, one in outcome.probabilities.classes.items():
        together, own, others = (_bars(row) for row in one.binned().counts)
        waiting = together - own - others
        found.append(
            (-int(own.sum()), name, ClassScores(*(tuple(bars.tolist()) for bars in (own, others, waiting))))
        )
    return {name: counts for _, name, counts in sorted(found, key=lambda item: item[:2])}


def _bars(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Join neighbouring cells, so many that `BARS` are left."""
    joined: npt.NDArray[np.int64] = counts.reshape(BARS, -1).sum(axis=1)
    return joined
