"""The use cases as one object: what the server, the embedded monitor and the command line call."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol

import pyarrow as pa

from assay.domain.answers import (
    Calibration,
    DriftWindow,
    ErasureAnswer,
    IngestAnswer,
    MetricWindow,
    ModelReport,
    ModelView,
    PredictionView,
    ReferenceView,
    ServiceHealth,
)
from assay.domain.model import Model, ModelSettings, Task
from assay.monitoring.intake.batch import Intake

__all__ = ["MonitoringService"]


class MonitoringService(Protocol):
    """Draft of the interface that others code against; `Service` implements it."""

    # -- writing ---------------------------------------------------------------------------------
    def submit(self, intake: Intake) -> Future[IngestAnswer]: ...  # group commit; done after fsync
    def erase(
        self, model_id: str, *, ids: list[str] = ..., tag: tuple[str, str] | None = None
    ) -> ErasureAnswer: ...
    def put_model(
        self, model_id: str, *, task: Task | None = None, settings: ModelSettings | None = None
    ) -> Model: ...
    def put_reference(self, model_id: str, table: pa.Table, *, name: str = "") -> ReferenceView: ...
    # -- reading (times: int64 µs, end exclusive) -------------------------------------------------
    def catch_up(
        self, *, timeout: float | None = None
    ) -> bool: ...  # until everything acknowledged is in the profiles
    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]: ...
    def model(self, model_id: str) -> ModelView: ...  # NotFound
    def references(self, model_id: str) -> list[ReferenceView]: ...
    def metrics(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        step: int | None = None,
        version: str | None = None,
        slice: tuple[str, str] | None = None,
        names: list[str] | None = None,
    ) -> list[MetricWindow]: ...  # step None: one window over all
    def calibration(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        version: str | None = None,
        slice: tuple[str, str] | None = None,
        bins: int = 10,
    ) -> Calibration: ...
    def drift(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        step: int | None = None,
        version: str | None = None,
        slice: tuple[str, str] | None = None,
        features: list[str] | None = None,
    ) -> list[DriftWindow]: ...
    def report(
        self, model_id: str, *, start: int, end: int, step: int | None = None, version: str | None = None
    ) -> ModelReport: ...
    def prediction(self, model_id: str, prediction_id: str) -> PredictionView: ...  # NotFound
    def predictions(
        self, model_id: str, *, start: int | None = None, end: int | None = None, limit: int = 100
    ) -> list[PredictionView]: ...
    def put_analysis(self, analysis_id: str, model_id: str, *, kind: str, payload: bytes) -> None: ...
    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None: ...
    # -- state -----------------------------------------------------------------------------------
    def health(self) -> ServiceHealth: ...
    def figures(
        self,
    ) -> dict[
        str, float
    ]: ...  # counters and gauges for /metrics: lag rows/seconds, acknowledged, seconds spent per stage
    def revision(
        self, model_id: str
    ) -> int: ...  # grows whenever the model's stored profiles change (live updates)
    def close(self) -> None: ...


_ = Any
