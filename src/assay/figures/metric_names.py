"""How metrics are called on pages, and which ones matter for which task."""

from __future__ import annotations

from dataclasses import dataclass

from assay.domain.model import Task
from assay.stats.summaries.traffic import STAGES

__all__ = ["CHARTS", "HEADLINE", "METRIC_NAMES", "TILES", "MetricName", "metric_name"]


@dataclass(frozen=True, slots=True)
class MetricName:
    """A metric's label, its unit (see :func:`assay.figures.numbers.value_text`) and what it says.

    `low`, `high` bound what it can be; `unlabelled` ones need no truth.
    """

    label: str
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None
    unlabelled: bool = False


METRIC_NAMES: dict[str, MetricName] = {
    "accuracy": MetricName("Accuracy", "share", "Share that was right.", 0, 1),
    "precision": MetricName("Precision", "ratio", "Of the predicted positives, how many were.", 0, 1),
    "recall": MetricName("Recall", "ratio", "Of the real positives, how many were found.", 0, 1),
    "f1_score": MetricName("F1", "ratio", "Harmonic mean of precision and recall.", 0, 1),
    "precision_macro": MetricName("Precision, macro", "ratio", "Mean of the classes' precision.", 0, 1),
    "recall_macro": MetricName("Recall, macro", "ratio", "Mean of the classes' recall.", 0, 1),
    "f1_score_macro": MetricName("F1, macro", "ratio", "Mean of the classes' F1.", 0, 1),
    "precision_weighted": MetricName("Precision, weighted", "ratio", "Weighted by the classes' size.", 0, 1),
    "recall_weighted": MetricName("Recall, weighted", "ratio", "Weighted by the classes' size.", 0, 1),
    "f1_score_weighted": MetricName("F1, weighted", "ratio", "Weighted by the classes' size.", 0, 1),
    "roc_auc": MetricName("ROC AUC", "ratio", "How well scores rank; 0.5 is guessing.", 0, 1),
    "pr_auc": MetricName("PR AUC", "ratio", "Average precision over all thresholds.", 0, 1),
    "log_loss": MetricName("Log loss", "ratio", "Surprise at the truth; lower is better.", 0),
    "brier_score": MetricName("Brier score", "ratio", "Error of the probability; lower is better.", 0),
    "ece": MetricName("Calibration error", "ratio", "Gap of score and outcome; lower is better.", 0, 1),
    "mae": MetricName("MAE", "number", "Mean absolute error; lower is better.", 0),
    "mse": MetricName("MSE", "number", "Mean squared error; lower is better.", 0),
    "rmse": MetricName("RMSE", "number", "Root of the mean squared error; lower is better.", 0),
    "r2_score": MetricName("R²", "ratio", "Share of the truth's variance that is explained."),
    "mape": MetricName("MAPE", "share", "Relative to the truth; lower is better.", 0),
    "mean_error": MetricName("Mean error", "number", "Prediction less truth; at 0 neither side is favoured."),
    "mean_prediction": MetricName("Mean prediction", "number", "Of the predictions whose truth is known."),
    "mean_truth": MetricName("Mean truth", "number", "What came true, on average."),
    "latency_p50": MetricName(
        "Latency, median", "ms", "Half of the predictions were faster.", 0, unlabelled=True
    ),
    "latency_p95": MetricName("Latency p95", "ms", "95% of the predictions were faster.", 0, unlabelled=True),
    "latency_p99": MetricName("Latency p99", "ms", "99% of the predictions were faster.", 0, unlabelled=True),
    "volume": MetricName("Predictions", "number", "Number of predictions.", 0, unlabelled=True),
    "error_rate": MetricName(
        "Error rate", "share", "Share of predictions at which the model failed.", 0, 1, True
    ),
}

METRIC_NAMES |= {
    f"latency_{stage}_p{percent}": MetricName(
        f"{stage.capitalize()} p{percent}", "ms", f"{percent}% were faster at this stage.", 0, unlabelled=True
    )
    for stage in STAGES[1:]
    for percent in (50, 95, 99)
}

CHARTS: dict[Task | None, tuple[str, ...]] = {
    Task.BINARY: ("roc_auc", "accuracy", "brier_score", "log_loss", "precision", "recall"),
    Task.MULTICLASS: (
        "accuracy",
        "f1_score_macro",
        "log_loss",
        "brier_score",
        "precision_macro",
        "recall_macro",
    ),
    Task.REGRESSION: ("mae", "rmse", "r2_score", "mape", "mean_error"),
    Task.TRADING: ("accuracy", "mae", "rmse", "r2_score"),
    None: (),
}
"""Metrics drawn over time, by task."""

TILES: dict[Task | None, tuple[str, ...]] = {
    Task.BINARY: ("roc_auc", "accuracy", "brier_score", "ece"),
    Task.MULTICLASS: ("accuracy", "f1_score_macro", "log_loss", "brier_score"),
    Task.REGRESSION: ("mae", "rmse", "r2_score", "mape"),
    Task.TRADING: ("accuracy", "mae", "rmse", "r2_score"),
    None: (),
}
"""Metrics shown as figures at the top of a model's page, by task."""

HEADLINE: dict[Task | None, tuple[str, ...]] = {
    Task.BINARY: ("roc_auc", "accuracy"),
    Task.MULTICLASS: ("accuracy", "f1_score_macro"),
    Task.REGRESSION: ("mae", "r2_score"),
    Task.TRADING: ("accuracy", "mae"),
    None: (),
}
"""The metrics that the list of models shows, by task."""


def metric_name(name: str) -> MetricName:
    """Return how the metric `name` is shown; one without an entry is shown under its own name."""
    return METRIC_NAMES.get(name) or MetricName(name.replace("_", " ").capitalize(), "number", "")
