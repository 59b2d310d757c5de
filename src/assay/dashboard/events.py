"""Server-sent events that tell a page when to refresh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio.to_thread
from starlette.responses import StreamingResponse

from assay.errors import AssayError

__all__ = ["HEARTBEAT", "LIFETIME", "POLL", "event_response", "events"]

POLL = 1.0
"""Seconds between two looks at the revision."""

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that a dead connection is noticed."""

LIFETIME = 600.0
"""Seconds after which a stream ends; browsers connect again by themselves."""


async def events(
    revision: Callable[[], int],
    stopping: Callable[[], bool],
    *,
    poll: float = POLL,
    heartbeat: float = HEARTBEAT,
    lifetime: float = LIFETIME,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[str]:
    """Yield an event ``revision`` first and whenever `revision` returns another number.

    Parameters
    ----------
    revision : grows when there is something new; called in a thread. Where it fails, an event
        ``trouble`` is sent once, and the stream goes on.
    stopping : true once the server shuts down; the stream ends.
    poll, heartbeat, lifetime : seconds.
    sleep : awaited between looks.
    """
    known: int | None = None
    troubled = False
    silent = alive = 0.0
    yield "retry: 2000\n\n"
    while alive < lifetime and not stopping():
        try:
            current = await anyio.to_thread.run_sync(revision, abandon_on_cancel=True)
        except AssayError:
            if not troubled:
                troubled, silent = True, 0.0
                yield "event: trouble\ndata: the store does not answer\n\n"
        else:
            if current != known or troubled:
                known, troubled, silent = current, False, 0.0
                yield f"event: revision\ndata: {current}\n\n"
        if silent >= heartbeat:
            silent = 0.0
            yield ": alive\n\n"
        await sleep(poll)
        silent += poll
        alive += poll


def event_response(stream: AsyncIterator[str]) -> StreamingResponse:
    """Answer with a stream of events."""
    return StreamingResponse(
        stream,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"},
    )
