"""Keys, sessions and the record of changes in memory, which pass the contracts too: for tests of users."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from assay.domain.access import ApiKey, Session, StoredKey
from assay.domain.audit import AuditEntry

__all__ = ["MemoryAuditLog", "MemoryKeyStore"]


class MemoryKeyStore:
    """:class:`assay.ports.access.KeyStore` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, StoredKey] = {}
        self._sessions: dict[bytes, Session] = {}

    def add(self, stored: StoredKey) -> None:
        """Keep a new key."""
        with self._lock:
            self._keys[stored.key.key_id] = stored

    def find(self, key_id: str) -> StoredKey | None:
        """Return the key of that id, or None."""
        return self._keys.get(key_id)

    def listed(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        with self._lock:
            found = [stored.key for stored in self._keys.values()]
        return sorted(found, key=lambda key: (key.created_at, key.key_id))

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """Revoke a key and end its sessions."""
        with self._lock:
            stored = self._keys.get(key_id)
            self._sessions = {
                name: session for name, session in self._sessions.items() if session.key_id != key_id
            }
            if stored is None or stored.key.revoked_at is not None:
                return False
            self._keys[key_id] = replace(stored, key=replace(stored.key, revoked_at=at))
            return True

    def touch(self, uses: Mapping[str, datetime]) -> None:
        """Note when keys were last used."""
        with self._lock:
            for key_id, moment in uses.items():
                stored = self._keys.get(key_id)
                if stored is None:
                    continue
                last = stored.key.last_used_at
                if last is None or last < moment:
                    self._keys[key_id] = replace(stored, key=replace(stored.key, last_used_at=moment))

    def open_session(self, session: Session) -> None:
        """Keep a new session, and drop those that ended before."""
        with self._lock:
            self._sessions = {
                name: one for name, one in self._sessions.items() if one.ends_at > session.created_at
            }
            self._sessions[session.digest] = session

    def session(self, digest: bytes) -> Session | None:
        """Return the session, or None."""
        return self._sessions.get(digest)

    def close_session(self, digest: bytes) -> None:
        """Drop a session."""
        with self._lock:
            self._sessions.pop(digest, None)


class MemoryAuditLog:
    """:class:`assay.ports.access.AuditLog` in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[int, AuditEntry] = {}
        self._last = 0

    def append(self, entry: AuditEntry) -> int:
        """Keep an entry and return its number."""
        with self._lock:
            self._last += 1
            self._entries[self._last] = replace(entry, entry_id=self._last)
            return self._last

    def settle(self, entry_id: int, outcome: str) -> None:
        """Note how an entry ended."""
        with self._lock:
            if entry_id in self._entries:
                self._entries[entry_id] = replace(self._entries[entry_id], outcome=outcome)

    def entries(
        self, *, before: int | None = None, limit: int = 100, models: Collection[str] | None = None
    ) -> list[AuditEntry]:
        """Entries with numbers below `before`, the newest first."""
        with self._lock:
            found = [
                entry
                for number, entry in reversed(self._entries.items())
                if (before is None or number < before) and (models is None or entry.model_id in models)
            ]
        return found[:limit]

    def trim(self, *, before: datetime, keep: int) -> None:
        """Drop what is too old, and all but the newest `keep`."""
        with self._lock:
            newest = list(self._entries)[-keep:] if keep else []
            self._entries = {
                number: self._entries[number] for number in newest if self._entries[number].at >= before
            }
