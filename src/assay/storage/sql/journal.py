"""The journal in SQL: one row per batch, positions in the order of the commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Select, bindparam, delete, func, insert, select, update

from assay.domain.batch import Entry, JournalBatch, Receipt
from assay.domain.columns import Kind
from assay.storage.sql.bulk import insert_many
from assay.storage.sql.chunks import chunks
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import (
    digest,
    idempotency_keys,
    journal_batches,
    journal_head,
    journal_streams,
)

__all__ = ["SqlJournal"]

_B, _S, _K, _H = journal_batches.c, journal_streams.c, idempotency_keys.c, journal_head.c
_JOINED = journal_batches.join(journal_streams, _B.stream_id == _S.id)
_LOOK_AHEAD = 1_024  # batches whose sizes are asked for at once
_TRIM = 200  # batches deleted in one transaction, so that appends get their turn
_TRIM_KEYS = 2_000

_LOCK_HEAD = select(_H.position).where(_H.id == 1).with_for_update()
_MOVE_HEAD = update(journal_head).where(_H.id == 1).values(position=bindparam("to"))
_BATCH = ("position", "stream_id", "rows", "appended_at", "payload")
_KEY = ("key", "body_hash", "response", "position", "created_at")

_Stream = tuple[str, str]
_Known = dict[bytes, tuple[bytes, bytes]]


class SqlJournal:
    """:class:`assay.ports.journal.Journal` in a SQL database.

    Whoever appends first takes the lock on the journal's head (on PostgreSQL the row's, on SQLite the
    database's) and keeps it until the commit. So positions become visible in their order, and two
    requests with one idempotency key cannot both be the first.

    Parameters
    ----------
    database : where the journal is; stays open when the journal is closed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: dict[_Stream, int] = {}  # grows by one per model and kind, never out of date

    def append(self, entries: Sequence[Entry], *, now: int) -> list[Receipt]:
        """Store `entries` durably; see the port."""
        if not entries:
            return []
        keys = [
            None if entry.idempotency_key is None else digest(entry.model_id, entry.idempotency_key)
            for entry in entries
        ]
        with self._database.write() as connection:
            head = int(connection.execute(_LOCK_HEAD).scalar_one())
            known = self._known(connection, {key for key in keys if key is not None})
            receipts, accepted, new_keys = _judge(entries, keys, known, head=head, now=now)
            streams = self._stream_ids(connection, {(entry.model_id, entry.kind) for _, entry in accepted})
            if accepted:
                rows = [
                    (position, streams[entry.model_id, entry.kind], entry.rows, now, entry.payload)
                    for position, entry in accepted
                ]
                insert_many(connection, journal_batches, _BATCH, rows)
                connection.execute(_MOVE_HEAD, {"to": head + len(accepted)})
            insert_many(connection, idempotency_keys, _KEY, new_keys)
        self._streams.update(streams)  # only now are they sure to stay
        return receipts

    def read(
        self,
        *,
        after: int,
        upto: int | None = None,
        model_id: str | None = None,
        kinds: Collection[Kind] | None = None,
        max_bytes: int | None = None,
    ) -> list[JournalBatch]:
        """Batches after a position, in order; see the port."""
        with self._database.read() as connection:
            chosen = self._chosen(connection, after, upto, model_id, kinds)
            if chosen is None:
                return []
            if max_bytes is not None:
                last = _last_within(connection, chosen, max_bytes)
                if last is None:
                    return []
                chosen = chosen.where(_B.position <= last)
            statement = chosen.with_only_columns(
                _B.position, _S.model_id, _S.kind, _B.payload, _B.rows, _B.appended_at
            ).order_by(_B.position)
            return [
                JournalBatch(position, name, Kind(kind), payload, rows, at)
                for position, name, kind, payload, rows, at in connection.execute(statement)
            ]

    def head(self) -> int:
        """Position of the newest batch ever appended."""
        with self._database.read() as connection:
            return int(connection.execute(select(_H.position).where(_H.id == 1)).scalar_one())

    def backlog(self, *, after: int) -> tuple[int, int]:
        """Rows after the position, and when the oldest of them was appended."""
        per_stream = _per_stream(after).subquery()
        oldest = (
            select(_B.appended_at).where(_B.position > after).order_by(_B.position).limit(1).scalar_subquery()
        )
        with self._database.read() as connection:
            rows, since = connection.execute(select(func.sum(per_stream.c.rows), oldest)).one()
        return int(rows or 0), int(since or 0)

    def models(self, *, after: int) -> list[tuple[str, Kind, int, int, int]]:
        """Rows and positions after `after` per model and kind."""
        per_stream = _per_stream(after).subquery()
        statement = select(
            _S.model_id, _S.kind, per_stream.c.rows, per_stream.c.first, per_stream.c.last
        ).join_from(journal_streams, per_stream, per_stream.c.stream_id == _S.id)
        with self._database.read() as connection:
            found = connection.execute(statement).all()
        return sorted((model, Kind(kind), int(rows), first, last) for model, kind, rows, first, last in found)

    def trim(self, *, batches: Sequence[tuple[str, Kind, int]], keys_before: int) -> int:
        """Delete batches and old keys, a few at a time so that appends are not kept waiting."""
        with self._database.read() as connection:
            streams = self._find(connection, {(model_id, str(kind)) for model_id, kind, _ in batches})
        left = [
            (streams[model_id, kind], position)
            for model_id, kind, position in batches
            if (model_id, kind) in streams
        ]
        removed = 0
        while left:
            with self._database.write() as connection:
                budget = _TRIM
                while left and budget > 0:
                    count = connection.execute(_oldest(*left[-1], budget)).rowcount
                    removed += count
                    if count < budget:
                        left.pop()
                    budget -= count + 1  # one that finds nothing takes its time too
        stale = select(_K.key).where(_K.created_at < keys_before).limit(_TRIM_KEYS)
        forgotten = _TRIM_KEYS
        while forgotten == _TRIM_KEYS:
            with self._database.write() as connection:
                forgotten = connection.execute(delete(idempotency_keys).where(_K.key.in_(stale))).rowcount
        return removed

    def wipe(self) -> None:
        """Write the database anew without its free space."""
        self._database.vacuum()

    def close(self) -> None:
        """Forget what was cached; the connections belong to the database, which its owner closes."""
        self._streams.clear()

    def _known(self, connection: Connection, keys: set[bytes]) -> _Known:
        known: _Known = {}
        for some in chunks(keys):
            statement = select(_K.key, _K.body_hash, _K.response).where(_K.key.in_(some))
            known |= {key: (body, response) for key, body, response in connection.execute(statement)}
        return known

    def _find(self, connection: Connection, streams: set[_Stream]) -> dict[_Stream, int]:
        """Ids of those `streams` that exist."""
        found = {stream: self._streams[stream] for stream in streams if stream in self._streams}
        missing = {digest(*stream): stream for stream in streams if stream not in found}
        for some in chunks(missing):
            for key, number in connection.execute(select(_S.key, _S.id).where(_S.key.in_(some))):
                found[missing[key]] = number
        return found

    def _stream_ids(self, connection: Connection, streams: set[_Stream]) -> dict[_Stream, int]:
        """Ids of `streams`, those that are missing created; the caller holds the head's lock."""
        found = self._find(connection, streams)
        new = streams - found.keys()
        if not new:
            return found
        connection.execute(
            insert(journal_streams),
            [
                {"key": digest(model, kind), "model_id": model, "kind": str(kind)}
                for model, kind in sorted(new)
            ],
        )
        return found | self._find(connection, new)

    def _chosen(
        self,
        connection: Connection,
        after: int,
        upto: int | None,
        model_id: str | None,
        kinds: Collection[Kind] | None,
    ) -> Select[Any] | None:
        """The batches asked for, columns still open; None where there can be none."""
        chosen = select(_B.position).select_from(_JOINED).where(_B.position > after)
        if upto is not None:
            chosen = chosen.where(_B.position <= upto)
        if model_id is not None:
            wanted = {(model_id, str(kind)) for kind in (Kind if kinds is None else kinds)}
            streams = self._find(connection, wanted)
            return chosen.where(_B.stream_id.in_(sorted(streams.values()))) if streams else None
        if kinds is not None:
            return chosen.where(_S.kind.in_(sorted(str(kind) for kind in kinds))) if kinds else None
        return chosen


def _per_stream(after: int) -> Select[Any]:
    """Rows, first and last position after `after`, per stream: one index range for each."""
    return (
        select(
            _B.stream_id.label("stream_id"),
            func.sum(_B.rows).label("rows"),
            func.min(_B.position).label("first"),
            func.max(_B.position).label("last"),
        )
        .where(_B.position > after)
        .group_by(_B.stream_id)
    )


def _oldest(stream: int, position: int, count: int) -> Delete:
    """Delete the oldest `count` batches of a stream, up to a position."""
    oldest = (
        select(_B.position)
        .where(_B.stream_id == stream, _B.position <= position)
        .order_by(_B.position)
        .limit(count)
    )
    return delete(journal_batches).where(_B.position.in_(oldest))


def _last_within(connection: Connection, chosen: Select[Any], max_bytes: int) -> int | None:
    """Position of the batch whose payload takes the sum past `max_bytes`, or else of the last; None: none."""
    sizes = chosen.add_columns(func.length(_B.payload)).order_by(_B.position).limit(_LOOK_AHEAD)
    last, total = None, 0
    while True:
        page = connection.execute(sizes if last is None else sizes.where(_B.position > last)).all()
        for position, size in page:
            last, total = position, total + size
            if total > max_bytes:
                return last
        if len(page) < _LOOK_AHEAD:
            return last


def _judge(
    entries: Sequence[Entry], keys: Sequence[bytes | None], known: _Known, *, head: int, now: int
) -> tuple[list[Receipt], list[tuple[int, Entry]], list[tuple[Any, ...]]]:
    """Decide what becomes of each entry: receipts, (position, entry) to store, rows of new keys.

    `known` gains the new keys, so that one that comes twice within `entries` is seen.
    """
    receipts: list[Receipt] = []
    accepted: list[tuple[int, Entry]] = []
    new_keys: list[tuple[Any, ...]] = []
    for entry, key in zip(entries, keys, strict=True):
        if key is not None and key in known:
            body, response = known[key]
            same = body == entry.body_hash
            receipts.append(
                Receipt(None, replayed=same, conflict=not same, response=response if same else b"")
            )
            continue
        position = None
        if entry.payload:
            position = head + len(accepted) + 1
            accepted.append((position, entry))
        if key is not None:
            known[key] = (entry.body_hash, entry.response)
            new_keys.append((key, entry.body_hash, entry.response, position, now))
        receipts.append(Receipt(position, response=entry.response))
    return receipts, accepted, new_keys
