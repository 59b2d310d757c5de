"""Access as one object: what the server, the pages and the command line call."""

from __future__ import annotations

from collections.abc import Callable

from assay.domain.audit import AuditPage
from assay.monitoring.access.audit import Audit
from assay.monitoring.access.authentication import Authenticator
from assay.monitoring.access.caller import caller
from assay.monitoring.access.keys import Keys
from assay.monitoring.access.sessions import Sessions
from assay.ports.access import AuditLog, KeyStore

__all__ = ["Access"]


class Access:
    """Keys, sessions and the record of changes.

    Parameters
    ----------
    store, log : where they are kept.
    clock : microseconds since the epoch.
    rate : requests a second of keys without a rate of their own; 0: any number.
    session_hours : how long a session lasts.
    audit_days : how long changes are kept.
    """

    def __init__(
        self,
        store: KeyStore,
        log: AuditLog,
        *,
        clock: Callable[[], int],
        rate: float = 0.0,
        session_hours: int = 12,
        audit_days: int = 365,
    ) -> None:
        self.audit = Audit(log, clock=clock, days=audit_days)
        self.authenticator = Authenticator(store, clock=clock, rate=rate)
        self.keys = Keys(store, self.audit, clock=clock, changed=self.authenticator.forget)
        self.sessions = Sessions(store, self.authenticator, self.audit, clock=clock, hours=session_hours)

    def changes(self, *, before: int | None = None, limit: int = 50) -> AuditPage:
        """Return the record of changes, as far as whoever asks may see it: of their models."""
        return self.audit.page(before=before, limit=limit, models=caller().principal.models)

    def close(self) -> None:
        """Note what is still to be noted; before the stores are closed."""
        self.authenticator.close()
