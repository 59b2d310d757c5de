"""Payloads of MLflow's model server, and rows of the inference tables that log them."""

from __future__ import annotations

from typing import Any

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.exchange import Exchange, check_rows, moment_of_millis
from assay.monitoring.intake.imports.json_items import decode
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.outcomes import outcome_of
from assay.monitoring.intake.imports.payloads import input_rows, output_rows

__all__ = ["exchange_of"]

_IDS = ("client_request_id", "databricks_request_id", "request_id", "id")
_LATENCIES = ("execution_time_ms", "execution_duration_ms")


def exchange_of(item: Any, options: ImportOptions, notes: set[str]) -> Exchange:
    """Return the exchange of a document with ``request`` and ``response``, each an object or its JSON.

    Read besides: an id (``client_request_id``, ``databricks_request_id``, ``request_id`` or ``id``), the
    time (``timestamp_ms``, ``request_time`` or ``timestamp``), the latency (``execution_time_ms`` or
    ``execution_duration_ms``), the version (``request_metadata.model_version`` or ``served_entity_id``), the
    model (``request_metadata.model_name``), and ``status_code``: of one that is no success the error is told.

    Raises
    ------
    BadItem
        Where it is no such document, or names no model.
    """
    if not isinstance(item, dict) or "request" not in item:
        raise BadItem("no_inputs", f"{shown(item)} has no request; give each request with its response")
    metadata = _content("request_metadata", item.get("request_metadata"))
    metadata = metadata if isinstance(metadata, dict) else {}
    model = options.model or _text(metadata, "model_name") or _text(item, "model_name")
    if not model:
        raise BadItem("no_model", "nothing names the model; name it with model=NAME")
    request = _content("request", item["request"])
    features = None if request is None else input_rows(request, options)
    status = item.get("status_code")
    failed = type(status) is int and not 200 <= status < 300
    outcomes = None
    if not failed:
        response = _content("response", item.get("response"))
        if response is None and features is None:
            raise BadItem("no_outputs", "the item has neither request nor response")
        if response is not None:
            outcomes = [outcome_of(row, options, notes) for row in output_rows(response)]
    check_rows(features, outcomes)
    given = request.get("client_request_id") if isinstance(request, dict) else None
    request_id = next((text for name in _IDS if (text := _text(item, name))), "")
    if not request_id and isinstance(given, str):
        request_id = given
    latency = next((item[name] for name in _LATENCIES if item.get(name) is not None), None)
    return Exchange(
        model=model,
        request_id=request_id,
        version=options.version
        or _text(metadata, "model_version")
        or _text(item, "model_version")
        or _text(item, "served_entity_id"),
        timestamp=_time(item),
        features=features,
        outcomes=outcomes,
        latency_ms=latency if isinstance(latency, (int, float)) else None,
        error_type=f"HTTP {status}" if failed else None,
    )


def _content(name: str, value: Any) -> Any:
    """Return an object, or the one whose JSON a text is."""
    if isinstance(value, str):
        try:
            return decode(value)
        except BadItem as error:
            raise BadItem("unreadable", f"the {name} is no JSON: {error.message}") from None
    return value


def _time(item: dict[str, Any]) -> str | None:
    """Return the event time, as ISO 8601."""
    millis = item.get("timestamp_ms")
    if millis is not None:
        moment = moment_of_millis(millis)
        if moment is None:
            raise BadItem("bad_timestamp", f"timestamp_ms is {shown(millis)}, no milliseconds since 1970")
        return moment
    return _text(item, "request_time") or _text(item, "timestamp") or None


def _text(document: dict[str, Any], name: str) -> str:
    """Return the text of that name; "" where there is none."""
    value = document.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return value if isinstance(value, str) else ""
