"""The ids of the predictions that a block of code makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["collect", "prediction_ids"]

_collecting: ContextVar[list[str] | None] = ContextVar("assay_prediction_ids", default=None)


@contextmanager
def prediction_ids() -> Iterator[list[str]]:
    """Collect the ids of all predictions that are logged inside the ``with``, in order.

    It sees what runs in its own thread and its own task, and in the tasks that these start: what other
    requests do at the same time is not among them.

    Examples
    --------
    >>> with prediction_ids() as ids:
    ...     collect(["a", "b"])
    >>> ids
    ['a', 'b']
    """
    ids: list[str] = []
    token = _collecting.set(ids)
    try:
        yield ids
    finally:
        _collecting.reset(token)


def collect(ids: Sequence[str]) -> None:
    """Add `ids` to those that are being collected, if they are."""
    collecting = _collecting.get()
    if collecting is not None:
        collecting.extend(ids)
