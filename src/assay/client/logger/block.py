"""The rows of one frame, copied at the call and made into a request's body later, in the sending thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from assay.client.batches import Batch, Layout, batches
from assay.client.columns import Column, columns_of
from assay.client.logger.row import encode_row, features_of
from assay.domain.columns import Kind

__all__ = ["Block", "block_of", "row_count"]

_CELL = 64
"""Bytes that a Python object in a list takes, roughly: a float or a short text, and its place."""
_GROUPS = {"feature.": "features", "tag.": "tags", "probability.": "probabilities"}


@dataclass(frozen=True, slots=True)
class Block:
    """Many predictions that were made at once.

    Attributes
    ----------
    features : a frame of our own, which nobody changes.
    columns : the other columns, by their name in a request; a single value stands for every row.
    rows, size : how many, and the bytes that they take, roughly.
    """

    features: Any
    columns: Mapping[str, Any]
    rows: int
    size: int
    only: Sequence[str] | None = None

    def with_columns(self, columns: Mapping[str, Any]) -> Block:
        """Return the block with `columns`, copied: a value for each row, or a single one for all.

        Raises
        ------
        ValueError
            Where a column is not as long as the block.
        """
        kept = {name: value if _single(value) else _copy(value) for name, value in columns.items()}
        for name, value in kept.items():
            if not _single(value) and len(value) != self.rows:
                raise ValueError(
                    f"there are {len(value)} values of {name[:80]!r} for {self.rows} predictions"
                )
        size = self.size + sum(
            _CELL * self.rows if _single(value) else _bytes(value) for value in kept.values()
        )
        return replace(self, columns=kept, size=size)

    def arrays(self) -> dict[str, Column]:
        """Return all columns, by their name in a request.

        Raises
        ------
        Exception
            Where the frame, or the values in it, cannot be used.
        """
        found = columns_of(self.features) if self.features is not None else {}
        chosen = found if self.only is None else {name: found[name] for name in self.only}
        result = {f"feature.{name}": column for name, column in chosen.items()}
        given = {
            name: [value] * self.rows if _single(value) else value for name, value in self.columns.items()
        }
        return result | columns_of(given)

    def requests(self, *, model: str, version: str | None) -> Iterator[Batch]:
        """Make the bodies of requests."""
        layout = Layout(kind=Kind.PREDICTIONS, features=())
        return batches(self.arrays(), layout, model=model, version=version)

    def encoded(self) -> list[bytes]:
        """Return each row as JSON, to be sent together with other small blocks."""
        lists = {
            name: column.to_pylist() if isinstance(column, pa.Array) else column
            for name, column in self.arrays().items()
        }
        places = [_place(name) for name in lists]
        rows = []
        for values in zip(*lists.values(), strict=True):
            record: dict[str, Any] = {}
            for (group, name), value in zip(places, values, strict=True):
                if group:
                    record.setdefault(group, {})[name] = value
                elif value is not None:
                    record[name] = value
            rows.append(encode_row(record))
        return rows


def block_of(features: Any, names: Sequence[str] | None = None) -> Block:
    """Copy what the caller may change afterwards.

    Parameters
    ----------
    features : a frame of Polars, pandas or PyArrow, a dict of columns, a list of records, or an array of two
        dimensions.
    names : names of an array's columns; of a frame, the columns that are features (None: all).

    Raises
    ------
    TypeError, ValueError
        Where it is none of these, or the names do not fit.
    """
    if isinstance(features, (list, tuple)):
        records = [features_of(item, names) for item in features]
        features = {
            name: [item.get(name) for item in records]
            for name in dict.fromkeys(n for r in records for n in r)
        }
    rows = row_count(features)
    if isinstance(features, np.ndarray):
        features = _named(features, names)
        names = None
    elif isinstance(features, Mapping):
        features = {name: _copy(values) for name, values in features.items()}
    elif hasattr(features, "iloc"):  # pandas; the frames of Polars and PyArrow do not change
        features = features.copy()
    return Block(features, {}, rows, _bytes(features), names)


def row_count(features: Any) -> int:
    """How many rows a frame, an array, a dict of columns or a list of records has."""
    if isinstance(features, Mapping):
        return len(next(iter(features.values()), ()))
    if hasattr(features, "num_rows"):
        return int(features.num_rows)
    shape = getattr(features, "shape", None)
    return int(shape[0]) if shape else len(features)


def _named(array: np.ndarray, names: Sequence[str] | None) -> dict[str, np.ndarray]:
    """Columns of a two-dimensional array, copied together."""
    if array.dtype.names:
        return {name: array[name].copy() for name in array.dtype.names}
    if array.ndim != 2:
        raise ValueError(f"an array of features has two dimensions, not {array.ndim}")
    names = [f"x{number}" for number in range(array.shape[1])] if names is None else list(names)
    if len(names) != array.shape[1]:
        raise ValueError(f"there are {array.shape[1]} columns for {len(names)} names of features")
    return dict(zip(names, np.array(array.T, order="C", copy=True), strict=True))


def _single(value: Any) -> bool:
    """Whether it stands for every row: a scalar, a text, or an array without dimensions."""
    return isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0


def _copy(values: Any) -> Any:
    """Copy a column, if it can change."""
    if isinstance(values, np.ndarray) or hasattr(values, "iloc"):
        return values.copy()
    return list(values) if isinstance(values, (list, tuple)) else values


def _bytes(value: Any) -> int:
    """Bytes that a frame or a column takes, roughly."""
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    if isinstance(value, (str, bytes)):
        return len(value) + _CELL
    if hasattr(value, "estimated_size"):  # Polars
        return int(value.estimated_size())
    if hasattr(value, "iloc"):  # pandas, whose own memory_usage takes longer than the copy
        dtypes = value.dtypes if hasattr(value, "columns") else [value.dtype]
        return len(value) * sum(8 if dtype.kind in "biufcmM" else _CELL for dtype in dtypes)
    if hasattr(value, "nbytes"):
        texts = getattr(getattr(value, "dtype", None), "kind", "") == "O"
        return int(value.nbytes) + texts * len(value) * _CELL
    return len(value) * _CELL if hasattr(value, "__len__") else _CELL


def _place(name: str) -> tuple[str, str]:
    """Group and name of a column in a record."""
    for prefix, group in _GROUPS.items():
        if name.startswith(prefix):
            return group, name.removeprefix(prefix)
    return "", name
