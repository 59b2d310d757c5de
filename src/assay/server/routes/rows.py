"""Raw rows as a stream."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Iterator
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from assay.errors import StorageUnavailable
from assay.monitoring.service import Service
from assay.server.query import ModelName, Window

__all__ = ["router"]

_ARROW = "application/vnd.apache.arrow.stream"
_AT_ONCE = 4
"""Streams at once: each holds some hundred megabytes and a thread while somebody reads it."""


class _RowsQuery(Window):
    """Which rows."""

    kind: Literal["predictions", "labels", "joined"] = Field(
        default="predictions",
        description="Predictions, labels, or predictions with the truth that counts for them.",
    )
    version: str | None = Field(default=None, description="One version; absent: all together.")
    columns: list[str] | None = Field(
        default=None,
        description="A column to return, such as feature.amount; may come several times. Absent: all.",
    )


def router(service: Service) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/api/v1/models/{model_id}", tags=["predictions"])
    free = threading.BoundedSemaphore(_AT_ONCE)

    @routes.get(
        "/rows",
        summary="All raw rows of a window, as a stream of Arrow batches",
        description=(
            "In no order, with the columns' names as they are logged. Without a window it is everything; "
            "the time of labels is their `observed_at`."
        ),
        response_class=StreamingResponse,
        responses={200: {"content": {_ARROW: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def rows(model_id: ModelName, query: Annotated[_RowsQuery, Query()]) -> StreamingResponse:
        window = query.asked()
        if query.wait:
            service.catch_up(timeout=query.wait)
        if not free.acquire(blocking=False):
            raise StorageUnavailable(f"{_AT_ONCE} streams of rows are being read already; ask again later")
        try:
            reader = service.rows(model_id, window, kind=query.kind, columns=query.columns)
        except BaseException:
            free.release()
            raise
        body = _stream(reader, free)
        # Once it has begun, its end is certain to come, also where the client has gone meanwhile.
        return StreamingResponse(itertools.chain([next(body)], body), media_type=_ARROW)

    return routes


def _stream(reader: pa.RecordBatchReader, permit: threading.BoundedSemaphore) -> Iterator[bytes]:
    """Write an Arrow stream piece by piece, as it is read."""
    try:
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, reader.schema) as writer:
            yield _taken(sink)
            for batch in reader:
                writer.write_batch(batch)
                yield _taken(sink)
        yield _taken(sink)
    finally:
        permit.release()


def _taken(sink: io.BytesIO) -> bytes:
    """Return what was written, and empty the sink."""
    written = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return written
