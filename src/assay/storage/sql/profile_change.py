"""Writing one :class:`~assay.domain.profile.ProfileChange` inside a transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, or_, select

from assay.domain.profile import ProfileChange
from assay.storage.sql.bulk import insert_many
from assay.storage.sql.engine import Database
from assay.storage.sql.series import Series, SeriesName, series_of
from assay.storage.sql.tables import (
    digest,
    dirty_buckets,
    orphan_labels,
    profile_references,
    profile_series,
    profiles,
    rebuilds,
    waiting_labels,
)

__all__ = ["ChangeWriter"]

_P, _S, _W = profiles.c, profile_series.c, waiting_labels.c


class ChangeWriter:
    """Writes the parts of a change; each statement is sent once for all its rows.

    Parameters
    ----------
    connection : in the transaction that moves the position.
    database : whose dialect the statements have.
    series : numbers of series.
    """

    def __init__(self, connection: Connection, database: Database, series: Series) -> None:
        self._connection = connection
        self._database = database
        self._series = series

    def remove(self, change: ProfileChange) -> None:
        """Delete what `change` names as gone."""
        for model_id, reference_id in change.drop_references:
            numbers = select(_S.id).where(_S.model_key == digest(model_id), _S.reference_id == reference_id)
            self._connection.execute(delete(profiles).where(_P.series_id.in_(numbers)))
        self._delete(profile_references, [{"key": digest(*pair)} for pair in change.drop_references])
        if change.deletes:
            numbers_of = self._series.find(self._connection, {series_of(key) for key in change.deletes})
            gone = [
                {"series_id": numbers_of[name], "start": key.start}
                for key in change.deletes
                if (name := series_of(key)) in numbers_of
            ]
            self._delete(profiles, gone)
        self._delete(waiting_labels, [{"key": digest(*pair)} for pair in change.settled])
        self._delete(
            dirty_buckets,
            [{"model_key": digest(bucket.model_id), "start": bucket.start} for bucket in change.cleaned],
        )

    def store(self, change: ProfileChange) -> dict[SeriesName, int]:
        """Store what `change` names as new or changed; return the numbers of the series it used."""
        numbers = self._store_profiles(change)
        self._store_waiting(change)
        self._upsert(
            dirty_buckets,
            [
                {"model_key": digest(bucket.model_id), "model_id": bucket.model_id, "start": bucket.start}
                for bucket in change.dirty
            ],
            replace=("model_id",),
        )
        self._store_orphans(change)
        self._upsert(
            profile_references,
            [
                {
                    "key": digest(stored.model_id, stored.reference_id),
                    "model_key": digest(stored.model_id),
                    "model_id": stored.model_id,
                    "reference_id": stored.reference_id,
                    "provisional": stored.provisional,
                    "rows": stored.rows,
                    "created_at": stored.created_at,
                    "name": stored.name,
                    "payload": stored.payload,
                }
                for stored in change.references
            ],
            replace=("provisional", "rows", "created_at", "name", "payload"),
        )
        self._upsert(
            rebuilds,
            [
                {
                    "key": digest(rebuild.model_id, rebuild.reference_id),
                    "model_key": digest(rebuild.model_id),
                    "model_id": rebuild.model_id,
                    "reference_id": rebuild.reference_id,
                    "upto": rebuild.upto,
                    "status": rebuild.status.value,
                    "done_before": rebuild.done_before,
                    "rows_done": rebuild.rows_done,
                    "rows_total": rebuild.rows_total,
                    "started_at": rebuild.started_at,
                }
                for rebuild in change.rebuilds
            ],
            replace=("upto", "status", "done_before", "rows_done", "rows_total", "started_at"),
        )
        return numbers

    def _store_profiles(self, change: ProfileChange) -> dict[SeriesName, int]:
        if not change.upserts:
            return {}
        names = {key: series_of(key) for key in change.upserts}
        numbers = self._series.make(self._connection, set(names.values()))
        rows = [(numbers[names[key]], key.start, payload) for key, payload in change.upserts.items()]
        rows.sort()  # neighbours in the index go together
        insert_many(self._connection, profiles, ("series_id", "start", "payload"), rows, replace=("payload",))
        return numbers

    def _store_waiting(self, change: ProfileChange) -> None:
        if not change.waiting:
            return
        statement = self._database.insert(waiting_labels)
        new = statement.excluded
        # The later observation counts; of two at one moment, the one with the larger bytes, so that
        # the order in which they arrive makes no difference.
        wins = or_(
            new.observed_at > _W.observed_at,
            and_(new.observed_at == _W.observed_at, new.label > _W.label),
        )
        replaced = {field: new[field] for field in ("observed_at", "received_at", "label")}
        statement = statement.on_conflict_do_update(index_elements=[_W.key], set_=replaced, where=wins)
        rows = [
            {
                "key": digest(label.model_id, label.prediction_id),
                "model_key": digest(label.model_id),
                "model_id": label.model_id,
                "prediction_id": label.prediction_id,
                "observed_at": label.observed_at,
                "received_at": label.received_at,
                "label": label.label,
            }
            for label in change.waiting
        ]
        self._connection.execute(statement, rows)

    def _store_orphans(self, change: ProfileChange) -> None:
        if not change.orphans:
            return
        statement = self._database.insert(orphan_labels)
        counts = orphan_labels.c
        statement = statement.on_conflict_do_update(
            index_elements=[counts.model_key],
            set_={"total": counts.total + statement.excluded.total},
        )
        rows = [
            {"model_key": digest(model_id), "model_id": model_id, "total": count}
            for model_id, count in change.orphans.items()
        ]
        self._connection.execute(statement, rows)

    def _delete(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Delete the rows with these values of the primary key."""
        if rows:
            matches = [table.c[name] == bindparam("its_" + name) for name in rows[0]]
            statement = delete(table).where(*matches)
            self._connection.execute(
                statement, [{"its_" + name: value for name, value in row.items()} for row in rows]
            )

    def _upsert(self, table: Table, rows: list[dict[str, Any]], *, replace: tuple[str, ...]) -> None:
        """Insert `rows`; where the primary key is taken, set the columns `replace` instead."""
        if not rows:
            return
        statement = self._database.insert(table)
        statement = statement.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={name: statement.excluded[name] for name in replace},
        )
        self._connection.execute(statement, rows)
