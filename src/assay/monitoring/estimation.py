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
from assay.monitoring.estimation_rows import Rows, rows_of
from assay.monitoring.frames import frame_columns
from assay.monitoring.intake.faults import shown
from assay.stats.estimation import BINARY_METRICS, Cost, MetricEstimate, Scored, blocks_of, fit_scores
from assay.stats.estimation.expected import expected_metrics
from assay.stats.estimation.features import Design
from assay.stats.summaries.classes import default_positive

__all__ = ["estimate_performance"]

_DEFAULT = ("roc_auc", "accuracy", "f1_score", "precision", "recall", "brier_score")
_Ints = npt.NDArray[np.int64]


def estimate_performance(
    reference: Any,
    current: Any,
    *,
    target: str,
    score: str,
    prediction: str | None = None,
    timestamp: str | None = None,
    metrics: Collection[str] | None = None,
    chunk_size: int | None = None,
    period: str | None = None,
    features: Collection[str] | None = None,
    positive_class: object = None,
    business_value: Mapping[str, float] | None = None,
) -> PerformanceEstimate:
    """Estimate the metrics of a binary classifier's predictions before their labels are there.

    Parameters
    ----------
    reference : labelled predictions, in order of time where they have one: Polars, pandas or PyArrow frame,
        or a dictionary of arrays.
    current : predictions to be judged, in the same columns. Where `target` is among them and a chunk has all
        of its labels, the realised metrics stand beside the estimates; they are never used for them.
    target : column of the truth.
    score : column of the positive class's probability, or of any score from 0 to 1 that grows with it.
    prediction : column of the predicted class; None: positive from a score of 0.5 on.
    timestamp : column of the times by which both frames are put in order.
    metrics : of ``roc_auc``, ``accuracy``, ``f1_score``, ``precision``, ``recall``, ``brier_score``,
        ``log_loss`` and ``business_value``; None: the first six, and the last where it is given.
    chunk_size : rows of a chunk; the last one has the rest.
    period : length of a chunk in time, such as ``7d``; needs `timestamp`. Without both, there is one chunk.
    features : columns that the model saw, or that may say where it errs. None: all columns that both frames
        have, except those that only number the rows. An empty list: the scores alone.
    positive_class : the class that `score` is about; None: one called 1, true, yes or positive, else the last
        in sorted order.
    business_value : what one prediction is worth, by ``tp``, ``fp``, ``tn`` and ``fn``; the estimate is the
        sum over the chunk.

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
    cost = _cost(business_value)
    names = _names(metrics, cost)
    ours, reference_rows = frame_columns(reference)
    theirs, current_rows = frame_columns(current)
    positive = None if positive_class is None else class_text(positive_class)
    old = rows_of("reference", ours, reference_rows, target, score, prediction, timestamp, truth_needed=True)
    new = rows_of("current", theirs, current_rows, target, score, prediction, timestamp, truth_needed=False)
    if positive is None:
        positive = default_positive(sorted(old.classes))
    if len(old.classes) > 2:
        named = ", ".join(shown(name) for name in sorted(old.classes)[:5])
        raise InvalidInput(f"{shown(target)} has {len(old.classes)} classes ({named}); two can be estimated")
    chunks = _chunks(new, chunk_size, period, timestamp)
    reserved = {target, score, prediction, timestamp}
    wanted, left_out = usable_features(ours, theirs, reserved, features)
    design = before = now = None
    if wanted:
        columns = feature_columns(ours, wanted, reference_rows, old.places)
        design = Design.of(columns)
        before, now = design(columns), design(feature_columns(theirs, wanted, current_rows, new.places))
    known, window = _scored(old, positive), _scored(new, positive)
    typical = int(np.median([chunk.size for chunk in chunks])) if chunks else 1
    fitted = fit_scores(
        known, blocks_of(old.places.size), names, design=before, cost=cost, chunk=max(typical, 1)
    )
    found = []
    for chunk in chunks:
        part = window.take(chunk)
        estimates = fitted.estimate(part, None if now is None else now[chunk])
        if chunk.size and new.labelled[chunk].all():
            estimates = _beside(estimates, part, names, cost)
        found.append(_answer(new, chunk, estimates))
    notes = [
        f"no feature, since it only numbers the rows or its values are all different: {shown(name)}"
        for name in left_out
    ]
    notes += [note for note in (old.note, new.note) if note]
    return PerformanceEstimate(
        "binary", positive, old.places.size, tuple(found), fitted.refusal, tuple(notes)
    )


def _cost(values: Mapping[str, float] | None) -> Cost | None:
    if values is None:
        return None
    if set(values) != {"tp", "fp", "tn", "fn"} or not all(
        np.isfinite(float(value)) for value in values.values()
    ):
        raise InvalidInput(
            f"business_value must give a number for each of tp, fp, tn and fn, not {shown(dict(values))}"
        )
    return ((float(values["tn"]), float(values["fp"])), (float(values["fn"]), float(values["tp"])))


def _names(metrics: Collection[str] | None, cost: Cost | None) -> tuple[str, ...]:
    if metrics is None:
        return _DEFAULT if cost is None else (*_DEFAULT, "business_value")
    if isinstance(metrics, str):
        raise InvalidInput(f"metrics must be a list of names, not the text {shown(metrics)}")
    names = tuple(dict.fromkeys(metrics))
    for name in names:
        if name not in BINARY_METRICS:
            raise InvalidInput(
                f"there is no estimate of {shown(name)}; there are {', '.join(BINARY_METRICS)}"
            )
    if not names:
        raise InvalidInput("metrics is empty; name at least one, or leave it out")
    if "business_value" in names and cost is None:
        raise InvalidInput(
            "the metric business_value needs the argument business_value: a number for tp, fp, tn, fn"
        )
    return names


def _scored(rows: Rows, positive: str | None) -> Scored:
    predicted = rows.score >= 0.5 if rows.predicted is None else np.asarray(rows.predicted == positive)
    return Scored(
        rows.score,
        predicted.astype(bool),
        np.ones(rows.score.size),
        np.asarray(rows.truth == positive).astype(np.float64),
    )


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


def _beside(
    estimates: Mapping[str, MetricEstimate], part: Scored, names: tuple[str, ...], cost: Cost | None
) -> dict[str, MetricEstimate]:
    """Put the realised metrics beside the estimates."""
    realised = expected_metrics(part, part.realised(), names, cost=cost)
    return {name: replace(one, realised=realised[name].value) for name, one in estimates.items()}


def _answer(rows: Rows, chunk: _Ints, estimates: dict[str, MetricEstimate]) -> EstimatedChunk:
    start = end = None
    if rows.times is not None:
        start, end = from_micros(int(rows.times[chunk[0]])), from_micros(int(rows.times[chunk[-1]]))
    return EstimatedChunk(int(chunk[0]), int(chunk[-1]) + 1, chunk.size, estimates, start, end)
