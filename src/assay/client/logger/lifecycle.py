"""The end of the process, and its children: what is queued is delivered by the process that queued it."""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from typing import Protocol

__all__ = ["EXIT_SECONDS", "closed_at_exit", "renewed_after_fork"]

EXIT_SECONDS = 5.0
"""How long the end of the process waits for what is queued."""


class _Closable(Protocol):
    """A sender, as the end of the process and a fork see it."""

    exit_seconds: float

    def begin_close(self) -> None: ...

    def close(self, timeout: float) -> bool: ...

    def reset(self) -> None: ...


_known: dict[int, weakref.ref[_Closable]] = {}


def renewed_after_fork(sender: _Closable) -> None:
    """Have `sender` begin anew in children, without its parent's rows, thread and connections."""
    number = id(sender)
    _known[number] = weakref.ref(sender, lambda _: _known.pop(number, None))


def closed_at_exit(sender: _Closable) -> None:
    """Have `sender` deliver what is queued at the end of this process.

    It does so before anything that was opened earlier is closed. A child of `multiprocessing` ends without
    the interpreter's exit handlers, but has its own.
    """
    # The last to be registered is the first to run, and what a logger delivers to was opened before.
    atexit.unregister(_close_all)
    atexit.register(_close_all)
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(sender, _close_one, args=(weakref.ref(sender),), exitpriority=100)


def _close_one(reference: weakref.ref[_Closable]) -> None:
    sender = reference()
    if sender is not None:
        sender.close(sender.exit_seconds)


def _living() -> list[_Closable]:
    return [sender for reference in list(_known.values()) if (sender := reference()) is not None]


def _close_all() -> None:
    """Close all at once: together they take as long as the most patient of them."""
    senders = _living()
    for sender in senders:
        sender.begin_close()
    began = time.monotonic()
    for sender in senders:
        sender.close(max(0.0, began + sender.exit_seconds - time.monotonic()))


def _after_fork() -> None:
    for sender in _living():
        sender.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
