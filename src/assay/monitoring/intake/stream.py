"""Reading Arrow IPC streams from strangers: nothing is allocated before its size is known to be allowed."""

from __future__ import annotations

import struct

import pyarrow as pa

from assay.errors import TooLarge, Unreadable
from assay.monitoring.intake.context import Limits

__all__ = ["read_stream"]

_MESSAGES = 20_000
_BUFFER = 16  # offset and length, 8 bytes each
_DICTIONARY, _RECORDS = 2, 3  # kinds of message headers


def read_stream(body: bytes, limits: Limits) -> pa.Table:
    """Read all batches of an Arrow IPC stream and check every offset, length and text in them.

    Raises
    ------
    Unreadable
        Where the bytes are no valid Arrow stream.
    TooLarge
        Where they hold more rows, columns, batches or (compressed buffers included) bytes than allowed.
    """
    try:
        _survey(body, limits)
        with pa.ipc.open_stream(body) as reader:
            if len(reader.schema) > limits.columns:
                raise TooLarge(
                    f"the stream has {len(reader.schema)} columns; the most allowed is {limits.columns}"
                )
            batches = list(reader)
            schema = reader.schema
        for batch in batches:
            batch.validate(full=True)
        return pa.Table.from_batches(batches, schema)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise Unreadable(f"the body is no valid Arrow IPC stream: {str(error)[:300]}") from None


def _survey(body: bytes, limits: Limits) -> None:
    """Add up rows and the sizes that compressed buffers claim, from the headers alone."""
    rows = 0
    size = 0
    source = pa.ipc.MessageReader.open_stream(body)
    for count in range(_MESSAGES + 1):
        try:
            message = source.read_next_message()
        except StopIteration:
            return
        if count == _MESSAGES:
            raise TooLarge(f"the stream has more than {_MESSAGES} batches; send larger ones")
        if message.type not in ("record batch", "dictionary"):
            continue
        try:
            length, claimed = _header(message.metadata.to_pybytes(), message.body)
        except (struct.error, IndexError, ValueError):
            raise Unreadable("the body is no valid Arrow IPC stream: a message header is broken") from None
        if message.type == "record batch":
            rows += max(length, 0)
        size += claimed
        if length > limits.cells or rows > limits.items:
            raise TooLarge(f"the request has more than {limits.items} items, the most allowed")
        if size > limits.decoded_bytes:
            raise TooLarge(
                f"the stream's buffers decompress to more than {limits.decoded_bytes} bytes; "
                "send smaller batches"
            )


def _header(data: bytes, body: pa.Buffer | None) -> tuple[int, int]:
    """Rows of a message, and the sum of the sizes that its compressed buffers claim.

    The header is a FlatBuffer (Message.fbs of the Arrow format); only the few fields needed are followed.
    """
    message = struct.unpack_from("<I", data, 0)[0]
    kind = data[_field(data, message, 1)]
    table = _follow(data, _field(data, message, 2))
    if kind == _DICTIONARY:
        table = _follow(data, _field(data, table, 1))
    elif kind != _RECORDS:
        raise ValueError(kind)
    place = _field(data, table, 0, optional=True)
    rows = struct.unpack_from("<q", data, place)[0] if place else 0
    if not _field(data, table, 3, optional=True):
        return rows, 0
    place = _field(data, table, 2, optional=True)
    if not place or body is None:
        return rows, 0
    vector = _follow(data, place)
    count = struct.unpack_from("<I", data, vector)[0]
    view = memoryview(body)
    total = 0
    for number in range(count):
        offset, length = struct.unpack_from("<qq", data, vector + 4 + _BUFFER * number)
        if length >= 8:
            total += max(struct.unpack_from("<q", view, offset)[0], 0)
    return rows, total


def _field(data: bytes, table: int, number: int, *, optional: bool = False) -> int:
    """Place of a table's field; 0 where an optional one is absent."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise IndexError(vtable)
    entry = 4 + 2 * number
    offset = 0
    if entry < struct.unpack_from("<H", data, vtable)[0]:
        offset = struct.unpack_from("<H", data, vtable + entry)[0]
    if not offset and not optional:
        raise IndexError(number)
    return table + offset if offset else 0


def _follow(data: bytes, place: int) -> int:
    """Place that the offset stored at `place` points to."""
    return place + int(struct.unpack_from("<I", data, place)[0])
