"""The columns of a caller's frame, whatever library made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pyarrow as pa

from assay.errors import InvalidInput

__all__ = ["Column", "columns_of"]

Column: TypeAlias = Any
"""A PyArrow array, or a list where the values have several types."""


def columns_of(data: Any) -> dict[str, Column]:
    """Return the columns of a frame by name.

    Missing values of pandas (NaN, NaT, NA) become null; NaN of Polars, PyArrow and NumPy stays a number.

    Raises
    ------
    InvalidInput
        Where `data` is no frame, or the name of a column is no text or comes twice.
    """
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        if len(set(data.column_names)) < data.num_columns:
            raise InvalidInput("the table has two columns of one name; rename one")
        return {name: _whole(data.column(name)) for name in data.column_names}
    if isinstance(data, Mapping):
        return {_name(name): _values(str(name), values) for name, values in data.items()}
    try:
        frame = nw.from_native(data)
    except TypeError:
        raise InvalidInput(
            f"a {type(data).__name__} is no frame; give a Polars or pandas frame, a PyArrow table, a dict of "
            "columns or a list of records"
        ) from None
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return {_name(name): _series(eager.get_column(name)) for name in eager.columns}


def _series(series: nw.Series[Any]) -> Column:
    """Return a column of a data frame."""
    try:
        return _whole(series.to_arrow())
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        values = series.to_list()
    if series.implementation.is_pandas_like():
        # NaN is how pandas writes a missing value, and it alone is unequal to itself.
        return [None if value is None or value != value else value for value in values]
    return values


def _values(name: str, values: Any) -> Column:
    """Return a column of a dict."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return _whole(values)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise InvalidInput(f"column {name[:80]!r} is a single value; give a list or an array")
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise InvalidInput(f"column {name[:80]!r} has {values.ndim} dimensions; give one value a row")
    if not isinstance(values, (list, tuple, np.ndarray)):
        try:
            return _series(nw.from_native(values, series_only=True))
        except TypeError:
            values = list(values)
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _whole(column: Any) -> Column:
    """Return an array or a chunked array as one array."""
    if isinstance(column, pa.ChunkedArray):
        joined = column.unify_dictionaries().combine_chunks()
        return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)
    return column


def _name(name: object) -> str:
    """Return a column's name, which must be text."""
    if not isinstance(name, str):
        raise InvalidInput(f"the name of a column must be text, and one is {str(name)[:80]!r}; rename it")
    return name
