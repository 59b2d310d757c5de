"""Requests and responses of the Open Inference Protocol, version 2, together or one by one."""

from __future__ import annotations

from typing import Any

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.exchange import Exchange, check_rows
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.outcomes import outcome_of
from assay.monitoring.intake.imports.payloads import input_rows, output_rows
from assay.monitoring.intake.imports.tensors import Binary

__all__ = ["exchange_of"]


def exchange_of(item: Any, options: ImportOptions, notes: set[str], binary: Binary | None = None) -> Exchange:
    """Return the exchange, or the half of one, that a document is.

    Parameters
    ----------
    item : ``{"request": ..., "response": ...}``, perhaps with a ``timestamp``; or a request alone (it has
        ``inputs``), or a response alone (it has ``outputs``), which are joined by their ``id``.
    options : what the payloads do not say.
    notes : gets what was assumed.
    binary : bytes behind the JSON of a request or response alone.

    Raises
    ------
    BadItem
        Where it is none of these, or lacks an id or a model.
    """
    if not isinstance(item, dict):
        raise BadItem("no_inputs", f"an item must be an object, not {shown(item)}")
    whole = "request" in item or "response" in item
    request = item.get("request") if whole else item if "inputs" in item else None
    response = item.get("response") if whole else item if "outputs" in item else None
    for name, part in (("request", request), ("response", response)):
        if part is not None and not isinstance(part, dict):
            raise BadItem("no_inputs", f"the {name} must be an object, not {shown(part)}")
    if request is None and response is None:
        raise BadItem("no_inputs", "an item must have inputs, outputs, or a request and a response")
    model = options.model or _text("model_name", response, request, item)
    if not model:
        raise BadItem("no_model", "nothing names the model; name it with model=NAME")
    request_id = _text("id", request, response, item)
    if not whole and not request_id:
        raise BadItem("no_id", "a request or a response alone needs an id, by which the two are joined")
    features = None if request is None else input_rows(request, options, binary)
    outcomes = None
    if response is not None:
        outcomes = [outcome_of(row, options, notes) for row in output_rows(response, binary)]
    check_rows(features, outcomes)
    return Exchange(
        model=model,
        request_id=request_id,
        version=options.version or _text("model_version", response, request, item),
        timestamp=_text("timestamp", item) or None,
        features=features,
        outcomes=outcomes,
        whole=whole,
    )


def _text(name: str, *documents: dict[str, Any] | None) -> str:
    """Return the first text of that name; "" where there is none."""
    for document in documents:
        value = None if document is None else document.get(name)
        if isinstance(value, str) and value:
            return value
    return ""
