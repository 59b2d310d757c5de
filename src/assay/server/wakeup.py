"""Waiting in the event loop for answers that another thread makes, many at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Wakeup"]

T = TypeVar("T")


class Wakeup(Generic[T]):
    """Hands results of a thread to the loop; however many come at once, the loop is woken once.

    :func:`asyncio.wrap_future` wakes the loop, with a system call, for each future.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._done: deque[tuple[Future[T], asyncio.Future[T]]] = deque()
        self._called = False

    async def result(self, future: Future[T]) -> T:
        """Return the future's result once it is there, or raise its error."""
        if future.done():
            return future.result()
        waiter: asyncio.Future[T] = self._loop.create_future()
        future.add_done_callback(lambda done: self._from_thread(done, waiter))
        return await waiter

    def _from_thread(self, future: Future[T], waiter: asyncio.Future[T]) -> None:
        self._done.append((future, waiter))
        # The flag is cleared before the deque is emptied: an entry that sees it set is still to be taken.
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed, and nobody waits any more
                self._done.clear()

    def _wake(self) -> None:
        self._called = False
        while self._done:
            future, waiter = self._done.popleft()
            if waiter.done():  # its request was cancelled
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)
