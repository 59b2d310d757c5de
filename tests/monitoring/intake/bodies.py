"""Bodies of requests for the tests, and the clock that they are read under."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from assay.domain.columns import Kind
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context, Limits
from assay.monitoring.intake.json_body import read_json

NOW = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000


def context(**limits: int) -> Context:
    return Context(now=NOW, limits=Limits(**limits))


def read_predictions(items: Any, **envelope: Any) -> Intake:
    body = json.dumps({"model_id": "m", "predictions": items} | envelope).encode()
    return read_json(Kind.PREDICTIONS, body, context())


def read_labels(items: Any) -> Intake:
    return read_json(Kind.LABELS, json.dumps({"model_id": "m", "labels": items}).encode(), context())


def stream(table: pa.Table, *, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def codes(intake: Intake) -> dict[int, str]:
    return {item.index: item.code for item in intake.rejected}
