"""A lake in plain Python, slow and obvious: what the real ones are compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from assay.domain.columns import LABEL_FIELDS, NUMERIC_FEATURE, PREDICTION_FIELDS, TAG, TIMESTAMP, Kind
from assay.errors import InvalidInput
from assay.ports.lake import LakeStats

__all__ = ["NaiveLake", "rows_of"]

_FIELDS = {Kind.PREDICTIONS: PREDICTION_FIELDS, Kind.LABELS: LABEL_FIELDS}
_TIMES = {Kind.PREDICTIONS: "timestamp", Kind.LABELS: "observed_at"}


def rows_of(table: pa.Table) -> list[tuple[tuple[str, str], ...]]:
    """Return the rows of `table` as texts to compare, sorted, without nulls and the order of columns.

    >>> rows_of(pa.table({"b": [1, None], "a": [0.5, 0.5]}))
    [(('a', '0.5'),), (('a', '0.5'), ('b', '1'))]
    """
    plain = {
        name: (
            table.column(name).cast(pa.int64())
            if table.schema.field(name).type == TIMESTAMP
            else table.column(name)
        )
        for name in table.column_names
    }
    lists = {name: column.to_pylist() for name, column in plain.items()}
    names = sorted(lists)
    return sorted(
        tuple((name, repr(lists[name][i])) for name in names if lists[name][i] is not None)
        for i in range(table.num_rows)
    )


class NaiveLake:
    """Lists of dicts that keep the law of :class:`assay.ports.lake.Lake`; nothing is durable."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Kind], list[dict[str, Any]]] = {}
        self._types: dict[tuple[str, Kind], dict[str, pa.DataType]] = {}
        self._positions: dict[tuple[str, Kind], int] = {}

    def write(self, model_id: str, kind: Kind, batches: Sequence[tuple[int, pa.Table]], *, upto: int) -> int:
        """See :meth:`assay.ports.lake.Lake.write`."""
        if any(position > upto for position, _ in batches):
            raise InvalidInput(f"a batch lies beyond position {upto}")
        key = (model_id, kind)
        known = self._positions.get(key, 0)
        types = self._types.setdefault(key, {**_FIELDS[kind], "_position": pa.int64()})
        written = 0
        for position, table in batches:
            if position <= known:
                continue
            for field in table.schema:
                if field.name.startswith(NUMERIC_FEATURE) and types.get(field.name) == pa.float64():
                    continue
                types[field.name] = field.type
            plain = table
            for i, field in enumerate(table.schema):
                if field.type == TIMESTAMP:
                    plain = plain.set_column(i, field.name, plain.column(i).cast(pa.int64()))
            rows = [{**row, "_position": position} for row in plain.to_pylist()]
            self._rows.setdefault(key, []).extend(rows)
            written += len(rows)
        self._positions[key] = max(known, upto)
        return written

    def position(self, model_id: str, kind: Kind) -> int:
        """See :meth:`assay.ports.lake.Lake.position`."""
        return self._positions.get((model_id, kind), 0)

    def scan(
        self,
        model_id: str,
        kind: Kind,
        *,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        ids: Collection[str] | None = None,
        upto: int | None = None,
        newest: int | None = None,
    ) -> pa.Table:
        """See :meth:`assay.ports.lake.Lake.scan`."""
        key, time = (model_id, kind), _TIMES[kind]
        rows = [
            row
            for row in self._rows.get(key, [])
            if (start is None or row[time] >= start)
            and (end is None or row[time] < end)
            and (ids is None or row["prediction_id"] in ids)
            and (upto is None or row["_position"] <= upto)
        ]
        if newest is not None:
            rows = sorted(rows, key=lambda row: row[time], reverse=True)[:newest]
        types = self._types.get(key, {**_FIELDS[kind], "_position": pa.int64()})
        kept = [name for name in types if columns is None or name in columns or name == "_position"]
        return pa.table({name: _array((row.get(name) for row in rows), types[name]) for name in kept})

    def scan_batches(
        self,
        model_id: str,
        kind: Kind,
        *,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        upto: int | None = None,
    ) -> Iterator[pa.Table]:
        """See :meth:`assay.ports.lake.Lake.scan_batches`."""
        yield self.scan(model_id, kind, columns=columns, start=start, end=end, upto=upto)

    def reach_back(self, model_id: str, kind: Kind, *, end: int | None, rows: int) -> int | None:
        """See :meth:`assay.ports.lake.Lake.reach_back`; exact but for rows of the same time."""
        times = [row[_TIMES[kind]] for row in self._rows.get((model_id, kind), [])]
        times = sorted((time for time in times if end is None or time < end), reverse=True)
        return times[rows - 1] if len(times) > rows else None

    def latest_ids(self, model_id: str, *, limit: int) -> pa.ChunkedArray:
        """See :meth:`assay.ports.lake.Lake.latest_ids`."""
        rows = sorted(
            self._rows.get((model_id, Kind.PREDICTIONS), []), key=lambda row: row["_position"], reverse=True
        )
        return pa.chunked_array([[row["prediction_id"] for row in rows[:limit]]], pa.string())

    def erase(
        self, model_id: str, *, ids: Collection[str] = (), tag: tuple[str, str] | None = None, upto: int
    ) -> pa.Table:
        """See :meth:`assay.ports.lake.Lake.erase`."""
        gone: list[dict[str, Any]] = []
        kept: list[dict[str, Any]] = []
        for row in self._rows.get((model_id, Kind.PREDICTIONS), []):
            tagged = tag is not None and row.get(TAG + tag[0]) == tag[1]
            hit = (row["prediction_id"] in ids or tagged) and row["_position"] <= upto
            (gone if hit else kept).append(row)
        names = {*ids, *(row["prediction_id"] for row in gone)}
        labels = self._rows.get((model_id, Kind.LABELS), [])
        left = [row for row in labels if row["prediction_id"] not in names or row["_position"] > upto]
        self._rows[model_id, Kind.PREDICTIONS] = kept
        self._rows[model_id, Kind.LABELS] = left
        return pa.table(
            {
                "prediction_id": pa.array([row["prediction_id"] for row in gone], pa.string()),
                "timestamp": pa.array([row["timestamp"] for row in gone], TIMESTAMP),
            }
        )

    def maintain(self, model_id: str, kind: Kind, *, rows_before: int | None, now: int) -> None:  # noqa: ARG002 - the port's
        """See :meth:`assay.ports.lake.Lake.maintain`."""
        rows = self._rows.get((model_id, kind), [])
        if rows_before is not None:
            rows[:] = [row for row in rows if row[_TIMES[kind]] >= rows_before]

    def stats(self, model_id: str, kind: Kind) -> LakeStats:
        """See :meth:`assay.ports.lake.Lake.stats`; a column's name on disk is its canonical one."""
        key = (model_id, kind)
        names = {name: name for name in self._types.get(key, {})}
        return LakeStats(len(self._rows.get(key, [])), 0, 0, self.position(model_id, kind), names)


def _array(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    if kind == pa.float64():
        return pa.array([None if value is None else float(value) for value in values], kind)
    return pa.array(list(values), kind)
