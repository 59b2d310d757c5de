"""Performance without labels: metrics that are to be expected of a window whose truth is not known yet."""

from __future__ import annotations

from assay.stats.estimation.blocks import blocks_of
from assay.stats.estimation.expected import BINARY_METRICS, Cost
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.score_estimator import ScoreEstimator, fit_scores
from assay.stats.estimation.scored import Scored

__all__ = ["BINARY_METRICS", "Cost", "MetricEstimate", "ScoreEstimator", "Scored", "blocks_of", "fit_scores"]
