"""A body of bytes, packed where that saves a fifth, under a checksum.

Layout: flags (1 byte), CRC-32 (4), body. Flag 0: the body as it is. Flag 1: its full length (4 bytes), and it
deflated; the checksum is that of the full body. Flag 2, for large bodies: its full length, and it packed by
Zstandard, which unpacks in a third of the time; the checksum is of what is stored, so that nothing damaged
is unpacked.
"""

from __future__ import annotations

import struct
import zlib

import zstandard

from assay.errors import InvalidInput

__all__ = ["pack", "unpack"]

_HEADER = struct.Struct("<BI")
_LENGTH = struct.Struct("<I")
_PLAIN, _DEFLATED, _ZSTANDARD = range(3)
_SMALLEST = 64  # worth packing
_LARGE = 1 << 14  # below, making a Zstandard context costs more than it saves
_MAX_BODY = 1 << 28
_MOST_TIMES = 100  # longer than its packed form: so much memory is taken on the word of a few bytes


def pack(body: bytes) -> bytes:
    """Return the bytes under which `body` is stored."""
    if _LARGE <= len(body) <= _MAX_BODY:
        packed = _LENGTH.pack(len(body)) + zstandard.ZstdCompressor(level=1).compress(body)
        if len(packed) * 5 <= len(body) * 4 and len(body) <= _MOST_TIMES * len(packed):
            return _HEADER.pack(_ZSTANDARD, zlib.crc32(packed)) + packed
    check = zlib.crc32(body)
    if _SMALLEST <= len(body) <= _MAX_BODY:
        deflated = zlib.compress(body, 1)
        if len(deflated) * 5 <= len(body) * 4:
            return _HEADER.pack(_DEFLATED, check) + _LENGTH.pack(len(body)) + deflated
    return _HEADER.pack(_PLAIN, check) + body


def unpack(data: bytes) -> bytes:
    """Return the body that is stored under `data`.

    Raises
    ------
    InvalidInput
        Where these are not the bytes that :func:`pack` makes.
    """
    if len(data) < _HEADER.size:
        raise InvalidInput(f"these {len(data)} bytes are too few for a summary")
    flags, check = _HEADER.unpack_from(data)
    if flags not in (_PLAIN, _DEFLATED, _ZSTANDARD):
        raise InvalidInput(f"summary bytes with unknown flags {flags}")
    body = data[_HEADER.size :]
    if flags == _DEFLATED:
        body = _inflate(body)
    if zlib.crc32(body) != check:
        raise InvalidInput("summary bytes are damaged: their checksum does not fit")
    return _of_frame(body) if flags == _ZSTANDARD else body


def _full_length(data: bytes, most: int) -> int:
    """Return how long a packed body claims to be."""
    if len(data) < _LENGTH.size:
        raise InvalidInput("summary bytes end early: no length")
    (size,) = _LENGTH.unpack_from(data)
    if size > most:
        raise InvalidInput(f"summary bytes claim to unpack to {size} bytes; the most is {most}")
    return int(size)


def _of_frame(data: bytes) -> bytes:
    size = _full_length(data, min(_MAX_BODY, _MOST_TIMES * len(data)))
    frame = data[_LENGTH.size :]
    try:
        # Also where the length is not told: the unpacker takes as much memory as the frame claims.
        if zstandard.get_frame_parameters(frame).content_size != size:
            raise InvalidInput(f"summary bytes unpack to another length than the {size} bytes they claim")
        return zstandard.ZstdDecompressor().decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise InvalidInput(f"summary bytes do not unpack: {error}") from None


def _inflate(data: bytes) -> bytes:
    size = _full_length(data, _MAX_BODY)
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data[_LENGTH.size :], size + 1)
    except zlib.error as error:
        raise InvalidInput(f"summary bytes do not unpack: {error}") from None
    if len(body) != size or not unpacker.eof or unpacker.unused_data:
        raise InvalidInput(f"summary bytes unpack to another length than the {size} bytes they claim")
    return body
