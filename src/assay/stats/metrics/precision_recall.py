"""Precision, recall and F1: of the positive class, and averaged over classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.stats.metrics.confusion import one_class
from assay.stats.metrics.intervals import wilson
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["averaged_scores", "binary_scores"]


def binary_scores(summary: ClassificationSummary, positive: str | None) -> list[Estimate]:
    """Precision, recall and F1 of the class `positive`.

    A value is None where it would be a division by zero: precision where nothing was predicted positive,
    recall where nothing was, F1 where neither. (scikit-learn gives 0 there, with a warning.)

    Intervals are Wilson's; F1's is that of the share of hits among hits and misses, J, as F1 = 2J/(1+J).

    >>> summary = ClassificationSummary.of(["1", "1", "0"], ["1", "0", "0"])
    >>> [estimate.value for estimate in binary_scores(summary, "1")]
    [1.0, 0.5, 0.6666666666666666]
    """
    if positive is None:
        return [
            Estimate(name, None, summary.n, summary.coverage) for name in ("precision", "recall", "f1_score")
        ]
    counts = one_class(summary, positive)
    hits = counts.true_positive
    result = []
    for name, total in (
        ("precision", hits + counts.false_positive),
        ("recall", hits + counts.false_negative),
    ):
        low, high = wilson(hits, total)
        value = hits / total if total else None
        result.append(Estimate(name, value, summary.n, summary.coverage, low, high))
    total = hits + counts.false_positive + counts.false_negative
    low, high = (None if end is None else 2 * end / (1 + end) for end in wilson(hits, total))
    value = 2 * hits / (total + hits) if total else None
    result.append(Estimate("f1_score", value, summary.n, summary.coverage, low, high))
    return result


def averaged_scores(summary: ClassificationSummary) -> list[Estimate]:
    """Precision, recall and F1 per class, averaged equally (macro) and by numbers of rows (weighted).

    The classes are those that occur among the labelled predictions, actual or predicted. As in
    scikit-learn, a class whose own value is a division by zero counts with 0. None without labelled
    predictions, and where more classes were seen than are told apart.
    """
    names = [f"{name}_{how}" for name in ("precision", "recall", "f1_score") for how in ("macro", "weighted")]
    n, coverage = summary.n, summary.coverage
    matrix = summary.matrix
    if not n or matrix[-1].any() or matrix[:, -1].any():
        return [Estimate(name, None, n, coverage) for name in names]
    matrix = matrix[:-1, :-1]
    hits, there, guessed = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    seen = (there + guessed) > 0
    hits, there, guessed = hits[seen], there[seen], guessed[seen]
    values = [
        average
        for scores in (_ratio(hits, guessed), _ratio(hits, there), _ratio(2 * hits, there + guessed))
        for average in (float(scores.mean()), float((scores * there).sum() / there.sum()))
    ]
    return [Estimate(name, value, n, coverage) for name, value in zip(names, values, strict=True)]


def _ratio(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.divide(a, b, out=np.zeros(a.shape), where=b > 0)
