"""Metrics: how good predictions were, computed from summaries, each with its n, coverage and interval."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from assay.stats.metrics.calibration import ReliabilityBin
from assay.stats.metrics.classification import (
    classification_metrics,
    positive_class_of,
    reliability_curve,
)
from assay.stats.metrics.confusion import ConfusionMatrix, confusion_matrix
from assay.stats.metrics.registry import METRICS, MetricInfo
from assay.stats.metrics.regression import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    means,
    r2_score,
    squared_errors,
)
from assay.stats.metrics.result import Estimate
from assay.stats.metrics.traffic import error_rate, latency_quantile, volume
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import STAGES, TrafficSummary

__all__ = [
    "METRICS",
    "ConfusionMatrix",
    "Estimate",
    "MetricInfo",
    "ReliabilityBin",
    "classification_metrics",
    "confusion_matrix",
    "positive_class_of",
    "regression_metrics",
    "reliability_curve",
    "traffic_metrics",
]


def _chosen(estimates: Iterable[Estimate], names: Collection[str] | None) -> dict[str, Estimate]:
    by_name = {estimate.name: estimate for estimate in estimates}
    if names is None:
        return by_name
    return {name: by_name[name] for name in names if name in by_name}


def regression_metrics(
    summary: RegressionSummary, *, names: Collection[str] | None = None
) -> dict[str, Estimate]:
    """Compute MAE, MSE, RMSE, R², MAPE and the means; `names` chooses among them.

    >>> regression_metrics(RegressionSummary.of([1.0, 2.0], [2.0, 3.0]))["mae"].value
    1.0
    """
    return _chosen(
        [
            mean_absolute_error(summary),
            *squared_errors(summary),
            r2_score(summary),
            mean_absolute_percentage_error(summary),
            *means(summary),
        ],
        names,
    )


def traffic_metrics(summary: TrafficSummary, *, names: Collection[str] | None = None) -> dict[str, Estimate]:
    """Compute volume, error rate, and latency's p50, p95 and p99; `names` chooses among them.

    Stages (``latency_inference_p95`` and the like) are there where their latency was logged.

    >>> traffic_metrics(TrafficSummary.of(timestamps=[0, 1]))["volume"].value
    2.0
    """
    stages = {"latency": summary.latency["total"]} | {
        f"latency_{stage}": summary.latency[stage] for stage in STAGES[1:] if summary.latency[stage].n
    }
    quantiles = [
        latency_quantile(latency, f"{name}_p{int(100 * q)}", q)
        for name, latency in stages.items()
        for q in (0.5, 0.95, 0.99)
    ]
    return _chosen([volume(summary), error_rate(summary), *quantiles], names)
