"""OpenAPI of the hot path, which is not the framework's: bodies, parameters and answers, exactly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, Kind
from assay.monitoring.intake.assemble import LABEL_INPUTS, PREDICTION_INPUTS

__all__ = ["ingest_paths", "problem_response", "reference_body"]

_ARROW = "application/vnd.apache.arrow.stream"
_NUMBER = {"type": ["number", "null"]}
_TEXT = {"type": ["string", "null"]}
_NAME = {"type": ["string", "integer", "null"]}
_CLASS = {"type": ["string", "number", "boolean", "null"]}
_VALUE = {"type": ["string", "number", "boolean", "null"]}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_DESCRIPTIONS = {
    "prediction_id": "The caller's name of the prediction; without it a UUID, version 7, is made.",
    "model_version": "The version that made the prediction; without it the request's.",
    "timestamp": "Event time, ISO 8601; without a zone UTC, without a time the time of arrival.",
    "prediction": "A number, or the predicted class.",
    "score": "Probability of the positive class.",
    "latency_ms": "Milliseconds that the prediction took.",
    "error_type": "Why the model failed; there is no prediction then.",
    "actual": "The truth: a number, or the class.",
    "observed_at": "When the truth was seen, ISO 8601; of several labels the last observed counts.",
}


def _field(name: str, type_: pa.DataType) -> dict[str, Any]:
    """Schema of one fixed field."""
    if name in ("prediction", "actual"):
        schema: dict[str, Any] = dict(_CLASS)
    elif name in ("prediction_id", "model_version"):
        schema = dict(_NAME)
    elif name in ("action_discretized", "fold_id"):
        schema = dict(_CLASS)
    elif name in ("timestamp", "observed_at"):
        schema = dict(_TIME)
    elif type_ == pa.string():
        schema = dict(_NAME)
    else:
        schema = dict(_NUMBER)
    if name in _DESCRIPTIONS:
        schema["description"] = _DESCRIPTIONS[name]
    return schema


def _groups(value: Any) -> dict[str, Any]:
    """Schemas of features, tags and probabilities, each of `value`'s shape."""
    return {
        "features": {
            "type": "object",
            "additionalProperties": value(_VALUE),
            "description": "Inputs of the model, by name.",
        },
        "tags": {
            "type": "object",
            "additionalProperties": value(_CLASS),
            "description": "For slicing only, by name.",
        },
        "probabilities": {
            "type": "object",
            "additionalProperties": value(_NUMBER),
            "description": "Probability of each class, by class.",
        },
    }


def _item(kind: Kind) -> dict[str, Any]:
    """Schema of one prediction or label."""
    fields = PREDICTION_FIELDS if kind is Kind.PREDICTIONS else LABEL_FIELDS
    inputs = PREDICTION_INPUTS if kind is Kind.PREDICTIONS else LABEL_INPUTS
    properties = {name: _field(name, type_) for name, type_ in fields.items() if name in inputs}
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if kind is Kind.PREDICTIONS:
        for name, group in _groups(lambda value: value).items():
            properties[name] = group | {"type": ["object", "null"]}
    else:
        schema["required"] = ["prediction_id"]
        properties["prediction_id"] = {"type": ["string", "integer"]}
    return schema


def _columns(kind: Kind) -> dict[str, Any]:
    """Schema of the columns of predictions or labels."""
    fields = PREDICTION_FIELDS if kind is Kind.PREDICTIONS else LABEL_FIELDS
    inputs = PREDICTION_INPUTS if kind is Kind.PREDICTIONS else LABEL_INPUTS
    properties: dict[str, Any] = {
        name: {"type": "array", "items": _field(name, type_)}
        for name, type_ in fields.items()
        if name in inputs
    }
    if kind is Kind.PREDICTIONS:
        properties |= _groups(lambda value: {"type": "array", "items": value})
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _envelope(kind: Kind, *, named: bool) -> dict[str, Any]:
    """Schema of the whole JSON body; `named` where it must name the model itself."""
    model: dict[str, Any] = {
        "model_id": {"type": "string" if named else ["string", "null"], "description": "The model."},
        "model_version": {"type": ["string", "null"]},
    }
    required = ["model_id"] if named else []
    records = {"type": "array", "items": _item(kind)}
    return {
        "oneOf": [
            {
                "type": "object",
                "additionalProperties": False,
                "required": [*required, kind.value],
                "properties": model | {kind.value: records},
            },
            {
                "type": "object",
                "additionalProperties": False,
                "required": [*required, "columns"],
                "properties": model | {"columns": _columns(kind)},
            },
        ]
    }


def _body(kind: Kind, *, named: bool) -> dict[str, Any]:
    """Request body of either media type."""
    example = (
        {
            "model_id": "fraud",
            "model_version": "v2.1",
            "predictions": [
                {
                    "prediction_id": "p-1",
                    "timestamp": "2026-01-31T12:00:00Z",
                    "features": {"amount": 12.5, "country": "DE"},
                    "prediction": 1,
                    "score": 0.87,
                    "latency_ms": 3.2,
                    "tags": {"region": "eu"},
                }
            ],
        }
        if kind is Kind.PREDICTIONS
        else {"model_id": "fraud", "labels": [{"prediction_id": "p-1", "actual": 0}]}
    )
    return {
        "required": True,
        "content": {
            "application/json": {"schema": _envelope(kind, named=named), "example": example},
            _ARROW: {
                "schema": {
                    "type": "string",
                    "contentMediaType": _ARROW,
                    "description": "Arrow IPC stream. Fixed fields are columns of their names; features, "
                    "tags and probabilities are struct columns, or flat columns feature.<name>, tag.<name>, "
                    "probability.<name>; any other column of predictions is a feature. The model is named by "
                    "the parameter or by the schema's metadata.",
                }
            },
        },
    }


def reference_body() -> dict[str, Any]:
    """Request body of POST /api/v1/models/{model_id}/references."""
    return _body(Kind.PREDICTIONS, named=False)


def problem_response(description: str) -> dict[str, Any]:
    """Return an answer that is a problem."""
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }


_PROBLEMS = {
    "400": "The body is not JSON, Arrow, gzip or zstd as it says.",
    "408": "The body stopped coming.",
    "409": "The Idempotency-Key came before with another body.",
    "411": "The request has no body.",
    "413": "The body, its content after decompression, or its number of items or columns is over the limit.",
    "415": "Content-Type or Content-Encoding is not understood.",
    "422": "The body has another shape, or not one of its items can be used (`rejected` lists them).",
    "503": "The store does not answer, or too much is being handled; send it again after Retry-After.",
    "507": "The disk is full; nothing was stored.",
}


def _operation(kind: Kind) -> dict[str, Any]:
    """Description of one of the two routes."""

    def query(name: str, description: str, type_: str) -> dict[str, Any]:
        return {
            "name": name,
            "in": "query",
            "required": False,
            "description": description,
            "schema": {"type": type_},
        }

    return {
        "tags": ["ingest"],
        "summary": f"Log {kind.value}",
        "description": "Answers once the good items are stored durably. Bad items are answered one by one "
        "and do not hinder the good ones. The body may be compressed (Content-Encoding gzip or zstd).",
        "operationId": f"post_{kind.value}",
        "parameters": [
            query("model_id", "The model, for Arrow streams.", "string"),
            query("model_version", "The version, for Arrow streams.", "string"),
            query("return_ids", "Return the id of each item.", "boolean"),
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A key of your choice; the same request sent again under it is stored once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 512},
            },
        ],
        "requestBody": _body(kind, named=True),
        "responses": {
            "200": {
                "description": "At least one item is stored now or was before.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/IngestDocument"}}},
            },
            **{status: problem_response(description) for status, description in _PROBLEMS.items()},
        },
    }


def ingest_paths() -> dict[str, Any]:
    """Path items of both routes."""
    return {f"/api/v1/{kind.value}": {"post": _operation(kind)} for kind in (Kind.PREDICTIONS, Kind.LABELS)}
