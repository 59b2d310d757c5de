"""Lines of SageMaker's data capture and of its ground truth."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from typing import Any

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.exchange import Exchange, check_rows
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.imports.json_items import decode
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.outcomes import outcome_of
from assay.monitoring.intake.imports.payloads import REQUEST_KEYS, RESPONSE_KEYS, input_rows, output_rows

__all__ = ["capture_of", "is_truth", "truth_of"]

_MOST_FIELD = 1 << 20
_LINES = ("/jsonlines", "/jsonl", "ndjson")
"""How content types of JSON lines end."""


def is_truth(item: Any) -> bool:
    """Whether a line holds ground truth rather than a capture."""
    return isinstance(item, dict) and "groundTruthData" in item


def capture_of(item: Any, options: ImportOptions, notes: set[str]) -> Exchange:
    """Return the exchange of a line ``{"captureData": ..., "eventMetadata": ...}``.

    The id is ``inferenceId`` where the caller gave one, else ``eventId``; the time is ``inferenceTime``. A
    line names no model: the options must.

    Raises
    ------
    BadItem
        Where it is no such line, or its data cannot be read.
    """
    captured = item.get("captureData") if isinstance(item, dict) else None
    if not isinstance(captured, dict):
        raise BadItem("no_capture", f"{shown(item)} has neither captureData nor groundTruthData")
    if not options.model:
        raise BadItem("no_model", "captured lines name no model; name it with model=NAME")
    metadata = item.get("eventMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    given, answered = _part(captured, "endpointInput"), _part(captured, "endpointOutput")
    if given is None and answered is None:
        raise BadItem("no_capture", "captureData has neither an endpointInput nor an endpointOutput")
    features = outcomes = None
    if given is not None:
        content = _content(given)
        if isinstance(content, dict) and not any(key in content for key in REQUEST_KEYS):
            content = [content]
        features = input_rows(content, options)
        features = [_features(row, options) for row in features]
    if answered is not None:
        content = _content(answered)
        if isinstance(content, dict) and not any(key in content for key in RESPONSE_KEYS):
            content = [content]
        outcomes = [outcome_of(row, options, notes) for row in output_rows(content)]
    check_rows(features, outcomes)
    return Exchange(
        model=options.model,
        request_id=_id(metadata),
        version=options.version,
        timestamp=metadata.get("inferenceTime"),
        features=features,
        outcomes=outcomes,
    )


def truth_of(item: dict[str, Any]) -> list[Row]:
    """Return the labels of a line ``{"groundTruthData": ..., "eventMetadata": ...}``.

    Raises
    ------
    BadItem
        Where it lacks an id, or its data is not one value a row.
    """
    metadata = item.get("eventMetadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    request_id = _id(metadata)
    if not request_id:
        raise BadItem("missing_id", "the ground truth has no eventId; name the inference that it belongs to")
    truth = item["groundTruthData"]
    if not isinstance(truth, dict):
        raise BadItem("no_capture", f"groundTruthData must be an object, not {shown(truth)}")
    content = _content(truth)
    rows = content if isinstance(content, list) else [content]
    records: list[Row] = []
    for place, row in enumerate(rows):
        value = row
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, (list, dict)):
            raise BadItem("wrong_type", f"the ground truth of a row must be one value, not {shown(value)}")
        record: Row = {
            "prediction_id": request_id if len(rows) == 1 else f"{request_id}:{place}",
            "actual": value,
        }
        if metadata.get("inferenceTime") is not None:
            record["observed_at"] = metadata["inferenceTime"]
        records.append(record)
    return records


def _part(captured: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Return input or output, if it is there."""
    value = captured.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise BadItem("no_capture", f"{name} must be an object, not {shown(value)}")


def _id(metadata: dict[str, Any]) -> str:
    """Return the caller's id of an inference, else the platform's."""
    for name in ("inferenceId", "eventId"):
        value = metadata.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _features(row: Row, options: ImportOptions) -> Row:
    """Return a row of the built-in algorithms, ``{"features": [...]}``, under the given names."""
    names = options.feature_names
    if names and len(row) == len(names) and all(name.startswith("features_") for name in row):
        return dict(zip(names, row.values(), strict=True))
    return row


def _content(part: dict[str, Any]) -> Any:
    """Decode captured data by its encoding, and text in base64 by its content type."""
    data, encoding = part.get("data"), part.get("encoding", "CSV")
    if not isinstance(data, str):
        if encoding == "JSON" and data is not None:
            return data
        raise BadItem("no_capture", f"captured data must be text, not {shown(data)}")
    kind = str(part.get("observedContentType") or "").partition(";")[0].strip().lower()
    if encoding == "BASE64":
        try:
            data = base64.b64decode(data, validate=True).decode()
        except (binascii.Error, ValueError):
            raise BadItem(
                "unreadable",
                f"the data of type {shown(kind)} is no text in base64; capture CSV or JSON "
                "(CaptureContentTypeHeader)",
            ) from None
        encoding = "CSV" if "csv" in kind else "JSON"
    if encoding == "JSON":
        if kind.endswith(_LINES):
            return [decode(line) for line in data.splitlines() if line.strip()]
        return decode(data)
    if encoding == "CSV":
        return _table(data)
    raise BadItem(
        "unreadable", f"the encoding {shown(encoding)} is not known; there are CSV, JSON and BASE64"
    )


def _table(text: str) -> list[list[Any]]:
    """Return the rows of CSV without header; what reads as a number is one, nothing is null."""
    if "\0" in text or len(text) > _MOST_FIELD * 64:
        raise BadItem("unreadable", "the CSV is too long or holds NUL")
    try:
        lines = [line for line in csv.reader(io.StringIO(text), strict=True) if line]
    except csv.Error as error:
        raise BadItem("unreadable", f"the data is no CSV: {error}") from None
    return [[_value(cell) for cell in line] for line in lines]


def _value(cell: str) -> Any:
    """Return a number where the cell is one."""
    text = cell.strip()
    if not text:
        return None
    if len(text) <= 40 and text.isascii() and "_" not in text:
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            pass
    return cell
