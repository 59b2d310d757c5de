"""Keys, sessions and the record of changes in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from assay.domain.access import ApiKey, Scope, Session, StoredKey
from assay.domain.audit import AuditAction, AuditEntry
from assay.domain.time import from_micros, to_micros
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import access_keys, access_sessions, audit_entries, digest

__all__ = ["SqlAuditLog", "SqlKeyStore"]


class SqlKeyStore:
    """:class:`assay.ports.access.KeyStore` in a SQL database.

    Parameters
    ----------
    database : where the keys are; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, stored: StoredKey) -> None:
        """Keep a new key."""
        key = stored.key
        values = {
            "key_id": key.key_id,
            "name": key.name,
            "digest": stored.digest,
            "scopes": json.dumps(key.scopes),
            "models": None if key.models is None else json.dumps(key.models),
            "rate": key.rate,
            "created_at": to_micros(key.created_at),
            "expires_at": _micros(key.expires_at),
            "revoked_at": _micros(key.revoked_at),
            "last_used_at": _micros(key.last_used_at),
        }
        with self._database.write() as connection:
            connection.execute(insert(access_keys).values(values))

    def find(self, key_id: str) -> StoredKey | None:
        """Return the key of that id, or None."""
        statement = select(access_keys).where(access_keys.c.key_id == key_id)
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else StoredKey(_key_of(row), bytes(row.digest))

    def listed(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        statement = select(access_keys).order_by(access_keys.c.created_at, access_keys.c.key_id)
        with self._database.read() as connection:
            return [_key_of(row) for row in connection.execute(statement)]

    def revoke(self, key_id: str, *, at: datetime) -> bool:
        """Revoke a key and end its sessions."""
        table = access_keys.c
        statement = (
            update(access_keys)
            .where(table.key_id == key_id, table.revoked_at.is_(None))
            .values(revoked_at=to_micros(at))
        )
        with self._database.write() as connection:
            changed = connection.execute(statement).rowcount
            connection.execute(delete(access_sessions).where(access_sessions.c.key_id == key_id))
        return changed > 0

    def touch(self, uses: Mapping[str, datetime]) -> None:
        """Note when keys were last used."""
        table = access_keys.c
        with self._database.write() as connection:
            for key_id, moment in uses.items():
                micros = to_micros(moment)
                newer = or_(table.last_used_at.is_(None), table.last_used_at < micros)
                connection.execute(
                    update(access_keys).where(table.key_id == key_id, newer).values(last_used_at=micros)
                )

    def open_session(self, session: Session) -> None:
        """Keep a new session, and drop those that ended before."""
        began = to_micros(session.created_at)
        with self._database.write() as connection:
            connection.execute(delete(access_sessions).where(access_sessions.c.ends_at <= began))
            connection.execute(
                insert(access_sessions).values(
                    digest=session.digest,
                    key_id=session.key_id,
                    created_at=began,
                    ends_at=to_micros(session.ends_at),
                )
            )

    def session(self, digest: bytes) -> Session | None:
        """Return the session, or None."""
        statement = select(access_sessions).where(access_sessions.c.digest == digest)
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None:
            return None
        return Session(bytes(row.digest), row.key_id, from_micros(row.created_at), from_micros(row.ends_at))

    def close_session(self, digest: bytes) -> None:
        """Drop a session."""
        with self._database.write() as connection:
            connection.execute(delete(access_sessions).where(access_sessions.c.digest == digest))


class SqlAuditLog:
    """:class:`assay.ports.access.AuditLog` in a SQL database.

    Parameters
    ----------
    database : where the record is; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: AuditEntry) -> int:
        """Keep an entry and return its number."""
        values = {
            "at": to_micros(entry.at),
            "who": entry.who,
            "name": entry.name,
            "address": entry.address,
            "action": entry.action.value,
            "model_key": None if entry.model_id is None else digest(entry.model_id),
            "model_id": entry.model_id,
            "subject": entry.subject,
            "outcome": entry.outcome,
        }
        with self._database.write() as connection:
            key = connection.execute(insert(audit_entries).values(values)).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def settle(self, entry_id: int, outcome: str) -> None:
        """Note how an entry ended."""
        statement = update(audit_entries).where(audit_entries.c.id == entry_id).values(outcome=outcome)
        with self._database.write() as connection:
            connection.execute(statement)

    def entries(
        self, *, before: int | None = None, limit: int = 100, models: Collection[str] | None = None
    ) -> list[AuditEntry]:
        """Entries with numbers below `before`, the newest first."""
        table = audit_entries.c
        statement = select(audit_entries).order_by(table.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(table.id < before)
        if models is not None:
            statement = statement.where(table.model_key.in_([digest(name) for name in models]))
        with self._database.read() as connection:
            return [_entry_of(row) for row in connection.execute(statement)]

    def trim(self, *, before: datetime, keep: int) -> None:
        """Drop what is too old, and all but the newest `keep`."""
        table = audit_entries.c
        newest = select(table.id).order_by(table.id.desc()).offset(keep).limit(1)
        with self._database.write() as connection:
            last = connection.execute(newest).scalar()
            old = table.at < to_micros(before)
            connection.execute(
                delete(audit_entries).where(old if last is None else or_(old, table.id <= last))
            )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _key_of(row: Row[Any]) -> ApiKey:
    """Read a row of the table of keys."""
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        scopes=tuple(Scope(scope) for scope in json.loads(row.scopes)),
        models=None if row.models is None else tuple(json.loads(row.models)),
        rate=row.rate,
        created_at=from_micros(row.created_at),
        expires_at=_moment(row.expires_at),
        revoked_at=_moment(row.revoked_at),
        last_used_at=_moment(row.last_used_at),
    )


def _entry_of(row: Row[Any]) -> AuditEntry:
    """Read a row of the record of changes."""
    return AuditEntry(
        entry_id=row.id,
        at=from_micros(row.at),
        who=row.who,
        name=row.name,
        address=row.address,
        action=AuditAction(row.action),
        model_id=row.model_id,
        subject=row.subject,
        outcome=row.outcome,
    )
