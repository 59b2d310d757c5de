"""Metrics of more than two classes that are to be expected where the chance of each class is known.

As with two classes, every metric is a smooth function of which classes come true; its slope says how far one
row's truth moves it, and so how far chance alone will.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.expected import Expected, expected_metrics
from assay.stats.estimation.scored import Scored
from assay.stats.summaries.scores import EPS

__all__ = ["CLASS_METRICS", "Classified", "expected_class_metrics", "truth_variance"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """Predictions with a probability for each class.

    Attributes
    ----------
    probability : float64[rows, classes], 0 to 1.
    predicted : int64[rows], place of the predicted class.
    truth : int64[rows], place of the true one, -1 where it is not known.
    """

    probability: _Floats
    predicted: _Ints
    truth: _Ints

    @property
    def total(self) -> int:
        """Rows."""
        return self.predicted.size

    def take(self, rows: npt.NDArray[np.bool_] | _Ints) -> Self:
        """Some of the rows."""
        return type(self)(self.probability[rows], self.predicted[rows], self.truth[rows])

    def realised(self) -> _Floats:
        """float64[rows, classes]: 1 for the true class, 0 for the others; zeros where it is not known."""
        return (self.truth[:, None] == np.arange(self.probability.shape[1])).astype(np.float64)

    def one_class(self, place: int) -> Scored:
        """One class against the others."""
        return Scored(
            self.probability[:, place],
            self.predicted == place,
            np.ones(self.total),
            (self.truth == place).astype(np.float64),
        )


def truth_variance(slope: _Floats, chance: _Floats) -> float:
    """Variance of a metric that the rows' true classes have about their chances.

    Parameters
    ----------
    slope, chance : float64[rows, classes].
    """
    mean = np.einsum("ij,ij->i", chance, slope)
    return float(np.sum(np.einsum("ij,ij->i", chance, slope**2) - mean**2))


def expected_class_metrics(
    rows: Classified, chance: _Floats, names: tuple[str, ...], *, cost: _Floats | None = None
) -> dict[str, Expected]:
    """Expected value, and slope float64[rows, classes], of each metric.

    Parameters
    ----------
    rows : at least one.
    chance : float64[rows, classes], adding up to 1 in each row.
    names : of :data:`CLASS_METRICS`.
    cost : float64[classes, classes], what a prediction is worth by its true class and the predicted one;
        needed for ``business_value``.

    Returns
    -------
    dict
        Precision, recall and F1 of a class that is a division by zero count with 0, as in
        :func:`assay.stats.metrics.precision_recall.averaged_scores`; ROC AUC is the mean over the classes
        that are expected at all, and undefined where none has another beside it.
    """
    found = {}
    counts: _Counts | None = None
    for name in names:
        if name == "business_value":
            found[name] = _business_value(rows, chance, cost)
            continue
        if name in _ROWWISE:
            found[name] = _ROWWISE[name](rows, chance)
            continue
        counts = counts or _Counts.of(rows, chance)
        what, _, how = name.rpartition("_")
        if what not in _PER_CLASS:
            what, how = name, "weighted"
        found[name] = counts.averaged(_PER_CLASS[what], weighted=how == "weighted")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Expected counts per class, float64[classes] each: right ones, true ones, predicted ones."""

    hit: npt.NDArray[np.bool_]  # [rows, classes], whether the class was predicted
    right: _Floats
    there: _Floats
    guessed: _Floats

    @classmethod
    def of(cls, rows: Classified, chance: _Floats) -> Self:
        hit = rows.predicted[:, None] == np.arange(chance.shape[1])
        return cls(hit, (chance * hit).sum(axis=0), chance.sum(axis=0), hit.sum(axis=0).astype(np.float64))

    def averaged(self, weights: tuple[int, int, int], *, weighted: bool) -> Expected:
        """Mean over the classes of (a · right) / (b · there + c · guessed)."""
        a, b, c = weights
        bottom = b * self.there + c * self.guessed
        value = np.divide(a * self.right, bottom, out=np.zeros_like(bottom), where=bottom > 0)
        slope = np.divide(a * self.hit - b * value, bottom, out=np.zeros(self.hit.shape), where=bottom > 0)
        if weighted:
            total = float(self.there.sum())
            mean = float(value @ self.there) / total
            return Expected(mean, (value + self.there * slope) / total)
        # Half a row: what is not to be expected once does not count as a class that was seen.
        seen = (self.there >= 0.5) | (self.guessed > 0)
        return Expected(float(value[seen].mean()), slope * seen / seen.sum())


def _accuracy(rows: Classified, chance: _Floats) -> Expected:
    hit = (rows.predicted[:, None] == np.arange(chance.shape[1])).astype(np.float64)
    return Expected(float((chance * hit).sum()) / rows.total, hit / rows.total)


def _roc_auc(rows: Classified, chance: _Floats) -> Expected:
    """Mean over the classes of the probability that a row of the class scores above one of another."""
    values, slope = [], np.zeros_like(chance)
    for place in range(chance.shape[1]):
        expected = float(chance[:, place].sum())
        if not 0.5 <= expected <= rows.total - 0.5:
            continue
        one = expected_metrics(rows.one_class(place), chance[:, place], ("roc_auc",))["roc_auc"]
        if one.value is not None:
            values.append(one.value)
            slope[:, place] = one.slope
    if not values:
        return Expected(None, slope)
    return Expected(float(np.mean(values)), slope / len(values))


def _brier(rows: Classified, chance: _Floats) -> Expected:
    squares = (rows.probability**2).sum(axis=1)
    slope = 1 - 2 * rows.probability
    return Expected(float(squares.sum() + (chance * slope).sum()) / rows.total, slope / rows.total)


def _log_loss(rows: Classified, chance: _Floats) -> Expected:
    slope = -np.log(np.clip(rows.probability, EPS, 1 - EPS))
    return Expected(float((chance * slope).sum()) / rows.total, slope / rows.total)


def _business_value(rows: Classified, chance: _Floats, cost: _Floats | None) -> Expected:
    slope = np.zeros_like(chance) if cost is None else cost[:, rows.predicted].T
    return Expected(float((chance * slope).sum()), slope)


_ROWWISE: Mapping[str, Callable[[Classified, _Floats], Expected]] = {
    "accuracy": _accuracy,
    "roc_auc": _roc_auc,
    "brier_score": _brier,
    "log_loss": _log_loss,
}
_PER_CLASS = {"precision": (1, 0, 1), "recall": (1, 1, 0), "f1_score": (2, 1, 1)}

CLASS_METRICS = (
    *_ROWWISE,
    *(f"{what}{how}" for what in _PER_CLASS for how in ("", "_macro", "_weighted")),
    "business_value",
)
"""Metrics of more than two classes. Without a suffix, classes are weighted by their sizes.

``business_value`` is a sum over the predictions.
"""
