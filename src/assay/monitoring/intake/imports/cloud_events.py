"""CloudEvents 1.0 over HTTP: binary, structured and batched.

After the specification's HTTP protocol binding and JSON format: in binary mode the attributes are headers
``ce-...``, percent-encoded, and the body is the data; otherwise the body is JSON that holds both.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.json_items import decode, items_of, leading_object
from assay.monitoring.intake.imports.options import BadItem
from assay.monitoring.intake.imports.tensors import Binary

__all__ = ["BATCH", "STRUCTURED", "Event", "events_of", "header_length", "is_binary_mode"]

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_PREFIX = "ce-"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its attributes by name, its data decoded from JSON, and bytes that came behind the JSON."""

    attributes: dict[str, Any]
    data: Any
    binary: Binary | None = None

    def text(self, name: str) -> str:
        """Return an attribute that is text; "" where it is absent.

        Raises
        ------
        BadItem
            Where it is something else.
        """
        value = self.attributes.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadItem("bad_event", f"the event's {name} must be text, not {shown(value)}")
        return value


def is_binary_mode(headers: Mapping[str, str]) -> bool:
    """Whether the attributes of an event are among the headers, whose names are in lower case."""
    return f"{_PREFIX}specversion" in headers or f"{_PREFIX}id" in headers or f"{_PREFIX}type" in headers


def events_of(
    body: bytes, media_type: str, headers: Mapping[str, str], limits: Limits
) -> list[Event | BadItem]:
    """Return the events of a request, or of a file of events, one a line; bad ones in their places.

    Raises
    ------
    Unreadable
        Where nothing of the body is JSON.
    TooLarge
        Where it holds more than one request may.
    """
    if is_binary_mode(headers):
        attributes: dict[str, Any] = {
            name[len(_PREFIX) :]: unquote(value, errors="replace")
            for name, value in headers.items()
            if name.startswith(_PREFIX)
        }
        return [_binary(body, media_type, attributes, headers)]
    events: list[Event | BadItem] = []
    for item in items_of(body, limits):
        try:
            events.append(item if isinstance(item, BadItem) else _structured(item))
        except BadItem as error:
            events.append(error)
    return events


def _binary(
    body: bytes, media_type: str, attributes: dict[str, Any], headers: Mapping[str, str]
) -> Event | BadItem:
    """Return the event whose data is the body."""
    length = headers.get("inference-header-content-length")
    try:
        if length is not None or media_type == "application/octet-stream":
            data, rest = leading_object(body, header_length(length))
            return Event(attributes, data, Binary(rest))
        return Event(attributes, decode(body))
    except BadItem as error:
        return error


def header_length(text: str | None) -> int | None:
    """Return the number of bytes of JSON that Inference-Header-Content-Length tells.

    Raises
    ------
    BadItem
        Where it is no number.
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadItem("unreadable", f"Inference-Header-Content-Length is {shown(text)}, which is no length")
    return int(text)


def _structured(item: Any) -> Event:
    """Return the event that a JSON object is."""
    if not isinstance(item, dict) or "type" not in item:
        raise BadItem("bad_event", f"{shown(item)} is no event: it has no type")
    attributes = {name: value for name, value in item.items() if name not in ("data", "data_base64")}
    if "data_base64" not in item:
        data = item.get("data")
        # Data that is no JSON value by its content type is a text, which may hold JSON all the same.
        return Event(attributes, decode(data) if isinstance(data, str) else data)
    encoded = item["data_base64"]
    try:
        raw = base64.b64decode(encoded if isinstance(encoded, str) else "*", validate=True)
    except (binascii.Error, ValueError):
        raise BadItem("bad_event", "the event's data_base64 is not base64") from None
    data, rest = leading_object(raw, None)
    return Event(attributes, data, Binary(rest))
