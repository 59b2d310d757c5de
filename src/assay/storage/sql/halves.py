"""Halves of calls in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, literal, null, or_, select, update

from assay.ports.halves import Call, Half
from assay.storage.sql.chunks import chunks
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import digest, import_halves

__all__ = ["SqlHalves"]

_T = import_halves.c


class SqlHalves:
    """:class:`assay.ports.halves.Halves` in a SQL database.

    Parameters
    ----------
    database : where they are; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, halves: Sequence[Half], *, now: int) -> list[tuple[bool, Call]]:
        """Store halves in one transaction; of a side that comes twice the first is kept."""
        if not halves:
            return []
        keys = [digest(half.model_id, half.request_id) for half in halves]
        rows: dict[bytes, dict[str, Any]] = {}
        with self._database.write() as connection:
            known = self._calls(connection, keys)
            fresh: list[bool] = []
            for key, half in zip(keys, halves, strict=True):
                call = known.get(key)
                there = call is not None and (call.settled or getattr(call, half.side) is not None)
                row = rows.setdefault(
                    key,
                    {
                        "key": key,
                        "model_id": half.model_id,
                        "request_id": half.request_id,
                        "request": None,
                        "response": None,
                        "size": 0,
                        "arrived_at": now,
                        "settled_at": None,
                    },
                )
                fresh.append(not there and row[half.side] is None)
                if fresh[-1]:
                    row[half.side] = half.payload
                    row["size"] += len(half.payload)
            new = [row for row in rows.values() if row["size"]]
            if new:
                self._put(connection, new)
            stored = self._calls(connection, keys)
        return [(one, stored[key]) for one, key in zip(fresh, keys, strict=True)]

    def settle(self, calls: Sequence[tuple[str, str]], *, now: int) -> None:
        """Let go of the halves of these calls, and remember that they are settled."""
        with self._database.write() as connection:
            for some in chunks([digest(*call) for call in calls]):
                connection.execute(
                    update(import_halves)
                    .where(_T.key.in_(some), _T.settled_at.is_(None))
                    .values(request=null(), response=null(), size=0, settled_at=now)
                )

    def due(self, *, before: int, limit: int) -> list[Call]:
        """Calls not settled that have both halves, or whose first half came before `before`."""
        both = _T.request.is_not(None) & _T.response.is_not(None)
        statement = (
            select(import_halves)
            .where(_T.settled_at.is_(None), or_(_T.arrived_at < before, both))
            .order_by(_T.arrived_at, _T.key)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_call(row) for row in connection.execute(statement)]

    def waiting(self) -> tuple[int, int]:
        """Calls that are not settled, and the bytes of their halves."""
        statement = select(func.count(), func.coalesce(func.sum(_T.size), 0)).where(_T.settled_at.is_(None))
        with self._database.read() as connection:
            count, size = connection.execute(statement).one()
        return int(count), int(size)

    def forget(self, *, settled_before: int) -> int:
        """Forget calls that were settled before that time; return how many."""
        with self._database.write() as connection:
            return connection.execute(delete(import_halves).where(_T.settled_at < settled_before)).rowcount

    def erase(self, model_id: str, request_ids: Sequence[str]) -> None:
        """Delete these calls of a model, settled or not."""
        with self._database.write() as connection:
            for some in chunks([digest(model_id, request_id) for request_id in request_ids]):
                connection.execute(delete(import_halves).where(_T.key.in_(some)))

    def _put(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        """Insert calls, or add the halves that they lack; another process may have been quicker."""
        statement = self._database.insert(import_halves)
        new = statement.excluded
        added = [
            case((_T[side].is_(None), func.coalesce(func.length(new[side]), 0)), else_=literal(0))
            for side in ("request", "response")
        ]
        statement = statement.on_conflict_do_update(
            index_elements=[_T.key],
            set_={
                "request": func.coalesce(_T.request, new.request),
                "response": func.coalesce(_T.response, new.response),
                "size": _T.size + added[0] + added[1],
            },
            where=_T.settled_at.is_(None),
        )
        connection.execute(statement, rows)

    @staticmethod
    def _calls(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, Call]:
        """Return the calls that are stored, by key."""
        found: dict[bytes, Call] = {}
        for some in chunks(list(dict.fromkeys(keys))):
            for row in connection.execute(select(import_halves).where(_T.key.in_(some))):
                found[bytes(row.key)] = _call(row)
        return found


def _call(row: Row[Any]) -> Call:
    """Read a row of the table."""
    return Call(
        row.model_id,
        row.request_id,
        None if row.request is None else bytes(row.request),
        None if row.response is None else bytes(row.response),
        row.arrived_at,
        row.settled_at is not None,
    )
