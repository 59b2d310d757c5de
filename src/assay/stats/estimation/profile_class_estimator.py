"""Metrics of more than two classes without labels, from the one-vs-rest counts that profiles keep.

Profiles count each class's probability, and for each class what was predicted, but not both together. As many
of the highest probabilities of a class as it was predicted are taken for its predictions. Of more than two
classes that is not exactly so: what it gets wrong in the reference is corrected by its ratio there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.estimation.blocks import half_width, jackknife_variance, random_effect
from assay.stats.estimation.calibration import KINDS, Calibrator, fit_calibrator
from assay.stats.estimation.class_cells import (
    PROFILE_CLASS_METRICS,
    chances_of,
    expected_sum,
    labelled_classes,
    moved,
    window_classes,
)
from assay.stats.estimation.expected import bounds_of
from assay.stats.estimation.held_out import no_information
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.scored import Scored
from assay.stats.metrics.classification import classification_metrics
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["PROFILE_CLASS_METRICS", "ProfileClassEstimator", "fit_class_profiles"]

_Floats = npt.NDArray[np.float64]

_LEAST_OF_A_CLASS = 20
_MOST_STRANGE = 0.005
"""Share of the reference's labels that may be of classes without a probability."""

_MOST_OFF = 0.1
"""The threshold rule may be wrong about this share of a class's right predictions, and is then corrected."""


@dataclass(frozen=True, slots=True, eq=False)
class ProfileClassEstimator:
    """What labelled profiles say about the probabilities of several classes.

    Made by :func:`fit_class_profiles`.

    Attributes
    ----------
    names : metrics.
    classes : the classes.
    kind : calibration chosen out of sample.
    calibrators : one of each class.
    left_out : the same without each block in turn.
    ratio : float64[classes], right predictions to those that thresholds would make right.
    between : variance of each metric's held-out errors beyond chance.
    reference_n : labelled predictions that were learned from.
    refusals : why metrics cannot be estimated.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    kind: str
    calibrators: tuple[Calibrator, ...]
    left_out: tuple[tuple[Calibrator, ...], ...]
    ratio: _Floats
    between: Mapping[str, float]
    reference_n: int
    refusals: Mapping[str, str]

    @property
    def refusal(self) -> str | None:
        """Why nothing can be estimated; None where something can."""
        found = [self.refusals.get(name) for name in self.names]
        return found[0] if all(found) else None

    def estimate(self, summary: ClassificationSummary) -> dict[str, MetricEstimate]:
        """Estimate the metrics of a window's profile without looking at its truth."""
        cells = window_classes(summary, self.classes)
        n = int(max((one.total for one in cells), default=0))
        if not n:
            return {
                name: MetricEstimate.refused(name, n, "there are no probabilities") for name in self.names
            }
        chances = chances_of(self.calibrators, cells)
        others = [chances_of(one, cells) for one in self.left_out]
        found = {}
        for name in self.names:
            if name in self.refusals:
                found[name] = MetricEstimate.refused(name, n, self.refusals[name])
                continue
            one = expected_sum(name, cells, chances, self.ratio)
            if one is None:
                found[name] = MetricEstimate.undefined(name, n)
                continue
            variance = one.variance(cells, chances) + jackknife_variance(moved(one, cells, others))
            half = half_width(variance, self.between[name], len(self.left_out))
            low, high = bounds_of(name, several=True)
            found[name] = MetricEstimate(
                name,
                one.value,
                max(one.value - half, low),
                min(one.value + half, high),
                n,
                float(self.reference_n),
                f"{self.kind} calibration of each class",
            )
        return found


def fit_class_profiles(
    blocks: Sequence[ClassificationSummary], names: tuple[str, ...], *, held_out: int | None = None
) -> ProfileClassEstimator:
    """Learn from the labelled predictions of stored profiles.

    Parameters
    ----------
    blocks : profiles of stretches of the reference's time, at least two, best as long as the windows that
        will be estimated: held-out errors are measured on each of them.
    names : metrics wanted, of :data:`PROFILE_CLASS_METRICS`.
    held_out : neighbouring profiles are left out together, so that this many stretches of the reference (at
        least 2) are told by the others. None: each by itself.

    Returns
    -------
    ProfileClassEstimator
        Every metric is refused where the probabilities say no more of held-out labels than the classes'
        shares do, a class has too few labels, or labels are of classes without a probability.

    Raises
    ------
    InvalidInput
        Where fewer than two blocks have labelled probabilities.
    """
    blocks = [block for block in blocks if block.probabilities is not None and block.probabilities.n]
    if len(blocks) < 2:
        raise InvalidInput(
            f"{len(blocks)} profiles have labelled probabilities; at least 2 are needed, since each is "
            "judged by what the others say"
        )
    classes = tuple(sorted({name for block in blocks for name in _probable(block)}))
    parts = [labelled_classes(block, classes) for block in blocks]
    stretches = len(blocks) if held_out is None else max(2, min(held_out, len(blocks)))
    stretch = [place * stretches // len(blocks) for place in range(len(blocks))]
    rest = [
        _together([part for part, place in zip(parts, stretch, strict=True) if place != number])
        for number in range(stretches)
    ]
    fits: dict[str, list[tuple[Calibrator, ...]]] = {}
    losses: dict[str, _Floats] = {}
    for kind in KINDS:
        fits[kind] = [_fit(kind, others) for others in rest]
        losses[kind] = np.array(
            [
                _loss(part, chances_of(fits[kind][place], part))
                for part, place in zip(parts, stretch, strict=True)
            ]
        )
    kind = min(KINDS, key=lambda one: float(losses[one].sum()))
    models = fits[kind]
    ratio, refusals = _ratio(blocks, parts, classes, names)
    without = np.array(
        [_loss(part, _shares(rest[place], part)) for part, place in zip(parts, stretch, strict=True)]
    )
    reason = _refusal(blocks, parts, classes, np.array(stretch), without - losses[kind])
    if reason is not None:
        refusals = dict.fromkeys(names, reason)
    between = {}
    held = [chances_of(models[place], part) for part, place in zip(parts, stretch, strict=True)]
    others = [[chances_of(model, part) for model in models] for part in parts]
    real = [classification_metrics(block, names=names) for block in blocks]
    for name in names:
        errors, explained = [], []
        for place, part in enumerate(parts):
            one, truth = expected_sum(name, part, held[place], ratio), real[place][name].value
            if one is None or truth is None:
                continue
            errors.append(truth - one.value)
            explained.append(
                one.variance(part, held[place]) + jackknife_variance(moved(one, part, others[place]))
            )
        between[name] = random_effect(np.array(errors), np.array(explained))
    return ProfileClassEstimator(
        names,
        classes,
        kind,
        _fit(kind, _together(parts)),
        tuple(models),
        ratio,
        between,
        int(sum(block.probabilities.n for block in blocks if block.probabilities is not None)),
        refusals,
    )


def _probable(summary: ClassificationSummary) -> set[str]:
    return set() if summary.probabilities is None else set(summary.probabilities.classes)


def _together(parts: Sequence[tuple[Scored, ...]]) -> tuple[Scored, ...]:
    """Labels of all parts, each score once: what was predicted is no matter to a calibration."""
    found = []
    for of_class in zip(*parts, strict=True):
        score, positive, n = (
            np.concatenate([getattr(one, field) for one in of_class]) for field in ("score", "positive", "n")
        )
        points, place = np.unique(score, return_inverse=True)
        found.append(
            Scored(
                points,
                np.zeros(points.size, dtype=bool),
                np.bincount(place, weights=n, minlength=points.size).astype(np.float64),
                np.bincount(place, weights=positive, minlength=points.size).astype(np.float64),
            )
        )
    return tuple(found)


def _fit(kind: str, rows: tuple[Scored, ...]) -> tuple[Calibrator, ...]:
    return tuple(fit_calibrator(kind, one.score, one.positive, one.n) for one in rows)


def _loss(part: tuple[Scored, ...], chances: tuple[_Floats, ...]) -> float:
    """Log loss of all classes, each against the others."""
    total = 0.0
    for one, chance in zip(part, chances, strict=True):
        total -= float(one.positive @ np.log(chance) + (one.n - one.positive) @ np.log1p(-chance))
    return total


def _shares(rows: tuple[Scored, ...], part: tuple[Scored, ...]) -> tuple[_Floats, ...]:
    """Chances of the cells of `part` where only the classes' shares in `rows` are known."""
    return tuple(
        np.full(cells.n.size, (float(one.positive.sum()) + 0.5) / (one.total + 1.0))
        for one, cells in zip(rows, part, strict=True)
    )


def _refusal(
    blocks: Sequence[ClassificationSummary],
    parts: Sequence[tuple[Scored, ...]],
    classes: Sequence[str],
    stretch: npt.NDArray[np.int64],
    gains: _Floats,
) -> str | None:
    """Why nothing can be estimated; `gains` are each block's log loss by shares alone, less its own."""
    labelled = sum(block.n for block in blocks)
    known = set(classes)
    strange = labelled - sum(
        int(block.matrix[place].sum())
        for block in blocks
        for place, name in enumerate(block.classes)
        if name in known
    )
    if strange > _MOST_STRANGE * labelled:
        return (
            f"{strange:,} of the reference's {labelled:,} labels are of classes without a probability, and "
            "nothing says when these come true"
        )
    counts = np.array([sum(float(part[k].positive.sum()) for part in parts) for k in range(len(classes))])
    if counts.min() < _LEAST_OF_A_CLASS:
        rarest = classes[int(counts.argmin())][:80]
        return (
            f"the reference has {counts.min():.0f} labels of the class {rarest!r}; "
            f"{_LEAST_OF_A_CLASS} of each are needed to learn what probabilities mean"
        )
    rows = np.array([max(one.total for one in part) for part in parts])
    weight = np.bincount(stretch, weights=rows).astype(np.float64)
    return no_information(np.asarray(np.bincount(stretch, weights=gains) / weight), weight, "probabilities")


def _ratio(
    blocks: Sequence[ClassificationSummary],
    parts: Sequence[tuple[Scored, ...]],
    classes: Sequence[str],
    names: tuple[str, ...],
) -> tuple[_Floats, dict[str, str]]:
    """Right predictions to those that thresholds would make right, and what is refused since they differ."""
    found = np.ones(len(classes))
    reason = None
    for k, name in enumerate(classes):
        right = sum(
            float(block.matrix[place, place])
            for block in blocks
            if name in block.classes and (place := block.classes.index(name)) >= 0
        )
        ruled = sum(float(part[k].positive[part[k].predicted].sum()) for part in parts)
        if right <= 0 or ruled <= 0:
            continue
        found[k] = right / ruled
        if abs(found[k] - 1) > _MOST_OFF:
            reason = (
                f"predictions of {name[:80]!r} do not follow its probability: {right:,.0f} were right, and a "
                f"threshold would make {ruled:,.0f} right"
            )
    scoring = ("roc_auc", "brier_score", "log_loss")
    return found, {} if reason is None else {name: reason for name in names if name not in scoring}
