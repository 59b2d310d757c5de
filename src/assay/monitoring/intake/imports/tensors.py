"""Tensors of the Open Inference Protocol, version 2: JSON, and its extension for binary data."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.imports.flat import DEPTH
from assay.monitoring.intake.imports.options import BadItem

__all__ = ["Binary", "is_tensor", "is_tensors", "rows_of"]

_TYPES: dict[str, str] = {
    "BOOL": "?",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BYTES": "",
}
_LENGTH = struct.Struct("<I")
_MOST_ROWS = 1_000_000
_MOST_DIMENSIONS = 16


class Binary:
    """The bytes behind the JSON of a binary request, which its tensors take one after the other."""

    __slots__ = ("_data", "_place")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises
        ------
        BadItem
            Where there are not as many.
        """
        part = self._data[self._place : self._place + size]
        if len(part) < size:
            raise BadItem(
                "bad_tensor", f"binary data ends early: {size} bytes are announced, {len(part)} are left"
            )
        self._place += size
        return part


def is_tensor(value: object) -> bool:
    """Whether `value` looks like a tensor of the protocol."""
    return isinstance(value, dict) and "datatype" in value and "shape" in value


def is_tensors(value: object) -> bool:
    """Whether `value` is a list of tensors rather than of rows."""
    return isinstance(value, list) and bool(value) and all(map(is_tensor, value))


def rows_of(tensor: dict[str, Any], binary: Binary | None = None) -> tuple[str, list[Any]]:
    """Return name and rows of a tensor; a row is a scalar for shape [n], a flat list for [n, k, ...].

    Parameters
    ----------
    tensor : ``name``, ``shape``, ``datatype`` and ``data``, which is row-major, flat or nested.
    binary : where the values are of a tensor that has ``binary_data_size`` among its parameters.

    Raises
    ------
    BadItem
        Where shape, type and data do not fit each other.

    Examples
    --------
    >>> rows_of({"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1.0, 2.0, 3.0, 4.0]})
    ('x', [[1.0, 2.0], [3.0, 4.0]])
    """
    name, datatype = tensor.get("name"), tensor["datatype"]
    if not isinstance(name, str) or not name:
        raise BadItem("bad_tensor", f"a tensor's name must be text, not {shown(name)}")
    if not isinstance(datatype, str) or datatype not in _TYPES:
        raise BadItem(
            "bad_tensor",
            f"tensor {shown(name)} has the datatype {shown(datatype)}; there are {', '.join(_TYPES)}",
        )
    shape = _shape(name, tensor["shape"])
    count = 1
    for size in shape:
        count *= size
    parameters = tensor.get("parameters")
    announced = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if announced is not None:
        values = _unpacked(name, datatype, count, announced, binary)
    elif "data" in tensor:
        values = _checked(name, datatype, tensor["data"], count)
    else:
        raise BadItem("bad_tensor", f"tensor {shown(name)} has no data")
    if len(values) != count:
        raise BadItem(
            "bad_tensor",
            f"tensor {shown(name)} has {len(values)} values; its shape {shown(shape)} needs {shown(count)}",
        )
    if len(shape) < 2:
        return name, values
    if shape[0] > _MOST_ROWS:  # rows of no values at all cost nothing to announce
        raise BadItem("bad_tensor", f"tensor {shown(name)} has {shown(shape[0])} rows; cut the request")
    width = count // shape[0] if shape[0] else 0
    return name, [values[row * width : (row + 1) * width] for row in range(shape[0])]


def _shape(name: str, shape: Any) -> list[int]:
    """Return the shape, a list of whole numbers from 0 on."""
    good = isinstance(shape, list) and len(shape) <= _MOST_DIMENSIONS
    if not good or not all(type(size) is int and size >= 0 for size in shape):
        raise BadItem(
            "bad_tensor", f"tensor {shown(name)} has the shape {shown(shape)}; write such as [1, 4]"
        )
    return list(shape)


def _checked(name: str, datatype: str, data: Any, count: int) -> list[Any]:
    """Flatten JSON data and check that its values are of the type; null is a missing value."""
    values: list[Any] = []
    _flatten(name, data, values, 0)
    if len(values) != count:
        return values
    fitting: tuple[type, ...] = (str,)
    if datatype == "BOOL":
        if all(value in (0, 1) for value in values if type(value) is int):
            values = [bool(value) if type(value) is int else value for value in values]
        fitting = (bool,)
    elif datatype.startswith("FP"):
        fitting = (float, int)
    elif datatype != "BYTES":
        fitting = (int,)
    for value in values:
        if type(value) not in fitting and value is not None:
            raise BadItem(
                "bad_tensor", f"tensor {shown(name)} of {datatype} holds {shown(value)}, which is none"
            )
    return values


def _flatten(name: str, data: Any, into: list[Any], depth: int) -> None:
    """Add the scalars inside `data`, in order."""
    if depth > DEPTH:
        raise BadItem("too_deep", f"the data of tensor {shown(name)} is nested more than {DEPTH} deep")
    if not isinstance(data, list):
        if isinstance(data, dict):
            raise BadItem("bad_tensor", f"the data of tensor {shown(name)} holds an object")
        into.append(data)
    elif not any(isinstance(value, (list, dict)) for value in data):
        into.extend(data)
    else:
        for value in data:
            _flatten(name, value, into, depth + 1)


def _unpacked(name: str, datatype: str, count: int, size: Any, binary: Binary | None) -> list[Any]:
    """Read binary values: little-endian, row-major; BYTES have their length before them, four bytes."""
    if type(size) is not int or size < 0:
        raise BadItem("bad_tensor", f"binary_data_size of tensor {shown(name)} is {shown(size)}")
    if binary is None:
        raise BadItem(
            "bad_tensor",
            f"tensor {shown(name)} has binary data, and none came behind the JSON; is "
            "Inference-Header-Content-Length right?",
        )
    data = binary.take(size)
    if datatype != "BYTES":
        dtype = np.dtype(_TYPES[datatype])
        if size != count * dtype.itemsize:
            raise BadItem(
                "bad_tensor",
                f"tensor {shown(name)} has {size} bytes; its shape and {datatype} need "
                f"{shown(count * dtype.itemsize)}",
            )
        if datatype == "BOOL":
            return (np.frombuffer(data, dtype=np.uint8) != 0).tolist()
        return np.frombuffer(data, dtype=dtype).tolist()
    values: list[Any] = []
    place = 0
    while place < size:
        if size - place < _LENGTH.size:
            raise BadItem("bad_tensor", f"the texts of tensor {shown(name)} end early")
        (length,) = _LENGTH.unpack_from(data, place)
        place += _LENGTH.size
        if size - place < length:
            raise BadItem("bad_tensor", f"the texts of tensor {shown(name)} end early")
        try:
            values.append(data[place : place + length].decode())
        except UnicodeDecodeError:
            raise BadItem("bad_tensor", f"tensor {shown(name)} holds bytes that are no UTF-8 text") from None
        place += length
    return values
