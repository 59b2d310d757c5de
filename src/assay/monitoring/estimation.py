"""Performance of a data frame whose truth is not known yet: ``assay.estimate_performance``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.domain.columns import class_text
from assay.domain.estimates import EstimatedChunk, PerformanceEstimate
from assay.domain.time import from_micros, parse_duration
from assay.errors import InvalidInput
from assay.monitoring.estimation_features import feature_columns, usable_features
from assay.monitoring.estimation_rows import Roles, Rows, rows_of
from assay.monitoring.estimation_tasks import Frames, Told, binary, multiclass, regression
from assay.monitoring.estimation_values import values_of_classes, values_of_kinds
from assay.monitoring.frames import frame_columns
from assay.monitoring.intake.faults import shown
from assay.stats.estimation import BINARY_METRICS, CLASS_METRICS, LOSS_METRICS, MetricEstimate

__all__ = ["estimate_performance"]

_DEFAULTS = {
    "binary": ("roc_auc", "accuracy", "f1_score", "precision", "recall", "brier_score"),
    "multiclass": ("roc_auc", "accuracy", "f1_score", "precision", "recall", "brier_score"),
    "regression": ("rmse", "mae"),
}
_KNOWN: Mapping[str, Collection[str]] = {
    "binary": BINARY_METRICS,
    "multiclass": CLASS_METRICS,
    "regression": tuple(LOSS_METRICS),
}
_Ints = npt.NDArray[np.int64]


def estimate_performance(
    reference: Any,
    current: Any,
    *,
    target: str,
    score: str | Mapping[str, str] | None = None,
    prediction: str | None = None,
    task: str | None = None,
    timestamp: str | None = None,
    metrics: Collection[str] | None = None,
    chunk_size: int | None = None,
    period: str | None = None,
    features: Collection[str] | None = None,
    positive_class: object = None,
    business_value: Mapping[str, Any] | None = None,
) -> PerformanceEstimate:
    """Estimate the metrics of predictions before their labels are there.

    Parameters
    ----------
    reference : labelled predictions, in order of time where they have one: Polars, pandas or PyArrow frame,
        or a dictionary of arrays.
    current : predictions to be judged, in the same columns. Where `target` is among them and a chunk has all
        of its labels, the realised metrics stand beside the estimates; they are never used for them.
    target : column of the truth.
    score : column of the positive class's probability, or of any score from 0 to 1 that grows with it. Of
        more than two classes: for each class the column of its probability. None: a regression.
    prediction : column of the predicted class; None: positive from a score of 0.5 on, or the most probable
        class. Of a regression: column of the predicted number.
    task : ``binary``, ``multiclass`` or ``regression``; None: what `score` says.
    timestamp : column of the times by which both frames are put in order.
    metrics : of ``roc_auc``, ``accuracy``, ``f1_score``, ``precision``, ``recall``, ``brier_score``,
        ``log_loss`` and ``business_value``; None: the first six, and the last where it is given. Of more than
        two classes also ``f1_score_macro``, ``precision_macro`` and ``recall_macro`` (without a suffix they
        are weighted by the classes' sizes). Of a regression: ``rmse``, ``mae``,
        ``mse`` and ``mape``; None: the first two.
    chunk_size : rows of a chunk; the last one has the rest.
    period : length of a chunk in time, such as ``7d``; needs `timestamp`. Without both, there is one chunk.
    features : columns that the model saw, or that may say where it errs. None: all columns that both frames
        have, except those that only number the rows. An empty list: the scores alone.
    positive_class : the class that `score` is about; None: one called 1, true, yes or positive, else the last
        in sorted order.
    business_value : what one prediction is worth, by ``tp``, ``fp``, ``tn`` and ``fn``; of more than two
        classes by the true class and then the predicted one, for every pair:
        ``{"bus": {"bus": 2.0, "car": -1.0}, "car": {"bus": -3.0, "car": 1.0}}``. The estimate is the sum over
        the chunk.

    Returns
    -------
    PerformanceEstimate
        Each metric with the 95% interval of what will be found once the labels are there. Where the scores
        carry no information, or the reference has too few labels, every metric is refused with the reason.

    Raises
    ------
    InvalidInput
        Where a column is absent or does not hold what it must, a metric is unknown, or the arguments
        contradict one another.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(4_000)
    >>> truth = (rng.random(4_000) < score).astype(int)
    >>> result = estimate_performance(
    ...     {"score": score[:3_000], "late": truth[:3_000]},
    ...     {"score": score[3_000:]},
    ...     target="late",
    ...     score="score",
    ... )
    >>> accuracy = result.chunks[0].metrics["accuracy"]
    >>> bool(accuracy.low < ((score > 0.5) == truth)[3_000:].mean() < accuracy.high)
    True
    """
    settled = _task(task, score, prediction)
    named = {str(class_text(name)): one for name, one in score.items()} if isinstance(score, Mapping) else {}
    cost = matrix = None
    if business_value is not None and settled == "multiclass":
        matrix = values_of_classes(business_value, tuple(named))
    elif business_value is not None:
        cost = values_of_kinds(business_value)
    names = _names(metrics, settled, valued=business_value is not None and settled != "regression")
    scores = tuple(named.values()) if named else (score,) if isinstance(score, str) else ()
    roles = Roles(target, scores, prediction, timestamp, numeric=settled == "regression")
    ours, reference_rows = frame_columns(reference)
    theirs, current_rows = frame_columns(current)
    old = rows_of("reference", ours, reference_rows, roles, truth_needed=True)
    new = rows_of("current", theirs, current_rows, roles, truth_needed=False)
    chunks = _chunks(new, chunk_size, period, timestamp)
    wanted, left_out = usable_features(ours, theirs, roles.names, features)
    frames = Frames(
        old,
        new,
        feature_columns(ours, wanted, reference_rows, old.places),
        feature_columns(theirs, wanted, current_rows, new.places),
        names,
        max(1, int(np.median([chunk.size for chunk in chunks]))) if chunks else 1,
    )
    told: Told
    if settled == "regression":
        told = regression(frames)
    elif settled == "multiclass":
        told = multiclass(frames, target, tuple(named), matrix)
    else:
        told = binary(frames, target, None if positive_class is None else class_text(positive_class), cost)
    found = []
    for chunk in chunks:
        estimates = told.estimate(chunk)
        if chunk.size and new.labelled[chunk].all():
            realised = told.realised(chunk)
            estimates = {name: replace(one, realised=realised[name]) for name, one in estimates.items()}
        found.append(_answer(new, chunk, estimates))
    notes = [
        f"no feature, since it only numbers the rows or its values are all different: {shown(name)}"
        for name in left_out
    ]
    notes += [note for note in (old.note, new.note, told.note) if note]
    return PerformanceEstimate(
        settled, told.positive, old.places.size, tuple(found), told.refusal, tuple(notes)
    )


def _task(task: str | None, score: str | Mapping[str, str] | None, prediction: str | None) -> str:
    """Settle the task by what is given."""
    several = isinstance(score, Mapping)
    found = task or ("multiclass" if several else "binary" if score is not None else "regression")
    if found not in _DEFAULTS:
        raise InvalidInput(f"task must be one of {', '.join(_DEFAULTS)}, not {shown(task)}")
    if found == "regression":
        if score is not None:
            raise InvalidInput("a regression has no score; leave score out, or give another task")
        if prediction is None:
            raise InvalidInput(
                "give score, or for a regression prediction: there is nothing to estimate from"
            )
    elif score is None:
        raise InvalidInput(f"a {found} classifier is estimated by its scores; give score")
    elif several != (found == "multiclass"):
        needed = (
            "one column of each class: a mapping"
            if found == "multiclass"
            else "one column, of the positive class"
        )
        raise InvalidInput(f"the score of a {found} classifier is {needed}")
    if isinstance(score, Mapping) and (
        len(score) < 2 or not all(isinstance(column, str) for column in score.values())
    ):
        raise InvalidInput(
            f"score must name a column for each of at least two classes, not {shown(dict(score))}"
        )
    return found


def _names(metrics: Collection[str] | None, task: str, *, valued: bool) -> tuple[str, ...]:
    if metrics is None:
        return (*_DEFAULTS[task], "business_value") if valued else _DEFAULTS[task]
    if isinstance(metrics, str):
        raise InvalidInput(f"metrics must be a list of names, not the text {shown(metrics)}")
    names = tuple(dict.fromkeys(metrics))
    for name in names:
        if name not in _KNOWN[task]:
            raise InvalidInput(
                f"there is no estimate of {shown(name)} for the task {task}; there are "
                f"{', '.join(_KNOWN[task])}"
            )
    if not names:
        raise InvalidInput("metrics is empty; name at least one, or leave it out")
    if "business_value" in names and not valued:
        raise InvalidInput(
            "the metric business_value needs the argument business_value: what a prediction is worth"
        )
    return names


def _chunks(rows: Rows, size: int | None, period: str | None, timestamp: str | None) -> list[_Ints]:
    """Rows of each chunk."""
    if size is not None and period is not None:
        raise InvalidInput("give chunk_size or period, not both")
    everything = np.arange(rows.places.size, dtype=np.int64)
    if period is not None:
        if timestamp is None or rows.times is None:
            raise InvalidInput("period needs timestamp: the column of the predictions' times")
        number = rows.times // parse_duration(period)
        return np.split(everything, np.flatnonzero(np.diff(number)) + 1) if everything.size else []
    if size is None:
        return [everything] if everything.size else []
    if size < 1:
        raise InvalidInput(f"chunk_size must be a whole number from 1 on, not {shown(size)}")
    return [everything[first : first + size] for first in range(0, everything.size, size)]


def _answer(rows: Rows, chunk: _Ints, estimates: dict[str, MetricEstimate]) -> EstimatedChunk:
    start = end = None
    if rows.times is not None:
        start, end = from_micros(int(rows.times[chunk[0]])), from_micros(int(rows.times[chunk[-1]]))
    labelled = int(rows.labelled[chunk].sum())
    return EstimatedChunk(int(chunk[0]), int(chunk[-1]) + 1, chunk.size, estimates, start, end, labelled)
