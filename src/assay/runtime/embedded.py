"""The monitor in process: the service over a folder, without a server."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from assay.client.answers import joined
from assay.client.arguments import settings_of
from assay.client.batches import Layout, batches
from assay.client.logger.maker import LoggerMaker
from assay.domain.answers import (
    Calibration,
    ErasureAnswer,
    IngestAnswer,
    ModelReport,
    ModelView,
    PredictionView,
    ReferenceView,
    ServiceHealth,
)
from assay.domain.columns import Kind
from assay.domain.drift_history import DriftHistory
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries
from assay.domain.window import Slice, WindowQuery, pair_of
from assay.domain.window_drift import WindowDrift
from assay.errors import InvalidInput, NotFound
from assay.monitoring.intake.batch import Intake
from assay.monitoring.service import Service
from assay.ports.monitor import Frame, Monitor
from assay.runtime.embedded_importer import EmbeddedImporter
from assay.runtime.embedded_sink import EmbeddedSink, intake_of
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service

__all__ = ["EmbeddedMonitor"]

_PAGE = 1_000


class EmbeddedMonitor(LoggerMaker, EmbeddedImporter, Monitor):
    """A monitor over a data folder; see :class:`assay.ports.monitor.Monitor` for what its methods do.

    Several monitors, of this and other processes, may use one folder at the same time.

    Parameters
    ----------
    settings : where the data is, and limits.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._process = os.getpid()
        self._service = build_service(settings)
        # Closes the stores at the end of the process too, before the interpreter takes threads down.
        self._finalizer = weakref.finalize(self, _close, self._service, self._process)

    def __repr__(self) -> str:
        state = "" if self._finalizer.alive else ", closed"
        return f"assay.open({str(self._settings.data_dir)!r}){state}"

    # -- writing ----------------------------------------------------------------------------------

    def log(
        self,
        *,
        model: str,
        predictions: Frame,
        version: str | None = None,
        tags: Sequence[str] = (),
        features: Sequence[str] | None = None,
        probabilities: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> IngestAnswer:
        layout = Layout(kind=Kind.PREDICTIONS, tags=tags, features=features, probabilities=probabilities)
        return self._store(predictions, layout, model, version, idempotency_key)

    def label(self, *, model: str, labels: Frame, idempotency_key: str | None = None) -> IngestAnswer:
        return self._store(labels, Layout(kind=Kind.LABELS), model, None, idempotency_key)

    def configure(
        self,
        model: str,
        *,
        task: Task | str | None = None,
        slices: Sequence[str] | None = None,
        **settings: Any,
    ) -> Model:
        changes = settings_of(settings if slices is None else {**settings, "slices": slices})
        with self._open() as service:
            try:
                known = service.model(model).model.settings
            except NotFound:
                known = ModelSettings()
            return service.put_model(
                model,
                task=None if task is None else Task.parse(task),
                settings=replace(known, **changes) if changes else None,
            )

    def set_reference(
        self, model: str, frame: Frame, *, name: str = "", features: Sequence[str] | None = None
    ) -> ReferenceView:
        layout = Layout(kind=Kind.PREDICTIONS, features=features)
        intakes = [intake for _, intake in self._intakes(frame, layout, model, None, None)]
        table = pa.concat_tables([intake.table for intake in intakes], promote_options="permissive")
        with self._open() as service:
            return service.put_reference(model, table, name=name)

    def erase(
        self, model: str, *, ids: Sequence[str] | None = None, tag: Slice | None = None
    ) -> ErasureAnswer:
        with self._open() as service:
            return service.erase(model, ids=list(ids or ()), tag=pair_of("tag", tag))

    # -- reading ----------------------------------------------------------------------------------

    def models(self) -> list[Model]:
        found: list[Model] = []
        with self._current() as service:
            while page := service.models(after=found[-1].model_id if found else "", limit=_PAGE):
                found.extend(page)
        return found

    def model(self, model: str) -> ModelView:
        with self._current() as service:
            return service.model(model)

    def _metrics(self, model: str, window: WindowQuery, names: Sequence[str] | None) -> MetricSeries:
        with self._current() as service:
            return MetricSeries(service.metrics(model, window, names=names))

    def _calibration(self, model: str, window: WindowQuery) -> Calibration:
        with self._current() as service:
            return service.calibration(model, window)

    def _drift(self, model: str, window: WindowQuery, features: Sequence[str] | None) -> DriftSeries:
        with self._current() as service:
            return DriftSeries(service.drift(model, window, features=features))

    def _drift_report(self, model: str, window: WindowQuery) -> WindowDrift:
        with self._current() as service:
            return service.drift_report(model, window)

    def _drift_history(self, model: str, window: WindowQuery) -> DriftHistory:
        with self._current() as service:
            return service.drift_history(model, window)

    def _feature(self, model: str, feature: str, window: WindowQuery) -> FeatureView:
        with self._current() as service:
            return service.feature(model, feature, window)

    def _estimate(self, model: str, window: WindowQuery) -> PerformanceEstimate:
        with self._current() as service:
            return service.estimate(model, window)

    def _report(self, model: str, window: WindowQuery) -> ModelReport:
        with self._current() as service:
            return service.report(model, window)

    def prediction(self, model: str, prediction_id: str) -> PredictionView:
        with self._current() as service:
            return service.prediction(model, prediction_id)

    def _predictions(
        self, model: str, window: WindowQuery, only: PredictionFilter, *, limit: int, after: str | None
    ) -> PredictionPage:
        with self._current() as service:
            return service.predictions(model, window, limit=limit, only=only, after=after)

    def _rows(
        self, model: str, window: WindowQuery, *, kind: str, columns: Sequence[str] | None
    ) -> pa.RecordBatchReader:
        with self._current() as service:
            return service.rows(model, window, kind=kind, columns=columns)

    # -- state ------------------------------------------------------------------------------------

    def health(self) -> ServiceHealth:
        with self._open() as service:
            return service.health()

    def close(self) -> None:
        """Commit what is queued, by loggers too, and close the stores. Closing twice is no error."""
        self.close_loggers()
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _open(self) -> Iterator[Service]:
        """Give the service, unless it was closed."""
        if not self._finalizer.alive:
            raise InvalidInput("this monitor was closed; open it again with assay.open()")
        if self._process != os.getpid():
            raise InvalidInput("this monitor is that of a parent process; open one of its own here")
        yield self._service

    @contextmanager
    def _current(self) -> Iterator[Service]:
        """Give the service once its profiles hold everything acknowledged so far."""
        with self._open() as service:
            service.catch_up()
            yield service

    def _store(
        self, data: Frame, layout: Layout, model: str, version: str | None, key: str | None
    ) -> IngestAnswer:
        """Store all batches of a call; they share commits."""
        with self._open() as service:
            queued = [
                (first, service.submit(intake))
                for first, intake in self._intakes(data, layout, model, version, key)
            ]
            return joined([(first, future.result()) for first, future in queued])

    def _intakes(
        self, data: Frame, layout: Layout, model: str, version: str | None, key: str | None
    ) -> Iterator[tuple[int, Intake]]:
        """Judge the batches of a call, each with the place of its first row."""
        for batch in batches(data, layout, model=model, version=version):
            yield batch.first, intake_of(layout.kind, batch, None if key is None else f"{key}/{batch.first}")

    def sink(self) -> EmbeddedSink:
        """Open what loggers deliver to; the child of a fork has stores of its own."""
        if self._process == os.getpid():
            return EmbeddedSink(self._store_one, lambda: None)
        child = EmbeddedMonitor(self._settings)
        return EmbeddedSink(child._store_one, child.close)

    def _store_one(self, intake: Intake) -> IngestAnswer:
        with self._open() as service:
            return service.submit(intake).result()


def _close(service: Service, process: int) -> None:
    """Close the stores, unless they are those of a parent."""
    if process == os.getpid():
        service.close()
