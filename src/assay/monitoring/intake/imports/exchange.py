"""A request to a model with its response, or one of the two, as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from assay.domain.time import from_micros
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.imports.options import BadItem

__all__ = [
    "NO_RESPONSE",
    "ROWS_DIFFER",
    "Exchange",
    "check_rows",
    "joined",
    "load",
    "moment_of_millis",
    "packed",
    "records_of",
]

NO_RESPONSE = "no_response"
"""Error type of a request that nothing answered."""

ROWS_DIFFER = "rows_differ"
"""Error type of a request whose response has another number of rows, so that nobody knows whose they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one call of a model says.

    Attributes
    ----------
    model : the model.
    request_id : the platform's name of the call; "" where it has none.
    version : the model's version; "" where nothing names it.
    timestamp : event time, ISO 8601; None for the time of arrival.
    features : the features of each row; None where the request is not here.
    outcomes : the fields of a prediction of each row (:mod:`.outcomes`); None where the response is not here.
    tags : tags of every row.
    latency_ms : milliseconds that the call took.
    error_type : why the model failed.
    whole : whether nothing more is to come; otherwise the other half comes on its own.
    """

    model: str
    request_id: str = ""
    version: str = ""
    timestamp: str | None = None
    features: list[Row] | None = None
    outcomes: list[Row] | None = None
    tags: Row = field(default_factory=dict)
    latency_ms: Any = None
    error_type: str | None = None
    whole: bool = True


def packed(exchange: Exchange) -> bytes:
    """Return the exchange as bytes (JSON, in which NaN is NaN and half a surrogate pair is an escape)."""
    fields = {name: getattr(exchange, name) for name in Exchange.__slots__}
    return json.dumps(fields, separators=(",", ":")).encode()


def load(data: bytes) -> Exchange:
    """Return the exchange that :func:`packed` made the bytes of."""
    return Exchange(**json.loads(data))


def joined(request: Exchange | None, response: Exchange | None) -> Exchange:
    """Return the whole of two halves, whichever came first; of one alone where the other never came.

    The response tells the version before the request does, the request tells the time.
    """
    if request is None:
        assert response is not None  # noqa: S101 - one of the two is there
        return replace(response, whole=True)
    if response is None:
        return replace(request, error_type=NO_RESPONSE, whole=True)
    result = replace(
        request,
        version=response.version or request.version,
        timestamp=request.timestamp or response.timestamp,
        outcomes=response.outcomes,
        tags=response.tags | request.tags,
        latency_ms=response.latency_ms if request.latency_ms is None else request.latency_ms,
        whole=True,
    )
    if len(request.features or ()) != len(response.outcomes or ()):
        return replace(result, outcomes=None, error_type=ROWS_DIFFER)
    return result


def check_rows(features: list[Row] | None, outcomes: list[Row] | None) -> None:
    """Refuse a request and a response, come together, that have not the same number of rows.

    Raises
    ------
    BadItem
        Where they have not.
    """
    if features is not None and outcomes is not None and len(features) != len(outcomes):
        raise BadItem("rows_differ", f"the request has {len(features)} rows, the response {len(outcomes)}")


def records_of(exchange: Exchange) -> list[Row]:
    """Return a record for each row, as :func:`assay.monitoring.intake.records.draft_of_records` takes them.

    The one row of a call has the call's id; of several, each has the id, a colon and its place.
    """
    features, outcomes = exchange.features, exchange.outcomes
    count = len((outcomes if features is None else features) or ())
    common: Row = {}
    if exchange.version:
        common["model_version"] = exchange.version
    if exchange.timestamp is not None:
        common["timestamp"] = exchange.timestamp
    if exchange.latency_ms is not None:
        common["latency_ms"] = exchange.latency_ms
    if exchange.error_type is not None:
        common["error_type"] = exchange.error_type
    if exchange.tags:
        common["tags"] = exchange.tags
    records: list[Row] = []
    for row in range(count):
        record = dict(common)
        if exchange.request_id:
            record["prediction_id"] = exchange.request_id if count == 1 else f"{exchange.request_id}:{row}"
        if features is not None:
            record["features"] = features[row]
        if outcomes is not None:
            record |= outcomes[row]
        records.append(record)
    return records


def moment_of_millis(millis: Any) -> str | None:
    """Return milliseconds since the epoch as ISO 8601; None where they are no time.

    >>> moment_of_millis(1_700_000_000_123)
    '2023-11-14T22:13:20.123000+00:00'
    """
    if (
        isinstance(millis, bool)
        or not isinstance(millis, (int, float))
        or not 0 <= millis < 7_258_118_400_000
    ):
        return None
    return from_micros(int(millis * 1_000)).isoformat()
