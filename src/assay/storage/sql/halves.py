"""Halves of calls in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    func,
    literal,
    null,
    select,
    text,
    update,
)

from assay.ports.halves import Call, Half
from assay.storage.sql.bulk import insert_many
from assay.storage.sql.chunks import chunks
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import digest, import_halves

__all__ = ["SqlHalves"]

_T = import_halves.c
_LOCK = 0x48616C766573  # "Halves": the advisory lock of whoever adds or claims
_ROW = ("key", "model_id", "request_id", "request", "response", "size", "arrived_at", "claim")
_FILL = {
    side: update(import_halves)
    .where(_T.key == bindparam("of"))
    .values({side: bindparam("payload"), "size": bindparam("bytes"), "claim": bindparam("by")})
    for side in ("request", "response")
}


class SqlHalves:
    """:class:`assay.ports.halves.Halves` in a SQL database.

    Whoever adds, claims or erases takes a lock (on PostgreSQL an advisory one, on SQLite the database's) and
    keeps it until the commit. So what was read stays true, and two processes that find the two halves of a
    call cannot both claim it.

    Parameters
    ----------
    database : where they are; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, halves: Sequence[Half], *, claim: bytes, settled: Sequence[bytes] = (), now: int
    ) -> list[tuple[bool, Call]]:
        """Settle claims and store halves in one transaction; of a side that comes twice the first is kept."""
        if not halves:
            self.settle(settled, now=now)
            return []
        keys = [digest(half.model_id, half.request_id) for half in halves]
        with self._database.write() as connection:
            self._lock(connection)
            _settle(connection, settled, now)
            known = _calls(connection, keys)
            calls = dict(known)
            fresh: list[bool] = []
            changed: dict[bytes, None] = {}
            for key, half in zip(keys, halves, strict=True):
                call = calls.get(key) or Call(half.model_id, half.request_id, None, None, now)
                new = not call.settled and call.claim is None and getattr(call, half.side) is None
                if new:
                    call = _with(call, half)
                    changed[key] = None
                calls[key] = call
                fresh.append(new)
            for key in changed:
                call = calls[key]
                if call.request is not None and call.response is not None:
                    calls[key] = replace(call, claim=claim)
            _put(connection, known, {key: calls[key] for key in sorted(changed)})
        return [(new, calls[key]) for new, key in zip(fresh, keys, strict=True)]

    def settle(self, claims: Sequence[bytes], *, now: int) -> None:
        """Let go of the halves of the calls of these claims, and remember that the calls are settled."""
        if claims:
            with self._database.write() as connection:
                self._lock(connection)
                _settle(connection, claims, now)

    def claim_due(self, *, before: int, claim: bytes, limit: int) -> list[Call]:
        """Claim the oldest calls that nobody has claimed, whose first half came before `before`."""
        due = (
            select(_T.key)
            .where(_T.settled_at.is_(None), _T.claim.is_(None), _T.arrived_at < before)
            .order_by(_T.arrived_at, _T.key)
            .limit(limit)
        )
        with self._database.read() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            self._lock(connection)
            for some in chunks(connection.execute(due).scalars().all()):
                connection.execute(update(import_halves).where(_T.key.in_(some)).values(claim=claim))
            return _of_claim(connection, claim)

    def open_claims(self) -> list[bytes]:
        """Claims that are not settled."""
        with self._database.read() as connection:
            found = connection.execute(select(_T.claim).where(_T.claim.is_not(None)).distinct())
            return sorted(bytes(claim) for (claim,) in found)

    def claimed(self, claim: bytes) -> list[Call]:
        """Calls of a claim; none once it is settled."""
        with self._database.read() as connection:
            return _of_claim(connection, claim)

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        statement = select(func.count(), func.coalesce(func.sum(_T.size), 0)).where(_T.settled_at.is_(None))
        with self._database.read() as connection:
            count, size = connection.execute(statement).one()
        return int(count), int(size)

    def forget(self, *, settled_before: int, most: int | None = None) -> int:
        """Forget calls that were settled before that time, and all but the `most` settled last."""
        with self._database.read() as connection:
            if most is not None:
                newest = (
                    select(_T.settled_at).where(_T.settled_at.is_not(None)).order_by(_T.settled_at.desc())
                )
                last = connection.execute(newest.offset(most).limit(1)).scalar()
                settled_before = settled_before if last is None else max(settled_before, last + 1)
            old = _T.settled_at < settled_before
            if connection.execute(select(literal(1)).where(old).limit(1)).first() is None:
                return 0
        with self._database.write() as connection:
            self._lock(connection)
            return connection.execute(delete(import_halves).where(old)).rowcount

    def erase(self, model_id: str, request_ids: Sequence[str]) -> list[bytes]:
        """Delete these calls of a model that are not claimed, and return the claims of the others."""
        claims: set[bytes] = set()
        with self._database.write() as connection:
            self._lock(connection)
            for some in chunks([digest(model_id, request_id) for request_id in request_ids]):
                these = _T.key.in_(some)
                found = connection.execute(select(_T.claim).where(these, _T.claim.is_not(None)))
                claims |= {bytes(claim) for (claim,) in found}
                connection.execute(delete(import_halves).where(these, _T.claim.is_(None)))
        return sorted(claims)

    def _lock(self, connection: Connection) -> None:
        """Let nobody else add, claim or erase until the commit."""
        if not self._database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _with(call: Call, half: Half) -> Call:
    """Return the call with one half more."""
    if half.side == "request":
        return replace(call, request=half.payload)
    return replace(call, response=half.payload)


def _put(connection: Connection, known: dict[bytes, Call], changed: dict[bytes, Call]) -> None:
    """Insert calls that are not `known`, and add to the others the half that they lacked."""
    rows: list[tuple[Any, ...]] = []
    fills: dict[str, list[dict[str, Any]]] = {"request": [], "response": []}
    for key, call in changed.items():
        size = len(call.request or b"") + len(call.response or b"")
        before = known.get(key)
        if before is None:
            names = (call.model_id, call.request_id)
            rows.append((key, *names, call.request, call.response, size, call.arrived_at, call.claim))
            continue
        for side, filled in fills.items():
            payload = getattr(call, side)
            if getattr(before, side) is None and payload is not None:
                filled.append({"of": key, "payload": payload, "bytes": size, "by": call.claim})
    insert_many(connection, import_halves, _ROW, rows)
    for side, filled in fills.items():
        if filled:
            connection.execute(_FILL[side], filled)


def _settle(connection: Connection, claims: Sequence[bytes], now: int) -> None:
    """Settle claims. They are no longer in the index of claims then, which stays small."""
    for some in chunks(claims):
        connection.execute(
            update(import_halves)
            .where(_T.claim.in_(some))
            .values(request=null(), response=null(), size=0, settled_at=now, claim=null())
        )


def _calls(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, Call]:
    """Return the calls that are stored, by key."""
    found: dict[bytes, Call] = {}
    for some in chunks(list(dict.fromkeys(keys))):
        for row in connection.execute(select(import_halves).where(_T.key.in_(some))):
            found[bytes(row.key)] = _call(row)
    return found


def _of_claim(connection: Connection, claim: bytes) -> list[Call]:
    """Return the calls of a claim, oldest first."""
    statement = select(import_halves).where(_T.claim == claim).order_by(_T.arrived_at, _T.key)
    return [_call(row) for row in connection.execute(statement)]


def _call(row: Row[Any]) -> Call:
    """Read a row of the table."""
    return Call(
        row.model_id,
        row.request_id,
        None if row.request is None else bytes(row.request),
        None if row.response is None else bytes(row.response),
        row.arrived_at,
        row.settled_at is not None,
        None if row.claim is None else bytes(row.claim),
    )
