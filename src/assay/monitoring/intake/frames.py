"""Data frames of the Python API: Polars, pandas, PyArrow, dictionaries of columns, lists of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from assay.errors import InvalidInput
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.values import Values

__all__ = ["columns_of"]


def columns_of(frame: Any) -> dict[str, Values]:
    """Return the columns of a frame by name: Arrow arrays, or lists where their values have several types.

    Raises
    ------
    InvalidInput
        Where `frame` is no frame, or the name of a column is no text.
    """
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    if isinstance(frame, pa.Table):
        if len(set(frame.column_names)) < frame.num_columns:
            raise InvalidInput("the table has two columns of one name; rename one")
        return {name: _single(frame.column(name)) for name in frame.column_names}
    if isinstance(frame, Mapping):
        return {_name(name): _values(values) for name, values in frame.items()}
    try:
        lazy = nw.from_native(frame)
    except TypeError:
        raise InvalidInput(
            f"{type(frame).__name__} is no data frame; give Polars, pandas, PyArrow, a dictionary of columns "
            "or a list of records"
        ) from None
    eager = lazy.collect() if isinstance(lazy, nw.LazyFrame) else lazy
    missing_is_nan = eager.implementation.is_pandas_like()
    return {
        _name(name): _series(eager.get_column(name), missing_is_nan=missing_is_nan) for name in eager.columns
    }


def _series(series: nw.Series[Any], *, missing_is_nan: bool) -> Values:
    """Return a column of a data frame."""
    try:
        return _single(series.to_arrow())
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        values = series.to_list()
    if missing_is_nan:
        return [None if value is None or value != value else value for value in values]
    return values


def _values(values: Any) -> Values:
    """Return a column of a mapping."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return _single(values)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise InvalidInput(f"a column must have one dimension, not {values.ndim}")
        if values.dtype.kind in "biuf":
            return pa.array(values)
        if values.dtype.kind == "M":
            return pa.array(values.astype("datetime64[us]"))
        return values.tolist()
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InvalidInput(f"a column must be a list or an array, not {shown(values)}")
    try:
        return _series(nw.from_native(values, series_only=True), missing_is_nan=hasattr(values, "iloc"))
    except TypeError:
        return [value.item() if isinstance(value, np.generic) else value for value in values]


def _single(column: Any) -> pa.Array:
    """Return an array or a chunked array as one array."""
    if isinstance(column, pa.ChunkedArray):
        joined = column.combine_chunks()
        return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
    return column


def _name(name: object) -> str:
    """Return a column's name, which must be text."""
    if not isinstance(name, str):
        raise InvalidInput(f"the name of a column must be text, not {shown(name)}")
    return name
