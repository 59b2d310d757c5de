"""From a caller's frame or records to the bodies of requests, cut so that each is of a moderate size.

The embedded monitor uses the same bodies, so that both ways in mean the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from assay.client.columns import Column, columns_of
from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, Kind
from assay.errors import InvalidInput

__all__ = ["ARROW", "JSON", "Batch", "Layout", "all_finite", "batches"]

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"

_FIELDS = {
    Kind.PREDICTIONS: frozenset(PREDICTION_FIELDS) - {"received_at", "prediction_class"},
    Kind.LABELS: frozenset(LABEL_FIELDS) - {"received_at", "actual_class"},
}
_PREFIXES = {"features": "feature.", "tags": "tag.", "probabilities": "probability."}

# Well under the server's limits, large enough that a request's own cost does not matter.
_MOST_ROWS = 100_000
_MOST_BYTES = 16 << 20
_MOST_RECORDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the columns of a frame are, besides those that have a field's name.

    Attributes
    ----------
    kind : predictions or labels.
    tags, probabilities : columns that are tags, or probabilities of the class they are named after.
    features : columns that are features; None: every other column.
    """

    kind: Kind
    tags: Sequence[str] = ()
    features: Sequence[str] | None = None
    probabilities: Sequence[str] = ()

    def named(self) -> dict[str, str]:
        """Map each column that the caller named to its name in a request.

        Raises
        ------
        InvalidInput
            Where a list of names is a text.
        """
        result: dict[str, str] = {}
        groups = {"tags": self.tags, "probabilities": self.probabilities, "features": self.features or ()}
        for group, names in groups.items():
            if isinstance(names, str):
                raise InvalidInput(f"{group} is a list of column names: write [{names!r}]")
            for name in names:
                result.setdefault(name, _PREFIXES[group] + name)
        return result


@dataclass(frozen=True, slots=True)
class Batch:
    """The body of one request; `first` is the place of its first row in the caller's frame."""

    body: bytes
    content_type: str
    rows: int
    first: int


def batches(
    data: Any, layout: Layout, *, model: str, version: str | None = None, whole: bool = False
) -> Iterator[Batch]:
    """Cut `data` into the bodies of requests.

    Parameters
    ----------
    data : a frame (Polars, pandas, PyArrow, a dict of columns), or a list of records.
    layout : what its columns are.
    model, version : named inside JSON bodies and in an Arrow stream's metadata.
    whole : make one body of it all.

    Raises
    ------
    InvalidInput
        Where `data` is no frame, or lacks a column that is asked for.
    """
    envelope: dict[str, Any] = {"model_id": model} | ({"model_version": version} if version else {})
    if isinstance(data, (list, tuple)):
        for place, item in enumerate(data):
            if not isinstance(item, Mapping):
                raise InvalidInput(
                    f"record {place} is a {type(item).__name__}, not a dict of names and values"
                )
        if layout.kind is Kind.LABELS or any(group in item for item in data for group in _PREFIXES):
            yield from _records(data, layout.kind, envelope, whole=whole)
            return
        names = dict.fromkeys(name for item in data for name in item)
        data = {name: [item.get(name) for item in data] for name in names}
    columns = dict(_with_roles(columns_of(data), layout))
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InvalidInput(f"the columns are not equally long: they have {sorted(lengths)[:5]} rows")
    if all(isinstance(column, pa.Array) for column in columns.values()):
        table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
        yield from _streams(table.replace_schema_metadata(envelope), whole=whole)
    else:
        yield from _columns(columns, next(iter(lengths), 0), envelope, whole=whole)


def _with_roles(columns: Mapping[str, Column], layout: Layout) -> Iterator[tuple[str, Column]]:
    """Give each column that is sent its name in the request."""
    named = layout.named()
    for name in named:
        if name not in columns:
            raise InvalidInput(f"there is no column {name[:80]!r}; there are {', '.join(columns)[:200]}")
    for name, column in columns.items():
        struct = isinstance(column, pa.Array) and pa.types.is_struct(column.type)
        if name in named:
            yield named[name], column
        elif (
            layout.kind is Kind.LABELS
            or name in _FIELDS[layout.kind]
            or name.startswith(tuple(_PREFIXES.values()))
            or (name in _PREFIXES and struct)
        ):
            yield name, column
        elif layout.features is None:
            yield _PREFIXES["features"] + name, column


def _streams(table: pa.Table, *, whole: bool) -> Iterator[Batch]:
    """Cut a table into Arrow streams."""
    rows = table.num_rows
    step = max(1, min(_MOST_ROWS, _MOST_BYTES * max(1, rows) // max(1, table.nbytes)))
    step = max(1, rows) if whole else step
    for first in range(0, max(1, rows), step):
        part = table.slice(first, step)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as writer:
            writer.write_table(part)
        yield Batch(sink.getvalue().to_pybytes(), ARROW, part.num_rows, first)


def _columns(
    columns: Mapping[str, Column], rows: int, envelope: dict[str, Any], *, whole: bool
) -> Iterator[Batch]:
    """Cut columns, some of which have no single type, into JSON bodies."""
    lists = {
        role: column.to_pylist() if isinstance(column, pa.Array) else column
        for role, column in columns.items()
    }
    step = max(1, rows) if whole else _MOST_RECORDS
    for first in range(0, max(1, rows), step):
        content: dict[str, Any] = {}
        for role, values in lists.items():
            part = values[first : first + step]
            for group, prefix in _PREFIXES.items():
                if role.startswith(prefix):
                    content.setdefault(group, {})[role.removeprefix(prefix)] = part
                    break
            else:
                content[role] = part
        yield Batch(_dump(envelope | {"columns": content}), JSON, min(step, rows - first), first)


def _records(records: Sequence[Any], kind: Kind, envelope: dict[str, Any], *, whole: bool) -> Iterator[Batch]:
    """Cut records into JSON bodies."""
    step = max(1, len(records)) if whole else _MOST_RECORDS
    for first in range(0, max(1, len(records)), step):
        part = records[first : first + step]
        yield Batch(_dump(envelope | {kind.value: part}), JSON, len(part), first)


def _dump(value: Any) -> bytes:
    """Encode as JSON; NaN and infinities as Python writes them, because JSON has no name for them."""
    try:
        if all_finite(value):
            return msgspec.json.encode(value, enc_hook=_scalar)
        return json.dumps(value, default=_scalar).encode()
    except (TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise InvalidInput(f"the records cannot be written as JSON: {exc}") from exc


def _scalar(value: Any) -> Any:
    """Return a scalar of NumPy, or a time, as JSON has it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{str(value)[:80]!r} is a {type(value).__name__}, not a number, text, boolean or time")


def all_finite(value: Any) -> bool:
    """Whether no NaN or infinity is anywhere inside; msgspec would write null for one."""
    if isinstance(value, (float, np.floating)):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(all_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(all_finite, value))
    return True
