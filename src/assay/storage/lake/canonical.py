"""From batches as the journal has them to rows as the lake keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import pyarrow as pa

from assay.domain.columns import (
    BOOL_FEATURE,
    LABEL_FIELDS,
    NUMERIC_FEATURE,
    PREDICTION_FIELDS,
    PROBABILITY,
    Kind,
    is_dynamic,
)
from assay.errors import InvalidInput

__all__ = ["POSITION", "empty", "fixed_fields", "time_column", "united"]

POSITION = "_position"
"""The column that holds the journal position of each row's batch."""

_FIELDS: Mapping[Kind, Mapping[str, pa.DataType]] = {
    Kind.PREDICTIONS: {**PREDICTION_FIELDS, POSITION: pa.int64()},
    Kind.LABELS: {**LABEL_FIELDS, POSITION: pa.int64()},
}


def fixed_fields(kind: Kind) -> Mapping[str, pa.DataType]:
    """Return the columns that every table of this kind has, `_position` among them."""
    try:
        return _FIELDS[Kind(kind)]
    except (KeyError, ValueError):
        raise InvalidInput(f"The lake has no tables of kind {kind!r}: give predictions or labels.") from None


def time_column(kind: Kind) -> str:
    """Name of the column by which rows of this kind are ordered in time."""
    return "timestamp" if kind == Kind.PREDICTIONS else "observed_at"


def empty(kind: Kind, columns: Collection[str] | None) -> pa.Table:
    """Return no rows, with the fixed columns or those of them that `columns` names."""
    fields = fixed_fields(kind)
    kept = [name for name in fields if columns is None or name in columns or name == POSITION]
    return pa.schema([pa.field(name, fields[name]) for name in kept]).empty_table()


def united(kind: Kind, batches: Sequence[tuple[int, pa.Table]]) -> pa.Table:
    """Return all rows as one table with `_position`, each column in its one type.

    A number column is int64, or float64 if any batch has it so. Columns that hold nothing but nulls of
    no type are left out unless they are fixed ones.

    Raises
    ------
    InvalidInput
        A column is neither fixed nor prefixed, or its values do not fit its type.
    """
    types = dict(fixed_fields(kind))
    for _, table in batches:
        for field in table.schema:
            if is_dynamic(field.name) and not pa.types.is_null(field.type):
                types[field.name] = _wider(field.name, field.type, types.get(field.name))
    parts = [_cast(table, position, types) for position, table in batches]
    if not parts:
        return empty(kind, None)
    rows = pa.concat_tables(parts, promote_options="default")
    for name in ("prediction_id", time_column(kind)):
        if rows.num_rows and (name not in rows.column_names or rows.column(name).null_count):
            raise InvalidInput(f"A batch has rows without {name!r}; every row needs one.")
    return rows


def _wider(name: str, found: pa.DataType, known: pa.DataType | None) -> pa.DataType:
    prefix = name[:2]
    if prefix == NUMERIC_FEATURE:
        whole = pa.types.is_integer(found) and known in (None, pa.int64())
        return pa.int64() if whole else pa.float64()
    if prefix == BOOL_FEATURE:
        return pa.bool_()
    return pa.float64() if prefix == PROBABILITY else pa.string()


def _cast(table: pa.Table, position: int, types: Mapping[str, pa.DataType]) -> pa.Table:
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for name in _unique(table.column_names):
        if name == POSITION:
            continue
        if name not in types:
            if is_dynamic(name):
                continue  # nulls of no type, in every batch
            raise InvalidInput(f"Column {name!r} is no column of a canonical batch.")
        column = table.column(name)
        try:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                column.validate(full=True)  # one byte that is no UTF-8 would make its file unreadable
            if column.type != types[name]:
                # Integers beyond 2^53 are rounded where floats are: that is what a float column means.
                column = column.cast(types[name], safe=types[name] != pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            message = f"Column {name!r} holds {column.type}, which is no {types[name]}: {error}"
            raise InvalidInput(message) from error
        columns[name] = column
    columns[POSITION] = pa.repeat(pa.scalar(position, pa.int64()), table.num_rows)
    return pa.table(columns)


def _unique(names: Iterable[str]) -> list[str]:
    listed = list(names)
    if len(set(listed)) != len(listed):
        twice = sorted({name for name in listed if listed.count(name) > 1})
        raise InvalidInput(f"A batch has columns twice: {', '.join(map(repr, twice))}.")
    return listed
