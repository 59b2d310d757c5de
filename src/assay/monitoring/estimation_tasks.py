"""What estimates are made of for each task: two classes, more of them, or a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.monitoring.estimation_rows import Rows
from assay.monitoring.intake.faults import shown
from assay.stats.estimation import (
    Classified,
    Cost,
    MetricEstimate,
    Scored,
    blocks_of,
    fit_classes,
    fit_scores,
)
from assay.stats.estimation.classified import expected_class_metrics
from assay.stats.estimation.expected import expected_metrics
from assay.stats.estimation.features import Design, FeatureColumn
from assay.stats.estimation.loss_estimator import fit_regression, realised_losses
from assay.stats.estimation.losses import KINDS, LossDesign, trees_available
from assay.stats.estimation.shift import density_weights
from assay.stats.summaries.classes import default_positive

__all__ = ["Frames", "Told", "binary", "multiclass", "regression"]

_Ints = npt.NDArray[np.int64]
_TREE_BLOCKS = 5  # trees take a while to grow
_WEAKER = (
    'the losses are told by a linear model, which is the weaker one; pip install "assay[ml]" brings the '
    "boosted trees"
)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A labelled reference and what is to be judged.

    Attributes
    ----------
    old, new : their rows.
    before, now : their features.
    names : metrics wanted.
    chunk : rows of a chunk, as most have.
    """

    old: Rows
    new: Rows
    before: Mapping[str, FeatureColumn]
    now: Mapping[str, FeatureColumn]
    names: tuple[str, ...]
    chunk: int


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was learned from a reference, ready for each chunk (int64[rows] of the new ones).

    Attributes
    ----------
    estimate, realised : estimates of a chunk, and its metrics where all of its labels are there.
    refusal : why nothing can be estimated.
    positive : the positive class of two.
    note : what else is to be known.
    """

    estimate: Callable[[_Ints], dict[str, MetricEstimate]]
    realised: Callable[[_Ints], Mapping[str, float | None]]
    refusal: str | None
    positive: str | None = None
    note: str = ""


def binary(frames: Frames, target: str, positive: str | None, cost: Cost | None) -> Told:
    """Learn from a binary classifier's scores."""
    old, new = frames.old, frames.new
    if positive is None:
        positive = default_positive(sorted(old.classes))
    if len(old.classes) > 2:
        named = ", ".join(shown(name) for name in sorted(old.classes)[:5])
        raise InvalidInput(
            f"{shown(target)} has {len(old.classes)} classes ({named}); of more than two, score must name "
            "the column of each"
        )
    design = Design.of(frames.before) if frames.before else None
    before = None if design is None else design(frames.before)
    now = None if design is None else design(frames.now)
    known, window = _scored(old, positive), _scored(new, positive)
    fitted = fit_scores(
        known, blocks_of(known.score.size), frames.names, design=before, cost=cost, chunk=frames.chunk
    )

    def realised(chunk: _Ints) -> dict[str, float | None]:
        part = window.take(chunk)
        found = expected_metrics(part, part.realised(), frames.names, cost=cost)
        return {name: one.value for name, one in found.items()}

    return Told(
        lambda chunk: fitted.estimate(window.take(chunk), None if now is None else now[chunk]),
        realised,
        fitted.refusal,
        positive,
    )


def multiclass(
    frames: Frames, target: str, classes: tuple[str, ...], cost: npt.NDArray[np.float64] | None
) -> Told:
    """Learn from the probabilities of several classes."""
    unknown = sorted(frames.old.classes - set(classes)) + sorted(frames.new.classes - set(classes))
    if unknown:
        raise InvalidInput(
            f"{shown(target)} or the prediction is {shown(unknown[0])}, and score names no column of it"
        )
    design = Design.of(frames.before) if frames.before else None
    before = None if design is None else design(frames.before)
    now = None if design is None else design(frames.now)
    known, window = _classified(frames.old, classes), _classified(frames.new, classes)
    fitted = fit_classes(
        known,
        blocks_of(known.total),
        frames.names,
        classes,
        design=before,
        cost=cost,
        chunk=frames.chunk,
    )

    def realised(chunk: _Ints) -> dict[str, float | None]:
        part = window.take(chunk)
        found = expected_class_metrics(part, part.realised(), frames.names, cost=cost)
        return {name: one.value for name, one in found.items()}

    return Told(
        lambda chunk: fitted.estimate(window.take(chunk), None if now is None else now[chunk]),
        realised,
        fitted.refusal,
    )


def regression(frames: Frames) -> Told:
    """Learn how large a regression's errors are, by features and prediction."""
    old, new = frames.old, frames.new
    before = _with_prediction(frames.before, old)
    design = LossDesign.of(before)
    known, now = design(before), design(_with_prediction(frames.now, new))
    guesses = _predicted(old), _predicted(new)
    trees = trees_available()
    fitted = fit_regression(
        known,
        old.truth,
        guesses[0],
        blocks_of(old.places.size, most=_TREE_BLOCKS),
        frames.names,
        kinds=KINDS if trees else KINDS[:-1],
        chunk=frames.chunk,
    )

    def estimate(chunk: _Ints) -> dict[str, MetricEstimate]:
        window = now.take(chunk)
        weights = density_weights(known.linear, window.linear, guesses[0], guesses[1][chunk])
        return fitted.estimate(window, weights)

    return Told(
        estimate,
        lambda chunk: realised_losses(new.truth[chunk], guesses[1][chunk], frames.names),
        fitted.refusal,
        note="" if trees else _WEAKER,
    )


def _scored(rows: Rows, positive: str | None) -> Scored:
    score = rows.scores[:, 0]
    predicted = score >= 0.5 if rows.predicted is None else np.asarray(rows.predicted == positive)
    return Scored(
        score,
        predicted.astype(bool),
        np.ones(score.size),
        np.asarray(rows.truth == positive).astype(np.float64),
    )


def _classified(rows: Rows, classes: tuple[str, ...]) -> Classified:
    place = {name: number for number, name in enumerate(classes)}
    predicted = (
        rows.scores.argmax(axis=1)
        if rows.predicted is None
        else np.array([place[name] for name in rows.predicted.tolist()], dtype=np.int64)
    )
    truth = np.array([place.get(name, -1) for name in rows.truth.tolist()], dtype=np.int64)
    return Classified(rows.scores, predicted.astype(np.int64), truth)


def _predicted(rows: Rows) -> npt.NDArray[np.float64]:
    return np.zeros(0) if rows.predicted is None else rows.predicted


def _with_prediction(features: Mapping[str, FeatureColumn], rows: Rows) -> dict[str, FeatureColumn]:
    """Put the prediction beside the features; no feature has the empty name."""
    return {**features, "": FeatureColumn(_predicted(rows))}
