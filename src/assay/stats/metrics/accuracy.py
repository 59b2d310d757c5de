"""Accuracy: the share of the predictions that are right."""

from __future__ import annotations

from assay.stats.metrics.intervals import wilson
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["accuracy"]


def accuracy(summary: ClassificationSummary) -> Estimate:
    """Share of the labelled predictions that are right, exact also beyond the classes told apart.

    The interval is Wilson's. Without labelled predictions the value is None.

    >>> accuracy(ClassificationSummary.of(["a", "b"], ["a", "a"])).value
    0.5
    """
    n = summary.n
    low, high = wilson(summary.correct, n)
    value = summary.correct / n if n else None
    return Estimate("accuracy", value, n, summary.coverage, low, high)
