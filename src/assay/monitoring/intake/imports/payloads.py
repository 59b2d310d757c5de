"""Requests and responses of model servers, whichever of the known shapes they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.flat import MOST_VALUES, Row, flat_row
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.tensors import Binary, is_tensors, rows_of

__all__ = ["REQUEST_KEYS", "RESPONSE_KEYS", "input_rows", "output_rows"]

REQUEST_KEYS = ("inputs", "instances", "dataframe_split", "dataframe_records")
RESPONSE_KEYS = ("outputs", "predictions")


def input_rows(document: Any, options: ImportOptions, binary: Binary | None = None) -> list[Row]:
    """Return the features of each row of a request.

    Parameters
    ----------
    document : a request of the Open Inference Protocol, version 2 (``inputs`` with shapes), of version 1
        (``instances``), of TensorFlow Serving or MLflow (``inputs``), of MLflow (``dataframe_split``,
        ``dataframe_records``), or a list of rows.
    options : names of values that come without.
    binary : bytes behind the JSON.

    Raises
    ------
    BadItem
        Where it is none of these, or contradicts itself.

    Examples
    --------
    >>> input_rows({"instances": [[5.1, 3.5]]}, ImportOptions(feature_names=("length", "width")))
    [{'length': 5.1, 'width': 3.5}]
    """
    names = options.feature_names
    if isinstance(document, dict):
        if "dataframe_split" in document:
            return [flat_row(row) for row in _split(document["dataframe_split"])]
        for key in ("dataframe_records", "instances"):
            if key in document:
                return [flat_row(row, names) for row in _rows(key, document[key])]
        if "inputs" not in document:
            there = ", ".join(shown(name) for name in list(document)[:10]) or "nothing"
            raise BadItem(
                "no_inputs", f"the request holds {there}; it must have one of {', '.join(REQUEST_KEYS)}"
            )
        inputs = document["inputs"]
        if is_tensors(inputs):
            return _tensor_rows(inputs, options, binary)
        if isinstance(inputs, dict):
            return [flat_row(row) for row in _columns("inputs", inputs)]
        document = inputs
    return [flat_row(row, names) for row in _rows("inputs", document)]


def output_rows(document: Any, binary: Binary | None = None) -> list[Any]:
    """Return what a model put out for each row: a scalar, a list, or an object of named outputs.

    Parameters
    ----------
    document : a response of the Open Inference Protocol, version 2 (``outputs`` with shapes), of version 1,
        MLflow or TensorFlow Serving (``predictions``, or ``outputs`` without shapes), or a list.
    binary : bytes behind the JSON.

    Raises
    ------
    BadItem
        Where it is none of these, or contradicts itself.

    Examples
    --------
    >>> output_rows({"predictions": [1, 0]})
    [1, 0]
    """
    if isinstance(document, dict):
        key = next((key for key in RESPONSE_KEYS if key in document), None)
        if key is None:
            there = ", ".join(shown(name) for name in list(document)[:10]) or "nothing"
            raise BadItem("no_outputs", f"the response holds {there}; it must have predictions or outputs")
        outputs = document[key]
        if is_tensors(outputs):
            named = [rows_of(tensor, binary) for tensor in outputs]
            if len(named) == 1 and named[0][0].startswith(("output-", "output_")):
                return named[0][1]  # a name that says nothing
            return _joined(named)
        if isinstance(outputs, dict):
            return list(_columns(key, outputs))
        document = outputs
    if not isinstance(document, list):
        return [document]
    return document


def _tensor_rows(tensors: list[dict[str, Any]], options: ImportOptions, binary: Binary | None) -> list[Row]:
    """Return the features of each row; several values of one tensor have names of `feature_names`."""
    named = [rows_of(tensor, binary) for tensor in tensors]
    rows = _joined(named)
    if not options.feature_names:
        return [flat_row(row) for row in rows]
    result: list[Row] = []
    for row in rows:
        wide = [name for name, value in row.items() if isinstance(value, list) and len(value) != 1]
        flat = flat_row({name: value for name, value in row.items() if name not in wide})
        if wide:
            flat |= flat_row([value for name in wide for value in row[name]], options.feature_names)
        result.append(flat)
    return result


def _joined(named: list[tuple[str, list[Any]]]) -> list[Row]:
    """Lay tensors of one length side by side."""
    lengths = {len(rows): name for name, rows in named}
    if len(lengths) > 1:
        (one, first), (other, second) = list(lengths.items())[:2]
        raise BadItem(
            "rows_differ",
            f"tensor {shown(first)} has {one} rows, {shown(second)} has {other}; they are one batch",
        )
    if len({name for name, _ in named}) < len(named):
        raise BadItem("bad_tensor", "two tensors have one name")
    count = next(iter(lengths), 0)
    return [{name: rows[place] for name, rows in named} for place in range(count)]


def _rows(key: str, value: Any) -> list[Any]:
    """Return a list of rows."""
    if not isinstance(value, list):
        raise BadItem("no_inputs", f"{key} must be a list of rows, not {shown(value)}")
    return value


def _columns(key: str, columns: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of columns, which are lists of one length; columns that are no lists are one row."""
    if len(columns) > MOST_VALUES:
        raise BadItem("too_many_values", f"{key} has more than {MOST_VALUES} columns")
    if not any(isinstance(column, list) for column in columns.values()):
        yield columns
        return
    lengths = {len(column) if isinstance(column, list) else -1 for column in columns.values()}
    if len(lengths) > 1:
        raise BadItem("rows_differ", f"the columns of {key} are not equally long")
    for place in range(lengths.pop()):
        yield {name: column[place] for name, column in columns.items()}


def _split(frame: Any) -> Iterator[Row]:
    """Yield the rows of a frame in pandas' orientation ``split``."""
    if not isinstance(frame, dict) or not isinstance(frame.get("data"), list):
        raise BadItem("no_inputs", "dataframe_split must be an object with columns and data")
    columns = frame.get("columns")
    for row in frame["data"]:
        if not isinstance(row, list):
            raise BadItem("no_inputs", f"a row of dataframe_split is {shown(row)}; it must be a list")
        names = columns if isinstance(columns, list) else [f"f{place}" for place in range(len(row))]
        if len(names) != len(row):
            raise BadItem(
                "rows_differ", f"dataframe_split has {len(names)} columns, and a row has {len(row)} values"
            )
        yield {
            name if isinstance(name, str) else str(name)[:500]: value
            for name, value in zip(names, row, strict=True)
        }
