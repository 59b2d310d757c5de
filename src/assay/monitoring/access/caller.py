"""Who asks in this request: known to every use case that runs for it, in whichever thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from assay.domain.access import EMBEDDED, Principal

__all__ = ["IN_PROCESS", "Caller", "caller", "calling", "set_caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and from where.

    Attributes
    ----------
    principal : who, and what they may do.
    address : network address; empty in process.
    csrf : token that forms of the pages carry; empty where there are no forms.
    signed_in : whether this is a browser that signed in, and may sign out.
    secure : whether the request came by https.
    """

    principal: Principal
    address: str = ""
    csrf: str = ""
    signed_in: bool = False
    secure: bool = False


IN_PROCESS = Caller(EMBEDDED)
"""The process that opened the data folder: what a caller is where nobody said otherwise."""

_current: ContextVar[Caller] = ContextVar("assay_caller", default=IN_PROCESS)


def caller() -> Caller:
    """Return who asks.

    A thread sees it where the context was handed on, as :func:`asyncio.to_thread` and the framework do; with
    ``run_in_executor`` hand ``contextvars.copy_context().run`` on.

    >>> caller() is IN_PROCESS
    True
    """
    return _current.get()


def set_caller(who: Caller) -> None:
    """Say who asks from here on in this task."""
    _current.set(who)


@contextmanager
def calling(who: Caller | Principal) -> Iterator[None]:
    """Say who asks inside the block.

    >>> from assay.domain.access import COMMAND_LINE
    >>> with calling(COMMAND_LINE):
    ...     caller().principal.who
    'command line'
    """
    token = _current.set(Caller(who) if isinstance(who, Principal) else who)
    try:
        yield
    finally:
        _current.reset(token)
