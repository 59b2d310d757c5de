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
from assay.client.arguments import micros_of, pair_of, settings_of
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
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries
from assay.domain.time import DAY, parse_duration, to_micros
from assay.errors import InvalidInput, NotFound
from assay.monitoring.intake.batch import Intake
from assay.monitoring.service import Service
from assay.ports.monitor import Frame, Moment, Slice
from assay.runtime.embedded_importer import EmbeddedImporter
from assay.runtime.embedded_sink import EmbeddedSink, intake_of
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service, wall_clock

__all__ = ["EmbeddedMonitor"]

_PAGE = 1_000


class EmbeddedMonitor(LoggerMaker, EmbeddedImporter):
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
        """Log predictions; they are stored durably when this returns."""
        layout = Layout(kind=Kind.PREDICTIONS, tags=tags, features=features, probabilities=probabilities)
        return self._store(predictions, layout, model, version, idempotency_key)

    def label(self, *, model: str, labels: Frame, idempotency_key: str | None = None) -> IngestAnswer:
        """Log the truth of predictions; it is stored durably when this returns."""
        return self._store(labels, Layout(kind=Kind.LABELS), model, None, idempotency_key)

    def configure(
        self,
        model: str,
        *,
        task: Task | str | None = None,
        slices: Sequence[str] | None = None,
        **settings: Any,
    ) -> Model:
        """Declare a model's task, the tags to slice by, and other settings; the rest stays as it is."""
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
        """Give the data that current data is compared with, such as the training set's features."""
        layout = Layout(kind=Kind.PREDICTIONS, features=features)
        intakes = [intake for _, intake in self._intakes(frame, layout, model, None, None)]
        table = pa.concat_tables([intake.table for intake in intakes], promote_options="permissive")
        with self._open() as service:
            return service.put_reference(model, table, name=name)

    def erase(
        self, model: str, *, ids: Sequence[str] | None = None, tag: Slice | None = None
    ) -> ErasureAnswer:
        """Erase predictions and their labels: those with `ids`, or all whose tag has that value."""
        with self._open() as service:
            return service.erase(model, ids=list(ids or ()), tag=pair_of("tag", tag))

    # -- reading ----------------------------------------------------------------------------------

    def models(self) -> list[Model]:
        """Return all models, by name."""
        found: list[Model] = []
        with self._current() as service:
            while page := service.models(after=found[-1].model_id if found else "", limit=_PAGE):
                found.extend(page)
        return found

    def model(self, model: str) -> ModelView:
        """Return a model and what is stored about it."""
        with self._current() as service:
            return service.model(model)

    def metrics(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        names: Sequence[str] | None = None,
    ) -> MetricSeries:
        """Return the metrics of a window, or of each `step` of it (such as ``1d``)."""
        with self._current() as service:
            first, last = _window(service, model, period, start, end)
            found = service.metrics(
                model,
                start=first,
                end=last,
                step=None if step is None else parse_duration(step),
                version=version,
                slice=pair_of("slice", slice),
                names=None if names is None else list(names),
            )
            return MetricSeries(found)

    def calibration(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> Calibration:
        """Return the reliability curve, the confusion matrix and the scores' distribution of a window."""
        with self._current() as service:
            first, last = _window(service, model, period, start, end)
            return service.calibration(
                model, start=first, end=last, version=version, slice=pair_of("slice", slice)
            )

    def drift(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        features: Sequence[str] | None = None,
    ) -> DriftSeries:
        """Return how far each feature has moved from the reference, in a window or in each step of it."""
        with self._current() as service:
            first, last = _window(service, model, period, start, end)
            found = service.drift(
                model,
                start=first,
                end=last,
                step=None if step is None else parse_duration(step),
                version=version,
                slice=pair_of("slice", slice),
                features=None if features is None else list(features),
            )
            return DriftSeries(found)

    def feature(
        self,
        model: str,
        feature: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> FeatureView:
        """Return one feature against the reference: both distributions, figures, and what changed."""
        with self._current() as service:
            first, last = _window(service, model, period, start, end)
            return service.feature(
                model,
                feature,
                start=first,
                end=last,
                step=None if step is None else parse_duration(step),
                version=version,
                slice=pair_of("slice", slice),
            )

    def report(self, model: str, *, period: str = "7d", version: str | None = None) -> ModelReport:
        """Return everything about a model over the last `period`."""
        with self._current() as service:
            first, last = _window(service, model, period, None, None)
            return service.report(model, start=first, end=last, version=version)

    def prediction(self, model: str, prediction_id: str) -> PredictionView:
        """Return one prediction with its truth."""
        with self._current() as service:
            return service.prediction(model, prediction_id)

    def predictions(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        limit: int = 100,
        after: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        outcome: str | None = None,
        below_confidence: float | None = None,
        predicted: str | None = None,
        actual: str | None = None,
        contains: str | None = None,
    ) -> PredictionPage:
        """Return the newest predictions of a window that meet all conditions given."""
        only = PredictionFilter(
            version=version,
            slice=pair_of("slice", slice),
            outcome=outcome,
            below_confidence=below_confidence,
            predicted=predicted,
            actual=actual,
            contains=contains,
        )
        with self._current() as service:
            first, last = _window(service, model, period, start, end)
            return service.predictions(model, start=first, end=last, limit=limit, only=only, after=after)

    def rows(
        self,
        model: str,
        *,
        kind: str = "predictions",
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        version: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """Return all raw rows of a window as a stream of Arrow record batches, in no order."""
        first, last = micros_of("start", start), micros_of("end", end)
        with self._current() as service:
            if period is not None:
                first, last = _window(service, model, period, start, end)
            return service.rows(model, kind=kind, start=first, end=last, version=version, columns=columns)

    # -- state ------------------------------------------------------------------------------------

    def health(self) -> ServiceHealth:
        """Return the state of the service and of each of its parts."""
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


def _window(
    service: Service, model: str, period: str | None, start: Moment | None, end: Moment | None
) -> tuple[int, int]:
    """Bounds of a window in microseconds; see :class:`assay.ports.monitor.MonitorReader`."""
    first, last = micros_of("start", start), micros_of("end", end)
    if period is not None and first is not None:
        raise InvalidInput("give a period, or start and end, not both")
    if first is None or last is None:
        view = service.model(model)
        if last is None:
            last = wall_clock() if view.last is None else to_micros(view.last)
        if period is not None:
            first = last - parse_duration(period)
        elif first is None:
            first = last - DAY if view.first is None else to_micros(view.first)
    if first >= last:
        raise InvalidInput("the window is empty: its start is not before its end")
    return first, last
