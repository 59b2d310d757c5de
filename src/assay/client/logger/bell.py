"""Waking a thread."""

from __future__ import annotations

from queue import Empty, SimpleQueue

__all__ = ["Bell"]


class Bell:
    """What an event is, but safe to ring from a finalizer or a signal handler that interrupts another ring.

    `threading.Event` takes a lock that is not reentrant.
    """

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()

    def ring(self) -> None:
        """Wake who waits, or who will wait next."""
        self._rings.put(None)

    def clear(self) -> None:
        """Forget earlier rings."""
        while not self._rings.empty():
            try:
                self._rings.get_nowait()
            except Empty:
                return

    def wait(self, seconds: float | None) -> None:
        """Sleep until it rings, or for so long at most."""
        try:
            self._rings.get(timeout=seconds)
        except Empty:
            return
