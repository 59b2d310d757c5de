"""Where keys, sessions and the record of changes are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from assay.domain.access import ApiKey, Session, StoredKey
from assay.domain.audit import AuditEntry

__all__ = ["AuditLog", "KeyStore"]


class KeyStore(Protocol):
    """Store of keys and sessions. Methods may be called from any thread."""

    def add(self, stored: StoredKey) -> None:
        """Keep a new key; its id was not there before."""
        ...

    def find(self, key_id: str) -> StoredKey | None:
        """Return the key of that id, also one that was revoked or has expired, or None."""
        ...

    def listed(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        ...

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """Revoke a key and end its sessions; false where there is none that is not revoked yet."""
        ...

    def touch(self, uses: Mapping[str, datetime]) -> None:
        """Note when keys were last used; an earlier time than the one that is stored changes nothing."""
        ...

    def open_session(self, session: Session) -> None:
        """Keep a new session; sessions that ended before it began are dropped."""
        ...

    def session(self, digest: bytes) -> Session | None:
        """Return the session, also one that has ended, or None."""
        ...

    def close_session(self, digest: bytes) -> None:
        """Drop a session; no error where there is none."""
        ...


class AuditLog(Protocol):
    """Store of the record of changes. Methods may be called from any thread."""

    def append(self, entry: AuditEntry) -> int:
        """Keep an entry durably and return its number, which grows; the entry's own is not looked at."""
        ...

    def settle(self, entry_id: int, outcome: str) -> None:
        """Note how an entry ended; no error where it is not there any more."""
        ...

    def entries(
        self, *, before: int | None = None, limit: int = 100, models: Collection[str] | None = None
    ) -> list[AuditEntry]:
        """Entries with numbers below `before`, the newest first; with `models`, of these alone."""
        ...

    def trim(self, *, before: datetime, keep: int) -> None:
        """Drop entries that are older than `before`, and all but the newest `keep`."""
        ...
