"""The record of changes: who changed what, when, and from where."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from assay.domain.rendering import Answer, Table, moment

__all__ = ["AuditAction", "AuditEntry", "AuditPage"]


class AuditAction(enum.StrEnum):
    """What was done. Logging rows is no change."""

    DECLARE = "model.declare"
    REFERENCE = "reference.put"
    ERASE = "predictions.erase"
    CREATE_KEY = "key.create"
    REVOKE_KEY = "key.revoke"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"


@dataclass(frozen=True, slots=True, repr=False)
class AuditEntry(Answer):
    """One change.

    Attributes
    ----------
    entry_id : grows with time; 0 before it is stored.
    at : when it began.
    who : id of the key, or ``local``, ``embedded``, ``command line``, ``nobody``.
    name : the key's name at that time.
    address : network address that asked; empty in process.
    action : what was done.
    model_id : the model; None where it concerns none.
    subject : what was done in words. It never holds a secret, nor the ids of what was erased.
    outcome : ``begun`` until it is known (or for ever, where the process died), ``done``, or ``failed``
        with the kind of error.
    """

    entry_id: int
    at: datetime
    who: str
    name: str
    address: str
    action: AuditAction
    model_id: str | None
    subject: str
    outcome: str


@dataclass(frozen=True, slots=True, repr=False)
class AuditPage(Answer):
    """A page of the record, the newest entry first.

    Attributes
    ----------
    entries : the entries.
    next : what to ask for as `before` to get the page after this one; None at the end.
    """

    entries: tuple[AuditEntry, ...]
    next: int | None = None

    def table(self) -> Table:
        """Return one row an entry."""
        rows = [
            (
                moment(one.at),
                one.name or one.who,
                one.address or "–",
                one.action.value,
                "–" if one.model_id is None else one.model_id,
                one.subject or "–",
                one.outcome,
            )
            for one in self.entries
        ]
        columns = ("time", "who", "from", "action", "model", "what", "outcome")
        return Table("changes" if rows else "no changes yet", columns, rows)
