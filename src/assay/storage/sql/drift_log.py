"""The log of verdicts on drift in SQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from assay.domain.detection import Detection, DriftFigure
from assay.domain.time import Granularity
from assay.storage.sql.chunks import chunks
from assay.storage.sql.drift_tables import drift_detections, drift_earlier, drift_metrics
from assay.storage.sql.engine import Database
from assay.storage.sql.tables import digest

__all__ = ["SqlDriftLog"]

_D = drift_detections.c
_E = drift_earlier.c
_M = drift_metrics.c
_WITHOUT_PAYLOAD = tuple(column for column in _D if column.name != "payload")


class SqlDriftLog:
    """:class:`assay.ports.drift_log.DriftLog` in a SQL database.

    Parameters
    ----------
    database : where they are; stays open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, detections: Sequence[Detection]) -> None:
        """Store verdicts with their figures in one transaction, in place of those on the same windows."""
        rows = {_key(one): one for one in detections}  # of two on one window the last stays
        if not rows:
            return
        figures = [
            _figure_row(key, one, place, figure)
            for key, one in rows.items()
            for place, figure in enumerate(one.figures)
        ]
        with self._database.write() as connection:
            for some in chunks(rows):
                _keep_earlier(connection, rows, some)
                connection.execute(delete(drift_metrics).where(_M.detection.in_(some)))
                connection.execute(delete(drift_detections).where(_D.key.in_(some)))
            connection.execute(drift_detections.insert(), [_row(key, one) for key, one in rows.items()])
            if figures:
                connection.execute(drift_metrics.insert(), figures)

    def read(
        self,
        model_id: str,
        granularity: Granularity,
        *,
        start: int,
        end: int,
        version: str = "",
        with_payload: bool = False,
    ) -> list[Detection]:
        """Verdicts on windows that begin in ``[start, end)``, in order."""
        statement = (
            select(*(_D if with_payload else _WITHOUT_PAYLOAD))
            .where(
                _D.series_key == digest(model_id, version, granularity.value),
                _D.window_start >= start,
                _D.window_start < end,
            )
            .order_by(_D.window_start)
        )
        with self._database.read() as connection:
            return [_detection(row) for row in connection.execute(statement)]

    def figures(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[tuple[int, DriftFigure]]:
        """Figures of windows that begin in ``[start, end)``, each with the window's begin, in their order."""
        statement = (
            select(_M.window_start, _M.column, _M.statistic, _M.value, _M.p_value, _M.threshold, _M.n)
            .join_from(drift_detections, drift_metrics, _M.detection == _D.key)
            .where(
                _D.series_key == digest(model_id, version, granularity.value),
                _D.window_start >= start,
                _D.window_start < end,
            )
            .order_by(_M.window_start, _M.place)
        )
        with self._database.read() as connection:
            return [(begin, DriftFigure(*rest)) for begin, *rest in connection.execute(statement)]

    def newest(
        self, granularity: Granularity, models: Collection[str] | None = None, *, with_truth: bool = False
    ) -> list[Detection]:
        """Newest verdict on all versions together of each model, in order of names."""
        last = (
            select(_D.series_key, func.max(_D.window_start).label("begin"))
            .where(_D.version == "", _D.granularity == granularity.value)
            .group_by(_D.series_key)
        )
        if with_truth:
            last = last.where(_D.looks > 0)
        found: list[Detection] = []
        with self._database.read() as connection:
            wanted: list[Any] = [None]
            if models is not None:
                keys = [digest(name, "", granularity.value) for name in models]
                wanted = list(chunks(keys))
            for some in wanted:
                newest = (last if some is None else last.where(_D.series_key.in_(some))).subquery()
                statement = select(*_WITHOUT_PAYLOAD).join(
                    newest,
                    (_D.series_key == newest.c.series_key) & (_D.window_start == newest.c.begin),
                )
                found += [_detection(row) for row in connection.execute(statement)]
        return sorted(found, key=lambda one: one.model_id)

    def earlier(
        self, model_id: str, granularity: Granularity, *, start: int, end: int, version: str = ""
    ) -> list[Detection]:
        """Verdicts on windows that begin in ``[start, end)`` in whose place others came, in order."""
        statement = (
            select(drift_earlier)
            .where(
                _E.series_key == digest(model_id, version, granularity.value),
                _E.window_start >= start,
                _E.window_start < end,
            )
            .order_by(_E.window_start, _E.place)
        )
        with self._database.read() as connection:
            return [_detection(row) for row in connection.execute(statement)]

    def drop(self, model_id: str, granularity: Granularity, *, before: int) -> int:
        """Forget verdicts on windows that begin before a time; return how many."""
        old = (
            _D.model_key == digest(model_id),
            _D.granularity == granularity.value,
            _D.window_start < before,
        )
        with self._database.write() as connection:
            keys = connection.execute(select(_D.key).where(*old)).scalars().all()
            for some in chunks(keys):
                connection.execute(delete(drift_metrics).where(_M.detection.in_(some)))
                connection.execute(delete(drift_earlier).where(_E.detection.in_(some)))
                connection.execute(delete(drift_detections).where(_D.key.in_(some)))
        return len(keys)


def _keep_earlier(connection: Connection, made: Mapping[bytes, Detection], keys: Sequence[bytes]) -> None:
    """Keep the verdicts that are there under some keys, where those made now say something else."""
    there = connection.execute(select(*_WITHOUT_PAYLOAD).where(_D.key.in_(keys))).all()
    gone = [row for row in there if not _detection(row).says_as(made[row.key])]
    if not gone:
        return
    count = select(_E.detection, func.max(_E.place)).where(_E.detection.in_([row.key for row in gone]))
    places = {row[0]: row[1] for row in connection.execute(count.group_by(_E.detection))}
    rows = [(row.key, _row(row.key, _detection(row))) for row in gone]
    connection.execute(
        drift_earlier.insert(),
        [
            {name: value for name, value in values.items() if name not in ("key", "payload")}
            | {"detection": key, "place": places.get(key, -1) + 1}
            for key, values in rows
        ],
    )


def _key(one: Detection) -> bytes:
    return digest(one.model_id, one.version, one.granularity.value, str(one.start))


def _row(key: bytes, one: Detection) -> dict[str, Any]:
    return {
        "key": key,
        "series_key": digest(one.model_id, one.version, one.granularity.value),
        "model_key": digest(one.model_id),
        "model": one.model_id,
        "version": one.version,
        "granularity": one.granularity.value,
        "window_start": one.start,
        "window_end": one.end,
        "n": one.n,
        "status": one.status,
        "drift_type": one.drift_type,
        "severity": one.severity,
        "confidence": one.confidence,
        "affected_features": json.dumps(one.affected),
        "columns": one.columns,
        "reference_id": one.reference_id,
        "baseline": one.baseline,
        "learnt_hours": one.learnt_hours,
        "computed_at": one.computed_at,
        "payload": one.payload,
        "drift_types": json.dumps(one.types),
        "n_labelled": one.n_labelled,
        "truth": one.truth,
        "looks": one.looks,
        "accuracy_before": one.accuracy_before,
        "accuracy": one.accuracy,
    }


def _figure_row(key: bytes, one: Detection, place: int, figure: DriftFigure) -> dict[str, Any]:
    return {
        "detection": key,
        "place": place,
        "window_start": one.start,
        "window_end": one.end,
        "granularity": one.granularity.value,
        "slice_key": "",
        "slice_value": "",
        "model": one.model_id,
        "version": one.version,
        "column": figure.column,
        "statistic": figure.statistic,
        "value": figure.value,
        "p_value": figure.p_value,
        "threshold": figure.threshold,
        "n": figure.n,
        "computed_at": one.computed_at,
        "baseline": one.baseline,
    }


def _detection(row: Row[Any]) -> Detection:
    return Detection(
        row.model,
        row.version,
        Granularity(row.granularity),
        row.window_start,
        row.window_end,
        row.n,
        row.status,
        row.drift_type,
        row.severity,
        row.confidence,
        tuple(json.loads(row.affected_features)),
        row.columns,
        row.reference_id,
        row.baseline,
        row.learnt_hours,
        row.computed_at,
        getattr(row, "payload", b""),
        types=tuple(json.loads(row.drift_types or "[]")),
        n_labelled=row.n_labelled or 0,
        truth=row.truth or 0,
        looks=row.looks or 0,
        accuracy_before=row.accuracy_before,
        accuracy=row.accuracy,
    )
