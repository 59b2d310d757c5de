"""Items of a JSON body: one document, a list of them, or one a line."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from assay.errors import TooLarge, Unreadable
from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.imports.options import BadItem

__all__ = ["decode", "items_of", "leading_object"]

_decoder = msgspec.json.Decoder()
_MOST_HEADER = 8 << 20


def decode(data: bytes | str) -> Any:
    """Decode JSON, with NaN, Infinity and integers of any length as Python writes them.

    Raises
    ------
    BadItem
        Where it is none.
    """
    try:
        return _decoder.decode(data)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(data)
    except RecursionError:
        raise BadItem("unreadable", "the item is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise BadItem("unreadable", f"the item is not UTF-8: {error.reason}") from None
    except ValueError as error:
        raise BadItem("unreadable", f"the item is not JSON: {str(error)[:200]}") from None


def items_of(body: bytes, limits: Limits) -> list[Any]:
    """Return the documents of a body; a line that cannot be read is a :class:`BadItem` in its place.

    Raises
    ------
    Unreadable
        Where nothing of it is JSON.
    TooLarge
        Where it holds more items or values than one request may.
    """
    if body.count(b",") > limits.values:
        raise TooLarge("the body holds more values than one request may; send fewer items at once")
    try:
        whole = decode(body)
    except BadItem as error:
        reason = error
    else:
        items = whole if isinstance(whole, list) else [whole]
        _check(len(items), limits)
        return items
    lines = [line for line in body.splitlines() if line.strip()]
    _check(len(lines), limits)
    result: list[Any] = []
    for line in lines:
        try:
            result.append(decode(line))
        except BadItem as error:
            result.append(error)
    if all(isinstance(item, BadItem) for item in result):
        raise Unreadable(f"the body is neither JSON nor JSON lines: {reason.message}")
    return result


def leading_object(body: bytes, length: int | None) -> tuple[Any, bytes]:
    """Return the JSON at the begin of a body and the bytes behind it.

    `length` is the number of bytes of the JSON; where nobody told it, the JSON ends where its object does.

    Raises
    ------
    BadItem
        Where the body does not begin with JSON.
    """
    if length is not None:
        if length > len(body):
            raise BadItem(
                "unreadable",
                f"Inference-Header-Content-Length is {length}, and the body has {len(body)} bytes",
            )
        return decode(body[:length]), body[length:]
    # Each byte is one sign in Latin-1, so that places among signs are places among bytes.
    text = body[:_MOST_HEADER].decode("latin-1")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        raise BadItem("unreadable", "the body does not begin with a JSON object") from None
    return decode(body[:end]), body[end:]


def _check(items: int, limits: Limits) -> None:
    """Refuse too many items."""
    if items > limits.items:
        raise TooLarge(f"the request has {items} items; the most allowed is {limits.items}")
