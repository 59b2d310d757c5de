"""Request bodies: read within limits, decompressed within limits, counted while they are in memory."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Self

import zstandard

from assay.errors import TooLarge, Unreadable
from assay.server.errors import HttpProblem

__all__ = ["ClientGone", "Hold", "Inflight", "decompress", "likely_size", "read_body"]

_PATIENCE_SECONDS = 30.0
_ZSTD_PIECE = 2_048
_GZIP_PIECE = 32_768
_FRAMES = 10_000
_LIKELY_RATIO = 16
_JSON_RATIO = 4
_ZSTD_WINDOW = 8 << 20  # what RFC 9659 lets a sender use
_GZIP = 16 + zlib.MAX_WBITS


class ClientGone(Exception):
    """The client has closed the connection; there is nobody to answer."""


class Inflight:
    """Bytes of request bodies in memory; further requests are refused while there are too many.

    Used in the event loop alone.

    Parameters
    ----------
    limit : the most bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self.refused = 0


class Hold:
    """The share of one request in the bytes in flight; a context manager that gives it back."""

    __slots__ = ("_inflight", "_size")

    def __init__(self, inflight: Inflight) -> None:
        self._inflight = inflight
        self._size = 0

    def grow(self, size: int) -> None:
        """Hold `size` bytes, if it does not hold as many already.

        Raises
        ------
        HttpProblem
            503, where that would be too many at once; a request that is alone is never refused.
        """
        more = size - self._size
        if more <= 0:
            return
        others = self._inflight.bytes - self._size
        if others and others + size > self._inflight.limit:
            self._inflight.refused += 1
            raise HttpProblem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Busy",
                "too many requests are being handled; send this one again a little later",
                headers=(("Retry-After", "1"),),
            )
        self._inflight.bytes += more
        self._size = size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inflight.bytes -= self._size
        self._size = 0


async def read_body(headers: Mapping[bytes, bytes], receive: Any, *, limit: int, hold: Hold) -> bytes:
    """Return the body of a request; `hold` holds its bytes.

    Raises
    ------
    TooLarge
        Where it has more than `limit` bytes; known before it is read where its length is declared.
    HttpProblem
        411 where there is no body, 400 where its length is no number, 408 where it stops coming, 503 where
        too much is in flight.
    ClientGone
        Where the client closed the connection.
    """
    declared = headers.get(b"content-length")
    if declared is None and b"transfer-encoding" not in headers:
        raise HttpProblem(
            HTTPStatus.LENGTH_REQUIRED, "LengthRequired", "the request has no body; send one with its length"
        )
    if declared is not None and not (declared.isdigit() and len(declared) <= 18):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "Unreadable", "Content-Length is not a number")
    expected = int(declared) if declared is not None else 0
    if expected > limit:
        raise TooLarge(f"the body has {expected} bytes; the most allowed is {limit}")
    hold.grow(expected)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive() if not chunks else await _patiently(receive)
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise TooLarge(f"the body has more than {limit} bytes, the most allowed")
        hold.grow(size)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _patiently(receive: Any) -> Any:
    """Return the next part of a body, unless it does not come."""
    try:
        return await asyncio.wait_for(receive(), _PATIENCE_SECONDS)
    except TimeoutError:
        raise HttpProblem(
            HTTPStatus.REQUEST_TIMEOUT,
            "Timeout",
            f"nothing came for {_PATIENCE_SECONDS:.0f} seconds in the middle of the body; send it again",
            headers=(("Connection", "close"),),
        ) from None


def likely_size(body: bytes, encoding: str, content_type: str, *, limit: int) -> int:
    """Bytes that a body is likely to take in memory with what is inside it.

    `limit` is the most there can be after decompression. JSON becomes some four times as many bytes of
    objects before it is columns.
    """
    inside = min(limit, _LIKELY_RATIO * len(body)) if encoding else 0
    plain = inside or len(body)
    return len(body) + inside + (_JSON_RATIO * plain if "json" in content_type.lower() else 0)


def decompress(body: bytes, encoding: str, *, limit: int) -> bytes:
    """Return the body without its Content-Encoding (gzip, zstd or identity).

    Raises
    ------
    HttpProblem
        415 where the encoding is another one.
    Unreadable
        Where the compressed bytes are broken or end early.
    TooLarge
        Where there are more than `limit` bytes inside; no more than that is decompressed.

    Examples
    --------
    >>> import gzip
    >>> decompress(gzip.compress(b"{}"), "gzip", limit=10)
    b'{}'
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        return _gunzip(body, limit)
    if encoding == "zstd":
        return _unzstd(body, limit)
    raise HttpProblem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedEncoding",
        f"Content-Encoding {encoding[:80]!r} is not understood; send gzip, zstd or none",
        headers=(("Accept-Encoding", "gzip, zstd"),),
    )


def _gunzip(body: bytes, limit: int) -> bytes:
    member = zlib.decompressobj(_GZIP)
    parts: list[bytes] = []
    left, place, members = limit, 0, 1
    try:
        while place < len(body):
            if member.eof:
                if body[place] == 0 and not body[place:].strip(b"\0"):
                    break  # zero padding may follow the last member
                members += 1
                _check_frames(members)
                member = zlib.decompressobj(_GZIP)
            piece = body[place : place + _GZIP_PIECE]
            part = member.decompress(piece, left + 1)
            place += len(piece) - len(member.unused_data)
            left -= len(part)
            if left < 0:
                raise _bomb(limit)
            parts.append(part)
    except zlib.error as error:
        raise Unreadable(f"the body is not gzip: {error}") from None
    if not member.eof:
        raise Unreadable("the gzip body ends early; send all of it")
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = decompressor.decompressobj()
    parts: list[bytes] = []
    left, place, frames = limit, 0, 1
    try:
        # Small pieces: one of 2 kB can hold 700 blocks of 128 kB each, and no more is made before it counts.
        while place < len(body):
            if frame.eof:
                frames += 1
                _check_frames(frames)
                frame = decompressor.decompressobj()
            piece = body[place : place + _ZSTD_PIECE]
            part = frame.decompress(piece)
            place += len(piece) - len(frame.unused_data)
            left -= len(part)
            if left < 0:
                raise _bomb(limit)
            parts.append(part)
    except zstandard.ZstdError as error:
        raise Unreadable(f"the body is not zstd: {error}") from None
    if not frame.eof:
        raise Unreadable("the zstd body ends early; send all of it")
    return b"".join(parts)


def _check_frames(count: int) -> None:
    """Refuse a body that is cut into a great many small members, each of which costs time."""
    if count > _FRAMES:
        raise TooLarge(f"the compressed body has more than {_FRAMES} members; compress it as a whole")


def _bomb(limit: int) -> TooLarge:
    return TooLarge(f"the body has more than {limit} bytes after decompression, the most allowed")
