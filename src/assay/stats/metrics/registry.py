"""The metrics there are: names, direction, tasks, meaning."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from assay.stats.summaries.traffic import STAGES

__all__ = ["METRICS", "MetricInfo"]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What a metric's name means.

    Attributes
    ----------
    name : the name.
    higher_is_better : its direction.
    tasks : tasks for which it is computed.
    description : one sentence.
    """

    name: str
    higher_is_better: bool
    tasks: tuple[str, ...]
    description: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self) | {"tasks": list(self.tasks)}


_CLASSES = ("binary", "multiclass")
_NUMBERS = ("regression",)
_ALL = ("binary", "multiclass", "regression", "trading")

_AVERAGES = tuple(
    MetricInfo(f"{name}_{average}", True, _CLASSES, f"{what}, averaged over classes {how}.")
    for name, what in (
        ("precision", "Share of the predictions of a class that are right"),
        ("recall", "Share of the rows of a class that are found"),
        ("f1_score", "Harmonic mean of precision and recall"),
    )
    for average, how in (("macro", "equally"), ("weighted", "by their numbers of rows"))
)

_STAGES = tuple(
    MetricInfo(
        f"latency_{stage}_p{percent}",
        False,
        _ALL,
        f"Milliseconds that {percent}% of the predictions' {stage} takes at most, where it is logged.",
    )
    for stage in STAGES[1:]
    for percent in (50, 95, 99)
)

METRICS: dict[str, MetricInfo] = {
    info.name: info
    for info in (
        MetricInfo("accuracy", True, _CLASSES, "Share of the predictions that are right."),
        MetricInfo(
            "precision",
            True,
            _CLASSES,
            "Share of the positive predictions that are right; multiclass: the weighted average.",
        ),
        MetricInfo(
            "recall",
            True,
            _CLASSES,
            "Share of the positive rows that are found; multiclass: the weighted average.",
        ),
        MetricInfo(
            "f1_score",
            True,
            _CLASSES,
            "Harmonic mean of precision and recall; multiclass: the weighted average.",
        ),
        *_AVERAGES,
        MetricInfo(
            "roc_auc",
            True,
            _CLASSES,
            "Probability that a positive row scores above a negative one; multiclass: mean of each class's.",
        ),
        MetricInfo(
            "pr_auc",
            True,
            _CLASSES,
            "Average precision over all thresholds; multiclass: mean of one against rest.",
        ),
        MetricInfo(
            "log_loss", False, _CLASSES, "Mean of minus the logarithm of the true class's probability."
        ),
        MetricInfo(
            "brier_score",
            False,
            _CLASSES,
            "Mean squared difference of probability and truth; multiclass: summed over classes.",
        ),
        MetricInfo(
            "ece",
            False,
            _CLASSES,
            "Expected calibration error: mean gap between score and observed share over ten bins; "
            "multiclass: of the most probable class.",
        ),
        MetricInfo("mae", False, _NUMBERS, "Mean absolute error."),
        MetricInfo("mse", False, _NUMBERS, "Mean squared error."),
        MetricInfo("rmse", False, _NUMBERS, "Root of the mean squared error."),
        MetricInfo("r2_score", True, _NUMBERS, "Share of the truth's variance that the predictions explain."),
        MetricInfo(
            "mape", False, _NUMBERS, "Mean absolute error as a share of the truth, where that is not zero."
        ),
        MetricInfo("mean_error", False, _NUMBERS, "Mean of prediction less truth; best at 0, not below it."),
        MetricInfo("mean_prediction", False, _NUMBERS, "Mean of the predictions whose truth is known."),
        MetricInfo("mean_truth", False, _NUMBERS, "Mean of the truth."),
        MetricInfo("latency_p50", False, _ALL, "Milliseconds that half of the predictions take at most."),
        MetricInfo("latency_p95", False, _ALL, "Milliseconds that 95% of the predictions take at most."),
        MetricInfo("latency_p99", False, _ALL, "Milliseconds that 99% of the predictions take at most."),
        *_STAGES,
        MetricInfo("volume", True, _ALL, "Number of predictions."),
        MetricInfo("error_rate", False, _ALL, "Share of the predictions that failed."),
    )
}
"""Every metric by name."""
