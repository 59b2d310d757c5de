"""Data frames of the Python API: Polars, pandas, PyArrow, dictionaries of columns, lists of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from assay.domain.columns import Kind
from assay.errors import InvalidInput
from assay.monitoring.intake.arrow import PREFIXES, draft_of_table, plain
from assay.monitoring.intake.assemble import GROUPS, LABEL_INPUTS, PREDICTION_INPUTS, Draft, assemble
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.faults import Faults, shown
from assay.monitoring.intake.records import draft_of_records
from assay.monitoring.intake.values import Values

__all__ = ["columns_of", "read_frame"]


def read_frame(
    kind: Kind,
    frame: Any,
    context: Context,
    *,
    model_id: str,
    model_version: str | None = None,
    tags: Collection[str] = (),
    features: Collection[str] | None = None,
    probabilities: Collection[str] = (),
) -> Intake:
    """Read predictions or labels from a data frame.

    Parameters
    ----------
    kind : predictions or labels.
    frame : Polars (eager or lazy), pandas, PyArrow table or batch, a mapping of names to columns, or a
        sequence of records (mappings), flat ones or with ``features``, ``tags`` and ``probabilities``.
    context : clock and limits.
    model_id, model_version : the model; the version of rows that name none.
    tags, probabilities : columns that are tags, or probabilities of the class they are named after.
    features : columns that are features; None: every column that is nothing else.

    Raises
    ------
    InvalidInput
        Where the frame is none of these, a named column is missing or a column cannot be used.
    TooLarge
        Where it goes over a limit.

    Notes
    -----
    A missing value of pandas (NaN, NaT, NA) is null; NaN of Polars, PyArrow and NumPy is the number NaN.
    """
    version = model_version or ""
    if isinstance(frame, Sequence) and not isinstance(frame, (str, bytes)):
        records = _records(frame)
        if kind is Kind.LABELS or any(
            isinstance(row.get(group), dict) for row in records for group in GROUPS
        ):
            return assemble(draft_of_records(kind, model_id, version, records, context), context)
        frame = {
            name: [row.get(name) for row in records] for name in dict.fromkeys(k for r in records for k in r)
        }
    columns = columns_of(frame)
    given = {"tags": tags, "probabilities": probabilities, "features": () if features is None else features}
    group_of = _assign(columns, given)
    if kind is Kind.PREDICTIONS and features is not None:
        columns = {n: v for n, v in columns.items() if n in group_of or n in PREDICTION_INPUTS or n in GROUPS}
    return assemble(_draft(kind, columns, group_of, model_id, version, context), context)


def _assign(columns: Mapping[str, Values], given: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Map the columns that the caller named to their groups."""
    group_of: dict[str, str] = {}
    for group, names in given.items():
        if isinstance(names, str):
            raise InvalidInput(f"{group} must be a list of column names, not the text {shown(names)}")
        for name in names:
            if name not in columns:
                raise InvalidInput(f"there is no column {shown(name)}, which {group} names")
            group_of.setdefault(name, group)
    return group_of


def _draft(
    kind: Kind,
    columns: Mapping[str, Values],
    group_of: Mapping[str, str],
    model_id: str,
    version: str,
    context: Context,
) -> Draft:
    """Sort columns into a draft."""
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise InvalidInput(f"the columns are not equally long: {sorted(lengths)[:5]}")
    arrays = {n: v for n, v in columns.items() if isinstance(v, pa.Array) and n not in group_of}
    rest = {n: v for n, v in columns.items() if n not in arrays}
    table = pa.Table.from_arrays(list(arrays.values()), names=list(arrays))
    draft = draft_of_table(kind, table, model_id, version, context.limits)
    draft.rows = next(iter(lengths), 0)
    draft.faults = Faults(draft.rows)
    inputs = PREDICTION_INPUTS if kind is Kind.PREDICTIONS else LABEL_INPUTS
    fields = dict(draft.fields)
    groups: dict[str, dict[str, Values]] = {
        "features": dict(draft.features),
        "tags": dict(draft.tags),
        "probabilities": dict(draft.probabilities),
    }
    for name, values in rest.items():
        clock = name in ("timestamp", "observed_at")
        usable = plain(name, values, moment=clock) if isinstance(values, pa.Array) else values
        prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
        if name in group_of:
            groups[group_of[name]][name] = usable
        elif name in inputs:
            fields[name] = usable
        elif kind is Kind.LABELS:
            raise InvalidInput(
                f"there is no label column {shown(name)}; the columns are {', '.join(sorted(inputs))}"
            )
        else:
            groups[PREFIXES.get(prefix, "features")][name[len(prefix) :]] = usable
    draft.fields = fields
    draft.features, draft.tags = groups["features"], groups["tags"]
    draft.probabilities = groups["probabilities"]
    return draft


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


def _records(frame: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the records as dictionaries."""
    for row in frame:
        if not isinstance(row, Mapping):
            raise InvalidInput(f"a record must be a dictionary, not {shown(row)}")
    return [{name: _scalar(value) for name, value in row.items()} for row in frame]


def _scalar(value: Any) -> Any:
    """Return NumPy's scalars as Python's, inside flat objects too."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _scalar(inner) for name, inner in value.items()}
    return value
