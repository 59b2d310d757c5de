"""The record of changes: an entry is durable before the change begins, and says afterwards how it ended."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

from assay.domain.audit import AuditAction, AuditEntry, AuditPage
from assay.domain.time import from_micros
from assay.errors import AssayError, InvalidInput, StorageError
from assay.monitoring.access.caller import caller
from assay.ports.access import AuditLog

__all__ = ["BEGUN", "Audit"]

BEGUN = "begun"
"""Outcome of what is not known to have ended."""

_DONE = "done"
_MOST = 100_000
_TRIM_EVERY = 200
_LONGEST = 500
_PAGE = 500

_log = logging.getLogger(__name__)


class Audit:
    """Records who changes what. Safe to use from several threads.

    Parameters
    ----------
    log : where entries are kept.
    clock : microseconds since the epoch.
    days : how long entries are kept; there are never more than about 100,000.
    """

    def __init__(self, log: AuditLog, *, clock: Callable[[], int], days: int) -> None:
        self._log = log
        self._clock = clock
        self._kept = timedelta(days=days)
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def change(
        self, action: AuditAction, *, model_id: str | None = None, subject: str = ""
    ) -> Iterator[None]:
        """Record the change that the block makes.

        Raises
        ------
        StorageError
            Where it cannot be recorded; the block is not run then.
        """
        number = self._append(action, model_id, subject, BEGUN)
        try:
            yield
        except AssayError as error:
            self._settle(number, f"failed: {type(error).__name__}")
            raise
        except BaseException:
            self._settle(number, "failed")
            raise
        self._settle(number, _DONE)

    def note(self, action: AuditAction, *, subject: str = "", failed: bool = False) -> None:
        """Record what has happened already."""
        self._append(action, None, subject, "failed" if failed else _DONE)

    def page(
        self, *, before: int | None = None, limit: int = 50, models: Collection[str] | None = None
    ) -> AuditPage:
        """Return entries with numbers below `before`, the newest first; with `models`, of these alone.

        Raises
        ------
        InvalidInput
            Where `limit` is not between 1 and 500.
        """
        if not 1 <= limit <= _PAGE:
            raise InvalidInput(f"limit is {limit}; it must be between 1 and {_PAGE}")
        found = self._log.entries(before=before, limit=limit + 1, models=models)
        shown = tuple(found[:limit])
        return AuditPage(shown, next=shown[-1].entry_id if len(found) > limit else None)

    def _append(self, action: AuditAction, model_id: str | None, subject: str, outcome: str) -> int:
        who = caller()
        now = from_micros(self._clock())
        entry = AuditEntry(
            entry_id=0,
            at=now,
            who=who.principal.who,
            name=who.principal.name,
            address=who.address,
            action=action,
            model_id=None if model_id is None else _storable(model_id),
            subject=_storable(subject)[:_LONGEST],
            outcome=outcome,
        )
        number = self._log.append(entry)
        with self._lock:
            self._count += 1
            due = self._count % _TRIM_EVERY == 0
        if due:
            self._log.trim(before=now - self._kept, keep=_MOST)
        return number

    def _settle(self, number: int, outcome: str) -> None:
        """Note the outcome; the change itself is made or not, whether that can be noted or not."""
        try:
            self._log.settle(number, outcome)
        except StorageError:
            _log.warning("the outcome of change %d could not be noted", number)


def _storable(text: str) -> str:
    """Return `text` without what no store keeps: NUL and lone surrogates of names that are refused later."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
