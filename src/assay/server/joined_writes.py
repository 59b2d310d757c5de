"""One write to the socket for head and body of an answer, where uvicorn makes two.

For small answers a system call is a good part of the work, on this side and on the client's.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["JoinedWrites"]


class _Joining:
    """A transport that passes on what is written in one turn of the loop at once."""

    __slots__ = ("_loop", "_parts", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep `data` until the end of this turn."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Write what is kept, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            parts, self._parts = self._parts, []
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class JoinedWrites(HttpToolsProtocol):
    """uvicorn's protocol, writing once where it would write twice."""

    def connection_made(self, transport: Any) -> None:
        """Put the joining transport between the protocol and the socket."""
        super().connection_made(_Joining(transport, self.loop))  # type: ignore[arg-type] # same methods
