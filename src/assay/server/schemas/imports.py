"""OpenAPI of imports: the bodies, which are other people's."""

from __future__ import annotations

from typing import Any

from assay.monitoring.intake.imports.reading import MEDIA_TYPES
from assay.server.schemas.ingest import problem_response

__all__ = ["import_body", "import_problems"]

_ABOUT = {
    "application/json": "One payload, or a list of them.",
    "application/jsonlines": "One payload a line.",
    "application/jsonl": "One payload a line.",
    "application/x-ndjson": "One payload a line.",
    "application/cloudevents+json": "One event of KServe's logger, in structured mode.",
    "application/cloudevents-batch+json": "A list of events.",
    "application/octet-stream": "A request or a response of the Open Inference Protocol with binary tensors; "
    "the header Inference-Header-Content-Length has the number of bytes of its JSON.",
}
_EXAMPLE = {
    "request": {
        "id": "p-1",
        "inputs": [{"name": "amount", "shape": [1], "datatype": "FP64", "data": [12.5]}],
    },
    "response": {
        "id": "p-1",
        "model_name": "fraud",
        "model_version": "3",
        "outputs": [{"name": "predict", "shape": [1], "datatype": "INT64", "data": [1]}],
    },
}
_PROBLEMS = {
    400: "Nothing of the body can be read.",
    408: "The body stopped coming.",
    409: "The Idempotency-Key came before with another body.",
    411: "The request has no body.",
    413: "The body, its content after decompression, or its number of items is over the limit.",
    415: "Content-Type or Content-Encoding is not understood.",
    507: "The disk is full; nothing was stored.",
}


def import_body() -> dict[str, Any]:
    """Request body of POST /api/v1/import/{format}."""
    content: dict[str, Any] = {media: {"schema": {"description": _ABOUT[media]}} for media in MEDIA_TYPES}
    content["application/json"]["example"] = _EXAMPLE
    return {
        "required": True,
        "description": "What KServe's logger, SageMaker's data capture, MLflow's server or a server of the "
        "Open Inference Protocol writes. An event in the binary mode of CloudEvents (headers ce-...) has "
        "any type.",
        "content": content,
    }


def import_problems() -> dict[int | str, dict[str, Any]]:
    """Answers that are problems."""
    return {status: problem_response(description) for status, description in _PROBLEMS.items()}
