"""From data frames to the columns that summaries are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from assay.errors import InvalidInput
from assay.monitoring.feature_rows import feature_rows
from assay.monitoring.intake.arrow import plain
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.frames import columns_of as read_columns
from assay.monitoring.intake.values import Values, feature_columns
from assay.stats.summaries.column import Column
from assay.stats.summaries.reference import Reference

__all__ = ["columns_of", "feature_table", "frame_columns"]

_NO_REFERENCE = Reference.of({}, rows=0)


def columns_of(table: pa.Table, reference: Reference | None = None) -> dict[str, Column]:
    """Return the features of a canonical table (:mod:`assay.domain.columns`) by name.

    A feature is of the kind that the reference gives it, else of the kind that most of its values have;
    values of the other kind count as mistyped. Booleans are the categories "true" and "false".

    >>> table = pa.table({"n:age": [31.0, None], "b:new": [True, False]})
    >>> columns = columns_of(table)
    >>> columns["age"].missing, columns["new"].kind
    (1, 'categorical')
    """
    whole = slice(0, table.num_rows)
    found = feature_rows(table, reference or _NO_REFERENCE)
    return {name: rows.column(whole) for name, rows in found.items()}


def frame_columns(frame: Any, names: Collection[str] | None = None) -> dict[str, Values]:
    """Return the columns of a Polars, pandas or PyArrow frame, or of a dictionary of arrays.

    Parameters
    ----------
    frame : the frame.
    names : columns wanted; None: all.

    Raises
    ------
    InvalidInput
        Where `frame` is no frame, a named column is absent, or columns differ in length.
    """
    columns = read_columns(frame)
    for name in names or ():
        if name not in columns:
            known = ", ".join(shown(column) for column in list(columns)[:10])
            raise InvalidInput(f"there is no column {shown(name)}; the columns are {known or 'none'}")
    chosen = columns if names is None else {name: columns[name] for name in names}
    lengths = {len(values) for values in chosen.values()}
    if len(lengths) > 1:
        raise InvalidInput(f"the columns are not equally long: {sorted(lengths)[:5]}")
    return {name: _plain(name, values) for name, values in chosen.items()}


def feature_table(columns: Mapping[str, Values], rows: int) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the canonical table of features, and the names of columns without a usable value.

    Numbers, texts and booleans are usable; moments and nested values are not.
    """
    faults = Faults(rows)
    arrays: dict[str, pa.Array] = {}
    empty = []
    for name, values in columns.items():
        found = feature_columns(name, values, faults)
        arrays.update(found)
        if not found:
            empty.append(name)
    if not arrays:
        # A table without columns has no rows; one column that is no feature keeps their number.
        return pa.table({"_": pa.nulls(rows)}), tuple(empty)
    return pa.table(arrays), tuple(empty)


def _plain(name: str, values: Values) -> Values:
    return plain(name, values) if isinstance(values, pa.Array) else values
