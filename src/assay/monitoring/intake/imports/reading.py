"""The body of an import becomes exchanges and labels, item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.domain.answers import Rejected
from assay.errors import TooLarge
from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.faults import LISTED
from assay.monitoring.intake.imports import cloud_events, kserve, mlflow, open_inference, sagemaker
from assay.monitoring.intake.imports.exchange import Exchange
from assay.monitoring.intake.imports.flat import Row
from assay.monitoring.intake.imports.json_items import items_of, leading_object
from assay.monitoring.intake.imports.options import BadItem, ImportOptions, check_format
from assay.monitoring.intake.imports.tensors import Binary

__all__ = ["MEDIA_TYPES", "Payload", "Reading", "read_import"]

MEDIA_TYPES = (
    "application/json",
    "application/jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    cloud_events.STRUCTURED,
    cloud_events.BATCH,
    "application/octet-stream",
)
"""What the body of an import may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A body as it came: its bytes, its media type, and its headers, whose names are in lower case."""

    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Reading:
    """What was in a body.

    Attributes
    ----------
    items : number of items, good and bad.
    exchanges : exchanges and halves of them, each with the place of its item.
    labels : the model, the labels and the place of the item.
    rejected : bad items, at most 1,000 of them.
    rejected_total : number of bad items.
    notes : what was assumed.
    """

    items: int = 0
    exchanges: list[tuple[int, Exchange]] = field(default_factory=list)
    labels: list[tuple[int, str, list[Row]]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rejected_total: int = 0
    notes: set[str] = field(default_factory=set)

    def reject(self, place: int, error: BadItem) -> None:
        """Count a bad item, and describe it among the first thousand."""
        self.rejected_total += 1
        if len(self.rejected) < LISTED:
            self.rejected.append(Rejected(place, error.code, error.message))


def read_import(name: str, payload: Payload, options: ImportOptions, limits: Limits) -> Reading:
    """Read a body in the format `name`; bad items are told one by one.

    Raises
    ------
    InvalidInput
        Where there is no such format.
    Unreadable
        Where nothing of the body can be read.
    TooLarge
        Where it holds more than the limits allow.
    """
    check_format(name)
    reading = Reading()
    items = _items(name, payload, limits)
    reading.items = len(items)
    rows = 0
    for place, item in enumerate(items):
        try:
            if isinstance(item, BadItem):
                raise item
            rows += _read(name, place, item, options, reading)
        except BadItem as error:
            reading.reject(place, error)
        if rows > limits.items:
            raise TooLarge(
                f"the request has more than {limits.items} rows, the most allowed; send fewer at once"
            )
    return reading


def _items(name: str, payload: Payload, limits: Limits) -> list[Any]:
    """Return the items of a body: events, or documents."""
    if name == "kserve":
        return list(cloud_events.events_of(payload.body, payload.media_type, payload.headers, limits))
    length = payload.headers.get("inference-header-content-length")
    if name == "open-inference" and (length is not None or payload.media_type == "application/octet-stream"):
        try:
            document, rest = leading_object(payload.body, cloud_events.header_length(length))
        except BadItem as error:
            return [error]
        return [(document, Binary(rest))]
    return items_of(payload.body, limits)


def _read(name: str, place: int, item: Any, options: ImportOptions, reading: Reading) -> int:
    """Read one item; return its number of rows."""
    if name == "kserve":
        exchange = kserve.half_of(item, options, reading.notes)
    elif name == "sagemaker":
        if sagemaker.is_truth(item):
            if not options.model:
                raise BadItem("no_model", "ground truth names no model; name it with model=NAME")
            labels = sagemaker.truth_of(item)
            reading.labels.append((place, options.model, labels))
            return len(labels)
        exchange = sagemaker.capture_of(item, options, reading.notes)
    elif name == "mlflow":
        exchange = mlflow.exchange_of(item, options, reading.notes)
    elif isinstance(item, tuple):
        exchange = open_inference.exchange_of(item[0], options, reading.notes, item[1])
    else:
        exchange = open_inference.exchange_of(item, options, reading.notes)
    reading.exchanges.append((place, exchange))
    return len((exchange.outcomes if exchange.features is None else exchange.features) or ())
