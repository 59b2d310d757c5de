"""Assay: know whether your models' predictions can still be trusted.

The names below are the public interface. They are loaded when first used, so that ``import assay``
costs little.
"""

from __future__ import annotations

# Not typing's own, whose import would take most of the time: type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from assay.client.logger.collected import prediction_ids
    from assay.client.logger.prediction_logger import PredictionLogger
    from assay.dashboard.report.writing import write_drift_report, write_report
    from assay.domain.drift_report import DriftReport
    from assay.domain.estimates import PerformanceEstimate
    from assay.domain.multivariate_drift import MultivariateDrift
    from assay.integrations.monitored import monitored
    from assay.integrations.streams import confidence_sequence, detector
    from assay.integrations.watch import watch
    from assay.monitoring.drift.detection import detect_drift
    from assay.monitoring.estimation import estimate_performance
    from assay.monitoring.multivariate import multivariate_drift
    from assay.monitoring.one_shot import Evaluation, Profile, evaluate, profile
    from assay.runtime.opening import open  # noqa: A004 - assay.open() reads like the built-in
    from assay.stats.verdict.floors import Floors

__version__ = "0.1.0"

__all__ = [
    "DriftReport",
    "Evaluation",
    "Floors",
    "MultivariateDrift",
    "PerformanceEstimate",
    "PredictionLogger",
    "Profile",
    "__version__",
    "confidence_sequence",
    "detect_drift",
    "detector",
    "estimate_performance",
    "evaluate",
    "monitored",
    "multivariate_drift",
    "open",
    "prediction_ids",
    "profile",
    "watch",
    "write_drift_report",
    "write_report",
]

_HOMES = {
    "DriftReport": "assay.domain.drift_report",
    "Evaluation": "assay.monitoring.one_shot",
    "Floors": "assay.stats.verdict.floors",
    "MultivariateDrift": "assay.domain.multivariate_drift",
    "PerformanceEstimate": "assay.domain.estimates",
    "PredictionLogger": "assay.client.logger.prediction_logger",
    "Profile": "assay.monitoring.one_shot",
    "confidence_sequence": "assay.integrations.streams",
    "detect_drift": "assay.monitoring.drift.detection",
    "detector": "assay.integrations.streams",
    "estimate_performance": "assay.monitoring.estimation",
    "evaluate": "assay.monitoring.one_shot",
    "monitored": "assay.integrations.monitored",
    "multivariate_drift": "assay.monitoring.multivariate",
    "open": "assay.runtime.opening",
    "prediction_ids": "assay.client.logger.collected",
    "profile": "assay.monitoring.one_shot",
    "watch": "assay.integrations.watch",
    "write_drift_report": "assay.dashboard.report.writing",
    "write_report": "assay.dashboard.report.writing",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'assay' has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
