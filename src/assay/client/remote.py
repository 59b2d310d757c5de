"""The monitor behind an address: the same methods, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec
import pyarrow as pa

from assay.client.answers import calibration_of, joined, read, window_drift_of
from assay.client.arguments import settings_of
from assay.client.batches import Batch, Layout, batches
from assay.client.imports import RemoteImporter
from assay.client.logger.maker import LoggerMaker
from assay.client.logger.sink import RemoteSink
from assay.client.row_stream import row_stream
from assay.client.transport import Retry, Transport
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
from assay.domain.columns import Kind
from assay.domain.drift_history import DriftHistory
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model, Task
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries
from assay.domain.window import Slice, WindowQuery, pair_of
from assay.domain.window_drift import WindowDrift
from assay.ports.monitor import Frame, Monitor

__all__ = ["RemoteMonitor"]


class RemoteMonitor(LoggerMaker, RemoteImporter, Monitor):
    """A monitor behind an address; see :class:`assay.ports.monitor.Monitor` for what its methods do.

    Parameters
    ----------
    url, timeout, retry, compress, api_key, transport : see :class:`assay.client.transport.Transport`.
    wait : seconds that a reading call waits at most until everything acknowledged before is in its answer.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        retry: Retry | None = None,
        compress: bool | None = None,
        api_key: str | None = None,
        wait: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__()
        self._wait = min(wait, timeout)
        self._transport = Transport(
            url, timeout=timeout, retry=retry, compress=compress, api_key=api_key, transport=transport
        )

    def __repr__(self) -> str:
        return f"assay.open({self._transport.url!r})"

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
        return self._send(batches(predictions, layout, model=model, version=version), layout, idempotency_key)

    def label(self, *, model: str, labels: Frame, idempotency_key: str | None = None) -> IngestAnswer:
        layout = Layout(kind=Kind.LABELS)
        return self._send(batches(labels, layout, model=model), layout, idempotency_key)

    def configure(
        self,
        model: str,
        *,
        task: Task | str | None = None,
        slices: Sequence[str] | None = None,
        **settings: Any,
    ) -> Model:
        changes = settings_of(settings if slices is None else {**settings, "slices": slices})
        document: dict[str, Any] = {"settings": changes} if changes else {}
        if task is not None:
            document["task"] = Task.parse(task).value
        return read(self._transport.put(_path(model), document), Model)

    def set_reference(
        self, model: str, frame: Frame, *, name: str = "", features: Sequence[str] | None = None
    ) -> ReferenceView:
        layout = Layout(kind=Kind.PREDICTIONS, features=features)
        (batch,) = batches(frame, layout, model=model, whole=True)
        answer = self._transport.send(
            _path(model, "references"),
            batch.body,
            content_type=batch.content_type,
            params={"name": name or None},
        )
        return read(answer, ReferenceView)

    def erase(
        self, model: str, *, ids: Sequence[str] | None = None, tag: Slice | None = None
    ) -> ErasureAnswer:
        pair = pair_of("tag", tag)
        document: dict[str, Any] = {"ids": list(ids or ())}
        if pair is not None:
            document["tag"] = {"key": pair[0], "value": pair[1]}
        return read(self._transport.post(_path(model, "erasures"), document), ErasureAnswer)

    # -- reading ----------------------------------------------------------------------------------

    def models(self) -> list[Model]:
        found: list[Model] = []
        while page := read(
            self._get("/api/v1/models", after=found[-1].model_id if found else None)["models"],
            list[Model],
        ):
            found.extend(page)
        return found

    def model(self, model: str) -> ModelView:
        return read(self._get(_path(model)), ModelView)

    def _metrics(self, model: str, window: WindowQuery, names: Sequence[str] | None) -> MetricSeries:
        document = self._get(
            _path(model, "metrics"), **_query(window), metrics=None if names is None else ",".join(names)
        )
        return MetricSeries(read(document["windows"], list[MetricWindow]))

    def _calibration(self, model: str, window: WindowQuery) -> Calibration:
        return calibration_of(self._get(_path(model, "calibration"), **_query(window)))

    def _drift(self, model: str, window: WindowQuery, features: Sequence[str] | None) -> DriftSeries:
        document = self._get(
            _path(model, "drift"),
            **_query(window),
            features=None if features is None else ",".join(features),
        )
        return DriftSeries(read(document["windows"], list[DriftWindow]))

    def _drift_report(self, model: str, window: WindowQuery) -> WindowDrift:
        return window_drift_of(self._get(_path(model, "drift-report"), **_query(window)))

    def _drift_history(self, model: str, window: WindowQuery) -> DriftHistory:
        return read(self._get(_path(model, "drift-history"), **_query(window)), DriftHistory)

    def _feature(self, model: str, feature: str, window: WindowQuery) -> FeatureView:
        path = _path(model, "features") + "/" + _segment(feature)
        return read(self._get(path, **_query(window)), FeatureView)

    def _estimate(self, model: str, window: WindowQuery) -> PerformanceEstimate:
        return read(self._get(_path(model, "estimate"), **_query(window)), PerformanceEstimate)

    def _report(self, model: str, window: WindowQuery) -> ModelReport:
        return read(self._get(_path(model, "report"), **_query(window)), ModelReport)

    def prediction(self, model: str, prediction_id: str) -> PredictionView:
        return read(self._get(_path(model, "predictions") + "/" + _segment(prediction_id)), PredictionView)

    def _predictions(
        self, model: str, window: WindowQuery, only: PredictionFilter, *, limit: int, after: str | None
    ) -> PredictionPage:
        conditions = asdict(only) | {"slice": None if only.slice is None else ":".join(only.slice)}
        document = self._get(
            _path(model, "predictions"), **_query(window) | conditions, limit=limit, after=after
        )
        return read(document, PredictionPage)

    def _rows(
        self, model: str, window: WindowQuery, *, kind: str, columns: Sequence[str] | None
    ) -> pa.RecordBatchReader:
        return row_stream(
            self._transport,
            _path(model, "rows"),
            kind=kind,
            **_query(window),
            columns=None if columns is None else list(columns),
            wait=self._wait,
        )

    # -- state ------------------------------------------------------------------------------------

    def health(self) -> ServiceHealth:
        accept = frozenset({int(HTTPStatus.SERVICE_UNAVAILABLE)})
        answer = self._transport.request("GET", "/ready", accept=accept)
        return read(msgspec.json.decode(answer.content), ServiceHealth)

    def close(self) -> None:
        """Deliver what loggers have queued and close all connections. Closing twice is no error."""
        self.close_loggers()
        self._transport.close()

    def sink(self) -> RemoteSink:
        """Open what loggers deliver to; it is theirs."""
        return RemoteSink(self._transport.once())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _get(self, path: str, **params: Any) -> Any:
        """Read something; the server first works up what it has acknowledged."""
        return self._transport.get(path, wait=self._wait, **params)

    def _send(self, parts: Any, layout: Layout, key: str | None) -> IngestAnswer:
        """Send the batches of a call one after the other, so that their order is kept."""
        key = key or str(uuid4())
        answers = [(batch.first, self._send_one(batch, layout, f"{key}/{batch.first}")) for batch in parts]
        return joined(answers)

    def _send_one(self, batch: Batch, layout: Layout, key: str) -> IngestAnswer:
        document = self._transport.send(
            f"/api/v1/{layout.kind.value}",
            batch.body,
            content_type=batch.content_type,
            idempotency_key=key,
        )
        return read(document, IngestAnswer)


def _segment(name: str) -> str:
    """One segment of a path; dots alone would be taken for a step up."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def _path(model: str, part: str = "") -> str:
    """Path of a model, or of something that belongs to it."""
    return f"/api/v1/models/{_segment(model)}" + (f"/{part}" if part else "")


def _query(window: WindowQuery) -> dict[str, str]:
    """Return a window as query parameters."""
    given = window.arguments()
    return given if window.slice is None else given | {"slice": ":".join(window.slice)}
