"""From data frames to the columns that summaries are made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from assay.domain.columns import NUMERIC_FEATURE
from assay.errors import InvalidInput
from assay.monitoring.feature_rows import feature_rows
from assay.monitoring.intake.arrow import plain
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.frames import columns_of as read_columns
from assay.monitoring.intake.values import Values, feature_columns, infer
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


def frame_columns(frame: Any, names: Collection[str] | None = None) -> tuple[dict[str, Values], int]:
    """Return the columns of a Polars, pandas or PyArrow frame or a dictionary of arrays, and its rows.

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
    return chosen, next(iter(lengths), 0)


def feature_table(values: Mapping[str, Values], rows: int) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the canonical table of features, and the names of the columns that cannot be features.

    Numbers, texts and booleans are features, also mixed in one column; moments and nested values are not,
    and single ones of these among others count as missing. A column without any value is a numeric one.
    """
    faults = Faults(rows)
    # A table without columns has no rows; one column that is no feature keeps their number.
    arrays: dict[str, pa.Array] = {"": pa.nulls(rows)}
    unusable = []
    for name, column in values.items():
        array = infer(column)
        try:
            usable = column if array is None else plain(name, array)
        except InvalidInput:
            unusable.append(name)
            continue
        if array is not None and array.null_count == rows:
            arrays[NUMERIC_FEATURE + name] = pa.nulls(rows, pa.float64())
            continue
        moments = array is not None and pa.types.is_temporal(array.type)
        found = [] if moments else feature_columns(name, usable, faults)
        arrays.update(found)
        if not found:
            unusable.append(name)
    return pa.table(arrays), tuple(unusable)
