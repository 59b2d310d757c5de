"""Metrics that are to be expected where each prediction comes true with a known chance.

Every metric here is a smooth function of how many predictions of each score and predicted class come true.
Put at the expected counts it gives the estimate, and with what came true for the chances the metric itself.
Its slope says how far one label moves it, and so how far chance alone will (the delta method).

References
----------
.. [1] J. Białek et al., "Estimating model performance under covariate shift without labels", 2024.
.. [2] J. Hanley and B. McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.scored import Scored
from assay.stats.summaries.scores import EPS

__all__ = [
    "BINARY_METRICS",
    "OF_PREDICTIONS",
    "Cost",
    "Expected",
    "bounds_of",
    "expected_confusion",
    "expected_metrics",
]

_Floats = npt.NDArray[np.float64]
Cost = tuple[tuple[float, float], tuple[float, float]]
"""Value of one prediction: ((true negative, false positive), (false negative, true positive))."""


def bounds_of(name: str, *, several: bool = False) -> tuple[float, float]:
    """Ends of a metric's range; `several`: among more than two classes.

    >>> bounds_of("accuracy"), bounds_of("brier_score", several=True)
    ((0.0, 1.0), (0.0, 2.0))
    """
    if name == "business_value":
        return -np.inf, np.inf
    if name == "log_loss":
        return 0.0, np.inf
    return 0.0, 2.0 if several and name == "brier_score" else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """An expected metric.

    Attributes
    ----------
    value : the metric at the expected counts; None where it is not defined there.
    slope : float64[rows], by how much the metric moves when one more label of the row is positive.
    """

    value: float | None
    slope: _Floats

    def sampling_variance(self, n: _Floats, chance: _Floats) -> float:
        """Variance that the labels have about their chances."""
        return float(np.dot(n * chance * (1 - chance), self.slope**2))


def expected_confusion(rows: Scored, chance: _Floats) -> Cost:
    """Expected counts ((true negative, false positive), (false negative, true positive)).

    >>> rows = Scored(np.array([0.2, 0.9]), np.array([False, True]), np.array([10.0, 10.0]), np.zeros(2))
    >>> expected_confusion(rows, np.array([0.25, 0.5]))
    ((7.5, 5.0), (2.5, 5.0))
    """
    positive, guessed = rows.n * chance, rows.predicted
    tp, fn = float(positive[guessed].sum()), float(positive[~guessed].sum())
    return (
        (float(rows.n[~guessed].sum()) - fn, float(rows.n[guessed].sum()) - tp),
        (fn, tp),
    )


def expected_metrics(
    rows: Scored, chance: _Floats, names: tuple[str, ...], *, cost: Cost | None = None
) -> dict[str, Expected]:
    """Expected value and slope of each metric [1]_.

    Parameters
    ----------
    rows : scored predictions; at least one.
    chance : float64[rows], 0 to 1, with which each comes true.
    names : of :data:`BINARY_METRICS`.
    cost : values of the four kinds of predictions; needed for ``business_value``.

    Returns
    -------
    dict
        Undefined where the metric of labelled rows is: no predicted positive (precision), no expected one
        (recall), only one class (ROC AUC).
    """
    return {name: _METRICS[name](rows, chance, cost) for name in names}


def _accuracy(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    n = rows.total
    right = np.where(rows.predicted, chance, 1 - chance)
    return Expected(float(rows.n @ right) / n, np.where(rows.predicted, 1.0, -1.0) / n)


def _ratio(top: float, bottom: float, top_slope: _Floats, bottom_slope: _Floats) -> Expected:
    if bottom <= 0:
        return Expected(None, np.zeros_like(top_slope))
    value = top / bottom
    return Expected(value, (top_slope - value * bottom_slope) / bottom)


def _precision(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    (_tn, fp), (_fn, tp) = expected_confusion(rows, chance)
    guessed = rows.predicted.astype(np.float64)
    return _ratio(tp, tp + fp, guessed, np.zeros_like(guessed))


def _recall(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    (_tn, _fp), (fn, tp) = expected_confusion(rows, chance)
    guessed = rows.predicted.astype(np.float64)
    return _ratio(tp, tp + fn, guessed, np.ones_like(guessed))


def _f1(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    (_tn, fp), (fn, tp) = expected_confusion(rows, chance)
    guessed = rows.predicted.astype(np.float64)
    return _ratio(2 * tp, 2 * tp + fp + fn, 2 * guessed, np.ones_like(guessed))


def _roc_auc(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    """Probability that a row that comes true scores above one that does not [2]_."""
    points, cell = np.unique(rows.score, return_inverse=True)
    positive = np.bincount(cell, weights=rows.n * chance, minlength=points.size)
    negative = np.bincount(cell, weights=rows.n * (1 - chance), minlength=points.size)
    p, m = float(positive.sum()), float(negative.sum())
    if p <= 0 or m <= 0:
        return Expected(None, np.zeros_like(chance))
    below = np.cumsum(negative) - negative / 2
    above = p - np.cumsum(positive) + positive / 2
    wins = float(positive @ below)
    value = wins / (p * m)
    slope = (below - above) / (p * m) - value * (m - p) / (p * m)
    return Expected(value, slope[cell])


def _brier(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    n, score = rows.total, rows.score
    return _mean(rows, chance, (1 - score) ** 2, score**2, n)


def _log_loss(rows: Scored, chance: _Floats, _: Cost | None) -> Expected:
    if_true = -np.log(np.clip(rows.score, EPS, 1 - EPS))
    if_false = -np.log(np.clip(1 - rows.score, EPS, 1 - EPS))
    return _mean(rows, chance, if_true, if_false, rows.total)


def _business_value(rows: Scored, chance: _Floats, cost: Cost | None) -> Expected:
    (tn, fp), (fn, tp) = cost or ((0.0, 0.0), (0.0, 0.0))
    return _mean(rows, chance, np.where(rows.predicted, tp, fn), np.where(rows.predicted, fp, tn), 1.0)


def _mean(rows: Scored, chance: _Floats, if_true: _Floats, if_false: _Floats, n: float) -> Expected:
    value = float(rows.n @ (chance * if_true + (1 - chance) * if_false)) / n
    return Expected(value, (if_true - if_false) / n)


_METRICS: Mapping[str, Callable[[Scored, _Floats, Cost | None], Expected]] = {
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1_score": _f1,
    "roc_auc": _roc_auc,
    "brier_score": _brier,
    "log_loss": _log_loss,
    "business_value": _business_value,
}

BINARY_METRICS = tuple(_METRICS)
"""Metrics of binary classifiers that can be estimated. ``business_value`` is a sum over the predictions."""

OF_PREDICTIONS = ("accuracy", "precision", "recall", "f1_score", "business_value")
"""Those of them that depend on what was predicted, and not on scores alone."""
