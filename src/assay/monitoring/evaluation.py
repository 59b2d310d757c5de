"""Metrics of a data frame at once, without a store: ``assay.evaluate``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.domain.answers import Calibration
from assay.domain.columns import PROBABILITY, class_text, classes_of
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.plotting import Plotted
from assay.domain.rendering import Table, number
from assay.domain.time import from_micros
from assay.errors import InvalidInput
from assay.monitoring.frames import frame_columns
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.values import Values, numbers, outcome
from assay.monitoring.task import positive_class as positive_class_of
from assay.monitoring.task import settle
from assay.stats.metrics import (
    ConfusionMatrix,
    Estimate,
    ReliabilityBin,
    classification_metrics,
    confusion_matrix,
    regression_metrics,
    reliability_curve,
)
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation(Plotted):
    """How good predictions were.

    Attributes
    ----------
    task : "binary", "multiclass" or "regression".
    n_predictions : rows with a prediction, a score or probabilities.
    n_labelled : those of them that have their truth.
    coverage : the second as a share of the first; None without predictions.
    metrics : estimates by name; see :data:`assay.stats.metrics.METRICS`.
    positive_class : the class that binary metrics are about; None where there is none.
    confusion : the confusion matrix; None for regression.
    reliability : observed shares by score; empty without scores.
    """

    task: str
    n_predictions: int
    n_labelled: int
    coverage: float | None
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    positive_class: str | None = None
    confusion: ConfusionMatrix | None = None
    reliability: tuple[ReliabilityBin, ...] = ()

    def __getitem__(self, metric: str) -> Estimate:
        try:
            return self.metrics[metric]
        except KeyError:
            known = ", ".join(self.metrics)
            raise KeyError(f"no metric {metric!r:.80} of this task; there are {known}") from None

    def plot(self, what: str | None = None, *, theme: str = "light") -> Any:
        """Draw the ``reliability`` curve or the ``confusion`` matrix; see :class:`Plotted`.

        Raises
        ------
        InvalidInput
            Where there is no such figure or theme; a regression has none.
        """
        if self.confusion is None:
            raise InvalidInput("an evaluation of a regression has figures to read, and none to draw")
        if what not in (None, "reliability", "confusion"):
            raise InvalidInput(f"there is no figure {shown(what)}; there are 'reliability' and 'confusion'")
        names = ["all others" if name is None else name for name in self.confusion.classes]
        bins = [(one.mean_score, one.observed, one.n) for one in self.reliability]
        return Calibration(
            start=from_micros(0),  # these figures show no time
            end=from_micros(0),
            n_predictions=self.n_predictions,
            n_labelled=self.n_labelled,
            coverage=self.coverage,
            bins=tuple((mean, share, n) for mean, share, n in bins if mean is not None and share is not None),
            confusion={
                (actual, predicted): n
                for actual, row in zip(names, self.confusion.counts, strict=True)
                for predicted, n in zip(names, row, strict=True)
            },
        ).plot(what, theme=theme)

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [
            [
                name,
                number(one.value),
                f"{number(one.low)} to {number(one.high)}" if one.low is not None else "",
            ]
            for name, one in self.metrics.items()
        ]
        positive = "" if self.positive_class is None else f", positive class {self.positive_class!r}"
        labelled = f"{number(self.n_labelled)} of {number(self.n_predictions)} rows labelled"
        title = f"Evaluation: {self.task}, {labelled}{positive}"
        return Table(title, ("metric", "value", "95% interval"), rows)


def evaluate(
    frame: Any,
    *,
    target: str,
    prediction: str | None = None,
    score: str | None = None,
    probabilities: Mapping[str, str] | Collection[str] | None = None,
    task: str | None = None,
    positive_class: object = None,
) -> Evaluation:
    """Compute the metrics of predictions whose truth stands beside them.

    Parameters
    ----------
    frame : Polars, pandas or PyArrow frame, or a dictionary of arrays.
    target : column of the truth; empty where it is not known yet.
    prediction : column of the predicted numbers or classes.
    score : column of the positive class's probability.
    probabilities : columns of the classes' probabilities: class to column, or columns named after classes.
        Without `prediction` the most probable class counts as predicted.
    task : "binary", "multiclass" or "regression"; None: told from the data. Numbers are classes while they
        are whole and there are at most 20 different ones.
    positive_class : the class that `score` is about; None: one called 1, true, yes or positive, else the
        last in sorted order.

    Returns
    -------
    Evaluation
        Exact: equal to scikit-learn's figures to 1e-12 where both are defined. A metric that is not
        defined for these rows has the value None.

    Raises
    ------
    InvalidInput
        Where a column is absent or does not hold what it must, or nothing is given to be evaluated.

    Examples
    --------
    >>> frame = {"late": [1, 0, 1, 0], "guess": [1, 0, 0, 0], "score": [0.9, 0.2, 0.4, 0.3]}
    >>> result = evaluate(frame, target="late", prediction="guess", score="score")
    >>> result["accuracy"].value, result["roc_auc"].value
    (0.75, 1.0)
    """
    named = _named(probabilities)
    wanted = [target, *(name for name in (prediction, score) if name is not None), *named.values()]
    if len(wanted) == 1:
        raise InvalidInput("give prediction, score or probabilities: there is nothing to hold against target")
    columns, rows = frame_columns(frame, dict.fromkeys(wanted))
    truth = _outcome("target", columns[target], ("actual", "actual_class"), rows)
    guess = _outcome(
        "prediction", columns[prediction] if prediction else None, ("prediction", "prediction_class"), rows
    )
    scores = None if score is None else _numbers("score", columns[score])
    chances = {name: _numbers("probabilities", columns[column]) for name, column in named.items()}

    positive = None if positive_class is None else class_text(positive_class)
    model = _settle(task, positive, guess, truth, scores, chances)
    if model.task is Task.REGRESSION:
        return _regression(truth, guess)
    actual = classes_of(truth, "actual", "actual_class")
    predicted = classes_of(guess, "prediction", "prediction_class")
    if prediction is None and chances:
        predicted = _most_probable(chances)
    binary = model.task is Task.BINARY
    summary = ClassificationSummary.of(
        actual, predicted, scores, chances or None, positive_class=positive_class_of(model), exact=True
    )
    positive = positive_class_of(model) if binary or positive is not None else None
    return Evaluation(
        str(model.task),
        summary.n_predictions,
        summary.n_labelled,
        summary.coverage,
        classification_metrics(summary, positive_class=positive),
        positive,
        confusion_matrix(summary),
        reliability_curve(summary, positive_class=positive),
    )


def _named(probabilities: Mapping[str, str] | Collection[str] | None) -> dict[str, str]:
    """Class to column."""
    if probabilities is None:
        return {}
    if isinstance(probabilities, str):
        raise InvalidInput(f"probabilities must be a list of columns, not the text {shown(probabilities)}")
    pairs = probabilities.items() if isinstance(probabilities, Mapping) else zip(probabilities, probabilities)  # noqa: B905 - one list twice
    return {class_text(name) or "": column for name, column in pairs}


def _outcome(what: str, values: Values | None, names: tuple[str, str], rows: int) -> pa.Table:
    """Numbers and texts of a column of outcomes, under the names that they have in a canonical table."""
    arrays: dict[str, pa.Array] = {"": pa.nulls(rows)}
    if values is not None:
        faults = Faults(rows)
        found = outcome(what, values, faults)
        _check(faults)
        arrays |= {name: array for name, array in zip(names, found, strict=True) if array is not None}
    return pa.table(arrays)


def _numbers(what: str, values: Values) -> npt.NDArray[np.float64]:
    faults = Faults(len(values))
    array = numbers(what, values, faults)
    _check(faults)
    if array is None:
        return np.full(len(values), np.nan)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _check(faults: Faults) -> None:
    for fault in faults.rejected(lambda _: None):
        raise InvalidInput(f"row {fault.index}: {fault.message}")


def _settle(
    task: str | None,
    positive: str | None,
    guess: pa.Table,
    truth: pa.Table,
    scores: npt.NDArray[np.float64] | None,
    chances: Mapping[str, npt.NDArray[np.float64]],
) -> Model:
    """Settle the task as the pipeline does for live traffic."""
    declared = None if task is None else Task.parse(task)
    if declared is Task.TRADING:
        raise InvalidInput("task 'trading' is judged by its returns; give binary, multiclass or regression")
    model = Model("", declared, declared is not None, ModelSettings(positive_class=positive))
    if scores is not None:
        guess = guess.append_column("score", pa.array(scores))
    for name, values in chances.items():
        guess = guess.append_column(PROBABILITY + name, pa.array(values))
    return settle(model, guess, truth)


def _most_probable(chances: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.object_]:
    matrix = np.column_stack(list(chances.values()))
    unknown = np.isnan(matrix).any(axis=1)
    best = np.array([*chances], dtype=object)[np.where(unknown, 0, matrix.argmax(axis=1))]
    best[unknown] = None
    return best


def _regression(truth: pa.Table, guess: pa.Table) -> Evaluation:
    for what, table, name in (("target", truth, "actual"), ("prediction", guess, "prediction")):
        if name + "_class" in table.column_names:
            raise InvalidInput(f"{what} holds text; a regression needs numbers")
        if name not in table.column_names and what == "prediction":
            raise InvalidInput("a regression needs the column of the predicted numbers: give prediction")
    rows = truth.num_rows
    actual, predicted = (
        np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)
        if name in table.column_names
        else np.full(rows, np.nan)
        for table, name in ((truth, "actual"), (guess, "prediction"))
    )
    summary = RegressionSummary.of(actual, predicted)
    return Evaluation(
        str(Task.REGRESSION),
        summary.n_predictions,
        summary.n_labelled,
        summary.coverage,
        regression_metrics(summary),
    )
