"""Profiles in SQL: written together with the journal position that they have come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, func, select, update

from assay.domain.profile import (
    DirtyBucket,
    ProfileChange,
    ProfileKey,
    ProfileKind,
    ProfileState,
    Rebuild,
    RebuildStatus,
    StoredReference,
    WaitingLabel,
)
from assay.domain.time import Granularity
from assay.errors import StaleWriter
from assay.storage.sql.bulk import select_profiles
from assay.storage.sql.chunks import chunks
from assay.storage.sql.engine import Database
from assay.storage.sql.model_rows import put_findings, put_models
from assay.storage.sql.profile_change import ChangeWriter
from assay.storage.sql.series import Series, group_key, series_of
from assay.storage.sql.tables import (
    digest,
    dirty_buckets,
    orphan_labels,
    profile_position,
    profile_references,
    profile_series,
    profiles,
    rebuilds,
    waiting_labels,
)

__all__ = ["SqlProfiles"]

_P, _S, _W = profiles.c, profile_series.c, waiting_labels.c


class SqlProfiles:
    """:class:`assay.ports.profiles.Profiles` in a SQL database.

    Parameters
    ----------
    database : where the profiles are; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._series = Series(database)

    def position(self) -> int:
        """Journal position up to which the profiles hold every row; 0 at first."""
        with self._database.read() as connection:
            return _position(connection)

    def commit(self, change: ProfileChange) -> None:
        """Write all of `change` or nothing; see the port.

        Of what is both removed and stored in one change, the stored one stays.
        """
        with self._database.write() as connection:
            moved = connection.execute(
                update(profile_position)
                .where(profile_position.c.id == 1, profile_position.c.position == change.before)
                .values(position=change.after)
            )
            if moved.rowcount != 1:
                raise StaleWriter(
                    f"the profiles stand at position {_position(connection)}, not at {change.before}: "
                    "another writer has moved on; read again"
                )
            writer = ChangeWriter(connection, self._database, self._series)
            writer.remove(change)
            numbers = writer.store(change)
            put_models(connection, self._database, change.models)
            put_findings(connection, self._database, change.findings)
        self._series.remember(numbers)

    def get(self, keys: Collection[ProfileKey]) -> dict[ProfileKey, bytes]:
        """Bytes of those `keys` that are stored."""
        if not keys:
            return {}
        names = {key: series_of(key) for key in keys}
        with self._database.read() as connection:
            numbers = self._series.find(connection, set(names.values()))
            pairs = {(numbers[name], key.start): key for key, name in names.items() if name in numbers}
            found = select_profiles(connection, list(pairs))
        self._series.remember(numbers)
        return {pairs[pair]: payload for pair, payload in found.items()}

    def scan(
        self,
        model_id: str,
        kind: ProfileKind,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str | None = None,
        slice_key: str = "",
        slice_value: str | None = "",
        reference_id: str = "",
    ) -> list[tuple[ProfileKey, bytes]]:
        """Profiles whose bucket starts in ``[start, end)``; see the port."""
        group = group_key(model_id, kind, granularity, slice_key, reference_id)
        statement = (
            select(_S.version, _S.slice_value, _P.start, _P.payload)
            .join_from(profile_series, profiles, _P.series_id == _S.id)
            .where(_S.group_key == group, _P.start >= start, _P.start < end)
        )
        if version is not None:
            statement = statement.where(_S.version == version)
        if slice_value is not None:
            statement = statement.where(_S.slice_value == slice_value)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        found = [
            (ProfileKey(model_id, name, kind, granularity, at, slice_key, value, reference_id), payload)
            for name, value, at, payload in rows
        ]
        found.sort(key=lambda item: (item[0].start, item[0].version, item[0].slice_value))
        return found

    def extent(self, model_id: str) -> Mapping[tuple[str, str, str], tuple[int, int]]:
        """First and last hour of the model's traffic per (version, slice key, slice value)."""
        starts = select(_P.start).where(_P.series_id == _S.id).correlate(profile_series)
        # Two look-ups in the index for each series, however many profiles it has.
        first = starts.order_by(_P.start).limit(1).scalar_subquery()
        last = starts.order_by(_P.start.desc()).limit(1).scalar_subquery()
        statement = select(_S.version, _S.slice_key, _S.slice_value, first, last).where(
            _S.model_key == digest(model_id),
            _S.kind == ProfileKind.TRAFFIC.value,
            _S.granularity == Granularity.HOUR.value,
        )
        with self._database.read() as connection:
            return {
                (version, key, value): (low, high)
                for version, key, value, low, high in connection.execute(statement)
                if low is not None
            }

    def waiting(
        self,
        model_id: str,
        ids: Collection[str] | None = None,
        *,
        received_before: int | None = None,
    ) -> list[WaitingLabel]:
        """Waiting labels of the model, in the order in which they were received."""
        columns = (_W.model_id, _W.prediction_id, _W.observed_at, _W.received_at, _W.label)
        statement = select(*columns).where(_W.model_key == digest(model_id))
        if received_before is not None:
            statement = statement.where(_W.received_at < received_before)
        with self._database.read() as connection:
            if ids is None:
                rows = list(connection.execute(statement))
            else:
                keys = {digest(model_id, prediction_id) for prediction_id in ids}
                rows = [
                    row
                    for some in chunks(keys)
                    for row in connection.execute(statement.where(_W.key.in_(some)))
                ]
        return sorted(
            (WaitingLabel(*row) for row in rows), key=lambda label: (label.received_at, label.prediction_id)
        )

    def state(self, model_id: str | None = None) -> ProfileState:
        """Dirty buckets, rebuilds and counts of labels; of one model or of all."""
        dirty = select(dirty_buckets.c.model_id, dirty_buckets.c.start)
        running = select(rebuilds)
        orphans = select(orphan_labels.c.model_id, orphan_labels.c.total)
        if model_id is not None:
            key = digest(model_id)
            dirty = dirty.where(dirty_buckets.c.model_key == key)
            running = running.where(rebuilds.c.model_key == key)
            orphans = orphans.where(orphan_labels.c.model_key == key)
        with self._database.read() as connection:
            buckets = sorted(DirtyBucket(*row) for row in connection.execute(dirty))
            states = [
                Rebuild(
                    model_id=row.model_id,
                    reference_id=row.reference_id,
                    upto=row.upto,
                    status=RebuildStatus(row.status),
                    done_before=row.done_before,
                    rows_done=row.rows_done,
                    rows_total=row.rows_total,
                    started_at=row.started_at,
                )
                for row in connection.execute(running)
            ]
            counts = {name: int(count) for name, count in connection.execute(orphans)}
            waiting = 0
            if model_id is not None:
                held = select(func.count()).where(waiting_labels.c.model_key == digest(model_id))
                waiting = connection.execute(held).scalar_one()
        states.sort(key=lambda rebuild: (rebuild.started_at, rebuild.model_id, rebuild.reference_id))
        return ProfileState(buckets, states, counts, int(waiting))

    def references(self, model_id: str, *, with_payload: bool = True) -> list[StoredReference]:
        """References of the model, newest first; payloads empty unless asked for."""
        table = profile_references.c
        columns = [
            table.model_id,
            table.reference_id,
            table.provisional,
            table.rows,
            table.created_at,
            table.name,
        ]
        if with_payload:
            columns.append(table.payload)
        statement = select(*columns).where(table.model_key == digest(model_id))
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        found = [
            StoredReference(
                model_id=row.model_id,
                reference_id=row.reference_id,
                provisional=bool(row.provisional),
                rows=row.rows,
                created_at=row.created_at,
                payload=row.payload if with_payload else b"",
                name=row.name,
            )
            for row in rows
        ]
        return sorted(found, key=lambda stored: (stored.created_at, stored.reference_id), reverse=True)


def _position(connection: Connection) -> int:
    statement = select(func.max(profile_position.c.position))
    return int(connection.execute(statement).scalar_one())
