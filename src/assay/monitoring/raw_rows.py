"""Raw rows of a model: the lake and the journal's tail, read as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import TIMESTAMP, Kind
from assay.errors import StorageUnavailable
from assay.ports.journal import Journal
from assay.ports.lake import Lake

__all__ = ["POSITION", "RawRows", "StillRows", "concat", "event_column"]

POSITION = "_position"
_TRIES = 20


def event_column(kind: Kind) -> str:
    """Name of the column that holds the event time."""
    return "timestamp" if kind is Kind.PREDICTIONS else "observed_at"


def concat(tables: Collection[pa.Table]) -> pa.Table:
    """Rows of all `tables`, missing columns as null, int64 beside float64 as float64."""
    tables = list(tables)
    if len(tables) == 1:
        return tables[0]
    if not tables:
        return pa.table({})
    first = tables[0].schema
    if all(table.schema.equals(first) for table in tables):
        return pa.concat_tables(tables)
    return pa.concat_tables(tables, promote_options="permissive")


@dataclass(frozen=True, slots=True)
class StillRows:
    """Rows of one kind as they were at one moment; nothing that is logged later comes into it.

    Attributes
    ----------
    position : up to which they are in the lake.
    tail : the journal's batches after it.
    """

    lake: Lake
    model_id: str
    kind: Kind
    position: int
    tail: Sequence[pa.Table]

    def names(self) -> list[str]:
        """Names of all columns."""
        known = dict.fromkeys(self.lake.stats(self.model_id, self.kind).column_of)
        for table in self.tail:
            known |= dict.fromkeys(table.column_names)
        return list(known)

    def rows(self) -> int:
        """How many rows there are, about: the lake may have taken some of the tail in since."""
        return self.lake.stats(self.model_id, self.kind).rows + sum(table.num_rows for table in self.tail)

    def reach_back(self, *, end: int | None, rows: int) -> int | None:
        """See :meth:`assay.ports.lake.Lake.reach_back`; the tail's rows are not counted."""
        return self.lake.reach_back(self.model_id, self.kind, end=end, rows=rows)

    def read(
        self,
        *,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        ids: Collection[str] | None = None,
        newest: int | None = None,
        chosen: Callable[[str], bool] | None = None,
    ) -> pa.Table:
        """See :meth:`RawRows.read`."""
        if chosen is not None:
            have = self.lake.stats(self.model_id, self.kind).column_of
            columns = [*(columns or ()), *(name for name in have if chosen(name))]
        wanted = None if columns is None else set(columns)
        rows = self.lake.scan(
            self.model_id,
            self.kind,
            columns=columns,
            start=start,
            end=end,
            ids=ids,
            upto=self.position,
            newest=newest,
        )
        filtered = [_filter(table, self.kind, start, end, ids, wanted, chosen) for table in self.tail]
        table = concat([part for part in (rows, *filtered) if part.num_rows] or [rows])
        if newest is not None and table.num_rows:
            table = table.sort_by([(event_column(self.kind), "descending")]).slice(0, newest)
        return table


class RawRows:
    """Reads all rows of a model up to a journal position, wherever they are."""

    def __init__(self, journal: Journal, lake: Lake) -> None:
        self._journal = journal
        self._lake = lake

    def read(
        self,
        model_id: str,
        kind: Kind,
        *,
        upto: int | None = None,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
        ids: Collection[str] | None = None,
        newest: int | None = None,
        chosen: Callable[[str], bool] | None = None,
    ) -> pa.Table:
        """Rows as :meth:`assay.ports.lake.Lake.scan` gives them, with those not yet in the lake.

        `chosen` says of each dynamic column whether it is wanted, in addition to `columns`.
        """
        position, tail = self._tail(model_id, kind, upto)
        still = StillRows(self._lake, model_id, kind, position, tail)
        return still.read(columns=columns, start=start, end=end, ids=ids, newest=newest, chosen=chosen)

    def still(self, model_id: str, kind: Kind) -> StillRows:
        """Return the rows as they are now, for several readings of the same."""
        position, tail = self._tail(model_id, kind, None)
        return StillRows(self._lake, model_id, kind, position, tail)

    def pieces(
        self,
        model_id: str,
        kind: Kind,
        *,
        upto: int | None,
        columns: Collection[str] | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> Iterator[pa.Table]:
        """Like :meth:`read`, in pieces that fit into memory."""
        position, tail = self._tail(model_id, kind, upto)
        yield from self._lake.scan_batches(
            model_id, kind, columns=columns, start=start, end=end, upto=position
        )
        wanted = None if columns is None else set(columns)
        for table in tail:
            part = _filter(table, kind, start, end, None, wanted, None)
            if part.num_rows:
                yield part

    def stream(
        self,
        model_id: str,
        kind: Kind,
        *,
        upto: int,
        start: int | None = None,
        end: int | None = None,
    ) -> tuple[pa.Schema, Iterator[pa.Table]]:
        """Like :meth:`pieces`, with the columns that all pieces together have and their types."""
        position, tail = self._tail(model_id, kind, upto)
        # No batch has position 0: this gives the table's columns and no rows.
        none = self._lake.scan(model_id, kind, upto=0)
        heads = [none.slice(0, 0), *(table.slice(0, 0).replace_schema_metadata(None) for table in tail)]

        def pieces() -> Iterator[pa.Table]:
            yield from self._lake.scan_batches(model_id, kind, start=start, end=end, upto=position)
            for table in tail:
                part = _filter(table, kind, start, end, None, None, None)
                if part.num_rows:
                    yield part

        return concat(heads).schema, pieces()

    def _tail(self, model_id: str, kind: Kind, upto: int | None) -> tuple[int, list[pa.Table]]:
        """Lake position and the journal's batches after it, as they belong together.

        Rows go from the journal to the lake at any time, and are deleted from the journal only after.
        So if the lake has not moved while the journal was read, nothing has been missed.
        """
        for _ in range(_TRIES):
            position = self._lake.position(model_id, kind)
            batches = self._journal.read(after=position, upto=upto, model_id=model_id, kinds=(kind,))
            if self._lake.position(model_id, kind) == position:
                tables = [
                    batch.table().append_column(
                        POSITION, pa.repeat(pa.scalar(batch.position, pa.int64()), batch.rows)
                    )
                    for batch in batches
                ]
                return (position if upto is None else min(position, upto)), tables
        raise StorageUnavailable(f"the lake of {model_id[:80]!r} kept moving while it was read; try again")


def _filter(
    table: pa.Table,
    kind: Kind,
    start: int | None,
    end: int | None,
    ids: Collection[str] | None,
    columns: set[str] | None,
    chosen: Callable[[str], bool] | None,
) -> pa.Table:
    """Apply the conditions of a scan to a table in memory."""
    table = table.replace_schema_metadata(None)
    time = table.column(event_column(kind))
    if start is not None:
        table = table.filter(pc.greater_equal(time, pa.scalar(start, pa.int64()).cast(TIMESTAMP)))
        time = table.column(event_column(kind))
    if end is not None:
        table = table.filter(pc.less(time, pa.scalar(end, pa.int64()).cast(TIMESTAMP)))
    if ids is not None:
        values = ids if isinstance(ids, pa.Array) else pa.array(list(ids), pa.string())
        table = table.filter(pc.is_in(table.column("prediction_id"), value_set=values))
    if columns is not None:
        keep = [
            name
            for name in table.column_names
            if name in columns or name == POSITION or (chosen is not None and chosen(name))
        ]
        table = table.select(keep)
    return table
