"""How estimates of each task are learnt from stored profiles, and told of a window's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assay.domain.model import Model, Task
from assay.monitoring.summary_pool import StoredSummary
from assay.monitoring.task import positive_class
from assay.stats.estimation.histogram import labelled_scores, window_scores
from assay.stats.estimation.profile_class_estimator import PROFILE_CLASS_METRICS, fit_class_profiles
from assay.stats.estimation.profile_estimator import fit_profiles
from assay.stats.estimation.result import MetricEstimate
from assay.stats.metrics import classification_metrics
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.feature_profile import FeatureProfile

__all__ = ["LOSSES", "METRICS", "Day", "Taught", "Way", "estimated_metrics", "way_of"]

METRICS = ("roc_auc", "accuracy", "precision", "recall", "f1_score", "brier_score", "log_loss")
"""What is estimated of two classes."""

LOSSES = ("rmse", "mae", "mse", "mape")
"""What is estimated of regressions."""

_HELD_OUT = 10
Day = tuple[int, int, StoredSummary]
"""Start, end (µs), and the outcomes of a day to learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What labelled days taught.

    Attributes
    ----------
    estimate : estimates of a window, from its outcomes and the profile of its features; the latter is None
        where the way does not need it.
    refusal : why there are none at all.
    notes : what else is to be known.
    """

    estimate: Callable[[StoredSummary | None, FeatureProfile | None], dict[str, MetricEstimate]]
    refusal: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How performance of one task is estimated from profiles.

    Attributes
    ----------
    task : its name.
    names : metrics that are estimated.
    positive : the class that scores are about; None where there is none.
    labelled : labelled predictions of a profile that can be learnt from.
    scored : predictions of a profile that are estimated.
    realised : metrics of the labelled predictions.
    mark : a number that changes with what a profile says.
    fit : learns from days.
    of_features : whether estimates need the profile of a window's features.
    """

    task: str
    names: tuple[str, ...]
    positive: str | None
    labelled: Callable[[StoredSummary | None], int]
    scored: Callable[[StoredSummary | None], int]
    realised: Callable[[StoredSummary | None], Mapping[str, float | None]]
    mark: Callable[[StoredSummary], int]
    fit: Callable[[Sequence[Day]], Taught]
    of_features: bool = False


def estimated_metrics(task: Task | None) -> tuple[str, ...]:
    """Names of the metrics that are estimated of a task's stored windows."""
    if task is Task.MULTICLASS:
        return PROFILE_CLASS_METRICS
    if task is Task.REGRESSION:
        return LOSSES
    return METRICS if task is Task.BINARY else ()


def way_of(model: Model) -> Way | str:
    """Return how a classifier's performance is estimated from profiles, or why it cannot be."""
    if model.task is Task.MULTICLASS:
        return _of_several()
    positive = positive_class(model)
    if positive is not None and model.task in (Task.BINARY, None):
        return _of_two(positive)
    if model.task is Task.BINARY:
        return "no class has been seen yet; the first predictions and labels say which there are"
    if model.task is None:
        return "what the model predicts is not known yet; its first labels say it"
    return (
        f"the profiles of a {model.task} model do not hold what an estimate needs; those of classifiers with "
        "scores and of regressions with features do"
    )


def _outcome(stored: StoredSummary | None) -> ClassificationSummary:
    """Return what is known of a window's outcomes, also where nothing is."""
    return stored if isinstance(stored, ClassificationSummary) else ClassificationSummary.empty()


def _realised(
    names: tuple[str, ...], positive: str | None
) -> Callable[[StoredSummary | None], Mapping[str, float | None]]:
    def realised(stored: StoredSummary | None) -> Mapping[str, float | None]:
        found = classification_metrics(_outcome(stored), positive_class=positive, names=names)
        return {name: one.value for name, one in found.items()}

    return realised


def _of_two(positive: str) -> Way:
    def fit(days: Sequence[Day]) -> Taught:
        fitted = fit_profiles([_outcome(one) for _, _, one in days], positive, METRICS, held_out=_HELD_OUT)
        return Taught(
            lambda stored, _: fitted.estimate(window_scores(_outcome(stored), positive)), fitted.refusal
        )

    def mark(stored: StoredSummary) -> int:
        one = _outcome(stored)
        counts = b"" if one.scores is None else one.scores.counts.tobytes()
        return hash((one.classes, one.predicted.tobytes(), one.matrix.tobytes(), counts))

    return Way(
        "binary",
        METRICS,
        positive,
        lambda stored: int(labelled_scores(_outcome(stored), positive).total),
        lambda stored: int(window_scores(_outcome(stored), positive).total),
        _realised(METRICS, positive),
        mark,
        fit,
    )


def _of_several() -> Way:
    def fit(days: Sequence[Day]) -> Taught:
        fitted = fit_class_profiles(
            [_outcome(one) for _, _, one in days], PROFILE_CLASS_METRICS, held_out=_HELD_OUT
        )
        return Taught(lambda stored, _: fitted.estimate(_outcome(stored)), fitted.refusal)

    def mark(stored: StoredSummary) -> int:
        one = _outcome(stored)
        known = {} if one.probabilities is None else one.probabilities.classes
        counts = tuple((name, known[name].counts.tobytes()) for name in sorted(known))
        return hash((one.classes, one.predicted.tobytes(), one.matrix.tobytes(), counts))

    def labelled(stored: StoredSummary | None) -> int:
        probabilities = _outcome(stored).probabilities
        return 0 if probabilities is None else probabilities.n

    def scored(stored: StoredSummary | None) -> int:
        probabilities = _outcome(stored).probabilities
        known = () if probabilities is None else probabilities.classes.values()
        return max((int(one.counts[0].sum()) for one in known), default=0)

    return Way(
        "multiclass",
        PROFILE_CLASS_METRICS,
        None,
        labelled,
        scored,
        _realised(PROFILE_CLASS_METRICS, None),
        mark,
        fit,
    )
