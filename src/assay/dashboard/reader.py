"""The use cases that pages need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.domain.answers import Calibration, DriftWindow, MetricWindow, ModelView
from assay.domain.drift_history import DriftMoment
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.prediction_view import PredictionView
from assay.domain.window import EVERYTHING, WindowQuery
from assay.domain.window_drift import WindowDrift

__all__ = ["PageReader", "Reader"]


class Reader(Protocol):
    """The use cases that pages need; :class:`assay.monitoring.service.Service` has them all."""

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models after the name `after`, in order of their names."""
        ...

    def model(self, model_id: str) -> ModelView:
        """Return what is stored about a model; NotFound where there is none."""
        ...

    def metrics(self, model_id: str, window: WindowQuery) -> list[MetricWindow]:
        """Metrics of a window, or of each step of it."""
        ...

    def calibration(self, model_id: str, window: WindowQuery) -> Calibration:
        """Reliability, confusion and scores of a window."""
        ...

    def drift(
        self, model_id: str, window: WindowQuery, *, features: Sequence[str] | None = None
    ) -> list[DriftWindow]:
        """Drift of a window, or of each step of it."""
        ...

    def drift_report(self, model_id: str, window: WindowQuery) -> WindowDrift:
        """Whether a window has drifted; NotFound where there is no reference."""
        ...

    def feature(self, model_id: str, feature: str, window: WindowQuery) -> FeatureView:
        """One feature against the reference; NotFound where it is not known."""
        ...

    def closed_verdicts(self, model_id: str, window: WindowQuery) -> list[WindowDrift]:
        """Verdicts that are kept, on the closed steps (days or hours) of a window."""
        ...

    def newest_drift(self, models: Sequence[str]) -> dict[str, DriftMoment]:
        """Verdicts on the newest closed day of some models, where there are any."""
        ...

    def estimate(self, model_id: str, window: WindowQuery) -> PerformanceEstimate:
        """Performance of a window without its labels, or of each step of it."""
        ...

    def revision(self, model_id: str) -> int:
        """Return a number that grows whenever the model's profiles change."""
        ...

    def position(self) -> int:
        """Return a number that grows whenever any model or its profiles change."""
        ...


class PageReader(Reader, Protocol):
    """What all pages together need: the same, and single predictions."""

    def prediction(self, model_id: str, prediction_id: str) -> PredictionView:
        """Return one prediction; NotFound where there is none."""
        ...

    def predictions(
        self,
        model_id: str,
        window: WindowQuery = EVERYTHING,
        *,
        limit: int = 100,
        only: PredictionFilter | None = None,
        after: str | None = None,
        seconds: float = 5.0,
        features: bool = True,
    ) -> PredictionPage:
        """Return the newest predictions that meet conditions."""
        ...
