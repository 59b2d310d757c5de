"""The use cases that pages read, over a monitor: a folder in process, or a server behind HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from assay.domain.answers import Calibration, DriftWindow, MetricWindow, ModelView
from assay.domain.drift_history import DriftMoment
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model
from assay.domain.window import WindowQuery
from assay.domain.window_drift import WindowDrift
from assay.ports.monitor import MonitorReader

__all__ = ["ReaderOverMonitor"]


class ReaderOverMonitor:
    """A :class:`assay.dashboard.readings.Reader` that asks a monitor.

    A model is read once, and `revision` never changes: one document tells of one moment. Not for a page that
    lives.

    Parameters
    ----------
    monitor : what :func:`assay.open` gave.
    """

    def __init__(self, monitor: MonitorReader) -> None:
        self._monitor = monitor
        self._models: dict[str, ModelView] = {}

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models after the name `after`, in order of their names."""
        return [model for model in self._monitor.models() if model.model_id > after][:limit]

    def model(self, model_id: str) -> ModelView:
        """Return what is stored about a model; NotFound where there is none."""
        if model_id not in self._models:
            self._models[model_id] = self._monitor.model(model_id)
        return self._models[model_id]

    def metrics(self, model_id: str, window: WindowQuery) -> list[MetricWindow]:
        """Metrics of a window, or of each step of it."""
        return self._monitor.metrics(model_id, **window.arguments())

    def calibration(self, model_id: str, window: WindowQuery) -> Calibration:
        """Reliability, confusion and scores of a window."""
        return self._monitor.calibration(model_id, **window.arguments())

    def drift(
        self, model_id: str, window: WindowQuery, *, features: Sequence[str] | None = None
    ) -> list[DriftWindow]:
        """Drift of a window, or of each step of it."""
        # Over HTTP names are separated by commas; a name that holds one cannot be asked for alone.
        asked = None if features is None or any("," in name for name in features) else list(features)
        return self._monitor.drift(model_id, **window.arguments(), features=asked)

    def drift_report(self, model_id: str, window: WindowQuery) -> WindowDrift:
        """Whether a window has drifted; NotFound where there is no reference."""
        return self._monitor.drift_report(model_id, **window.arguments())

    def closed_verdicts(self, model_id: str, window: WindowQuery) -> list[WindowDrift]:
        """Return none: over a monitor, they cannot be read with their evidence."""
        del model_id, window
        return []

    def newest_drift(self, models: Sequence[str]) -> dict[str, DriftMoment]:
        """Verdicts on the newest closed day of some models, where there are any."""
        found = {name: self._monitor.drift_history(name).windows for name in models}
        return {name: windows[-1] for name, windows in found.items() if windows}

    def estimate(self, model_id: str, window: WindowQuery) -> PerformanceEstimate:
        """Performance of a window without its labels, or of each step of it."""
        return self._monitor.estimate(model_id, **window.arguments())

    def feature(self, model_id: str, feature: str, window: WindowQuery) -> FeatureView:
        """One feature against the reference; NotFound where it is not known."""
        return self._monitor.feature(model_id, feature, **window.arguments())

    def position(self) -> int:
        """Return a number that never changes."""
        return 0

    def revision(self, model_id: str) -> int:
        """Return a number that never changes."""
        del model_id
        return 0
