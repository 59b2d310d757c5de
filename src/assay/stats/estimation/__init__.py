"""Performance without labels: metrics that are to be expected of a window whose truth is not known yet."""

from __future__ import annotations

from assay.stats.estimation.blocks import blocks_of
from assay.stats.estimation.class_estimator import ClassEstimator, fit_classes
from assay.stats.estimation.classified import CLASS_METRICS, Classified
from assay.stats.estimation.expected import BINARY_METRICS, Cost
from assay.stats.estimation.loss_estimator import LOSS_METRICS, LossEstimator, fit_regression
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.score_estimator import ScoreEstimator, fit_scores
from assay.stats.estimation.scored import Scored

__all__ = [
    "BINARY_METRICS",
    "CLASS_METRICS",
    "LOSS_METRICS",
    "ClassEstimator",
    "Classified",
    "Cost",
    "LossEstimator",
    "MetricEstimate",
    "ScoreEstimator",
    "Scored",
    "blocks_of",
    "fit_classes",
    "fit_regression",
    "fit_scores",
]
