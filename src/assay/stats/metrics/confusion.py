"""The confusion matrix, and what it says of one class against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["ConfusionMatrix", "OneClass", "confusion_matrix", "one_class"]


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Labelled predictions by actual (row) and predicted class (column), as in scikit-learn.

    `classes` are the classes seen, sorted; where more were seen than are told apart, the last one is None
    and stands for the rest.
    """

    classes: tuple[str | None, ...]
    counts: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {"classes": list(self.classes), "counts": [list(row) for row in self.counts]}


@dataclass(frozen=True, slots=True)
class OneClass:
    """Labelled predictions from the point of view of one class."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int


def confusion_matrix(summary: ClassificationSummary) -> ConfusionMatrix:
    """Confusion matrix over the classes that occur among the labelled predictions.

    >>> confusion_matrix(ClassificationSummary.of(["a", "b"], ["a", "a"])).counts
    ((1, 0), (1, 0))
    """
    matrix = summary.matrix
    names: tuple[str | None, ...] = (*summary.classes, None)
    seen = [i for i in range(len(names)) if matrix[i].any() or matrix[:, i].any()]
    counts = tuple(tuple(row) for row in matrix[seen][:, seen].tolist())
    return ConfusionMatrix(tuple(names[i] for i in seen), counts)


def one_class(summary: ClassificationSummary, positive: str) -> OneClass:
    """Count hits and misses of the class `positive`."""
    if positive not in summary.classes:
        return OneClass(0, 0, 0, summary.n)
    i = summary.classes.index(positive)
    hits = int(summary.matrix[i, i])
    guessed, there = int(summary.matrix[:, i].sum()), int(summary.matrix[i].sum())
    return OneClass(hits, guessed - hits, there - hits, summary.n - guessed - there + hits)
