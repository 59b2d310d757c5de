"""All metrics of a classification summary."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from assay.stats.metrics.accuracy import accuracy
from assay.stats.metrics.calibration import ReliabilityBin, calibration_error, reliability_bins
from assay.stats.metrics.pr_auc import pr_auc
from assay.stats.metrics.precision_recall import averaged_scores, binary_scores
from assay.stats.metrics.probabilistic import brier_score, log_loss
from assay.stats.metrics.result import Estimate
from assay.stats.metrics.roc_auc import roc_auc
from assay.stats.summaries.classes import default_positive
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["classification_metrics", "positive_class_of", "reliability_curve"]

_LOWER = ("log_loss", "brier_score", "ece")
_OF_SCORES = ("roc_auc", "pr_auc", *_LOWER)


def _classes(summary: ClassificationSummary) -> set[str]:
    classes = set(summary.classes)
    if summary.scores:
        classes |= set(summary.scores.classes)
    if summary.probabilities:
        classes |= set(summary.probabilities.classes)
    return classes


def positive_class_of(summary: ClassificationSummary, declared: str | None = None) -> str | None:
    """Return the class that binary metrics are about; None where there are more than two classes.

    The declared one; else see :func:`assay.stats.summaries.classes.default_positive`.
    """
    if declared is not None:
        return declared
    classes = _classes(summary)
    return default_positive(sorted(classes)) if len(classes) <= 2 else None


def classification_metrics(
    summary: ClassificationSummary,
    *,
    positive_class: str | None = None,
    names: Collection[str] | None = None,
) -> dict[str, Estimate]:
    """Compute the classification metrics of :data:`assay.stats.metrics.METRICS`.

    Parameters
    ----------
    summary : what was predicted and what was true.
    positive_class : the class that binary metrics and `score` are about. None: with at most two classes
        see :func:`positive_class_of`; with more, `precision`, `recall` and `f1_score` are the weighted
        averages, and the metrics of probabilities those over all classes.
    names : which metrics; None: all.

    Returns
    -------
    dict
        Name to estimate. A metric that is not defined for the rows at hand has the value None.

    Examples
    --------
    >>> summary = ClassificationSummary.of(["1", "0"], ["1", "1"], [0.9, 0.6])
    >>> metrics = classification_metrics(summary, names=["accuracy", "precision"])
    >>> {name: estimate.value for name, estimate in metrics.items()}
    {'accuracy': 0.5, 'precision': 0.5}
    """
    positive = positive_class_of(summary, positive_class)
    several = positive is None and len(_classes(summary)) > 2
    averaged = averaged_scores(summary)
    found = [accuracy(summary)]
    if several:
        by_name = {estimate.name: estimate for estimate in averaged}
        found += [
            replace(by_name[f"{name}_weighted"], name=name) for name in ("precision", "recall", "f1_score")
        ]
    else:
        found += binary_scores(summary, positive)
    found += averaged
    if several:
        found += _of_probabilities(summary)
    else:
        found += _of_scores(summary, positive)
    by_name = {estimate.name: estimate for estimate in found}
    if names is None:
        return by_name
    return {name: by_name[name] for name in names if name in by_name}


def _undefined(summary: ClassificationSummary) -> list[Estimate]:
    return [
        Estimate(name, None, 0, summary.coverage, higher_is_better=name not in _LOWER) for name in _OF_SCORES
    ]


def _of_scores(summary: ClassificationSummary, positive: str | None) -> list[Estimate]:
    scores, coverage = summary.scores, summary.coverage
    if scores is None or positive is None:
        return _undefined(summary)
    of_positive, of_others = scores.split(positive)
    n, sums = scores.error_sums(positive)
    return [
        roc_auc(of_positive, of_others, exact=scores.exact, coverage=coverage),
        pr_auc(of_positive, of_others, exact=scores.exact, coverage=coverage),
        log_loss(sums[2:], n, coverage),
        brier_score(sums[:2], n, coverage),
        calibration_error(reliability_curve(summary, positive_class=positive), coverage),
    ]


def _of_probabilities(summary: ClassificationSummary) -> list[Estimate]:
    fit, coverage = summary.probabilities, summary.coverage
    if fit is None:
        return _undefined(summary)
    classes = list(fit.classes.values())
    aucs = [roc_auc(one.counts[1], one.counts[2], exact=one.points is not None) for one in classes]
    areas = [pr_auc(one.counts[1], one.counts[2], exact=one.points is not None) for one in classes]
    return [
        _mean("roc_auc", aucs, fit.n, coverage),
        _mean("pr_auc", areas, fit.n, coverage),
        log_loss(fit.sums[:2], fit.n, coverage),
        brier_score(fit.sums[2:], fit.n, coverage),
        calibration_error(reliability_curve(summary), coverage),
    ]


def _mean(name: str, estimates: Iterable[Estimate], n: int, coverage: float | None) -> Estimate:
    """Mean over the classes for which the metric is defined."""
    defined = [(one.value, one.bound) for one in estimates if one.value is not None]
    if not defined:
        return Estimate(name, None, n, coverage)
    value, bound = np.mean(defined, axis=0).tolist()
    return Estimate(name, value, n, coverage, bound=bound)


def reliability_curve(
    summary: ClassificationSummary, *, positive_class: str | None = None, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Observed share of the positive class by score; multiclass: of right ones by the largest probability.

    Parameters
    ----------
    summary : what was predicted and what was true.
    positive_class : see :func:`classification_metrics`.
    bins : number of equal bins, a divisor of 20.

    Returns
    -------
    tuple
        One entry per bin, empty ones too; an empty tuple where there are no scores.

    Raises
    ------
    InvalidInput
        Where `bins` does not divide 20.
    """
    positive = positive_class_of(summary, positive_class)
    scores, fit = summary.scores, summary.probabilities
    if positive is not None and scores is not None:
        counts = scores.bin_counts.sum(axis=0)
        hits = (
            scores.bin_counts[scores.classes.index(positive)]
            if positive in scores.classes
            else np.zeros_like(counts)
        )
        return reliability_bins(counts, hits, scores.bin_sums.sum(axis=0), bins=bins)
    if positive is None and fit is not None:
        return reliability_bins(fit.bins[0], fit.bins[1], fit.bin_sums, bins=bins)
    return ()
