"""Columns of a request become Arrow columns of one type, value by value only where they must.

Each function takes the values of one column, as a sequence of Python scalars or as an Arrow array without
nesting, tries to convert them at once, and looks at single values only where that fails; what cannot be used
is reported to the :class:`~assay.monitoring.intake.faults.Faults`, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import BOOL_FEATURE, NUMERIC_FEATURE, TEXT_FEATURE, class_text
from assay.domain.model import MAX_NAME
from assay.monitoring.intake.faults import Faults, shown

__all__ = ["Values", "feature_columns", "infer", "listed", "numbers", "outcome", "texts"]

Values: TypeAlias = pa.Array | Sequence[object]

_MIN_INT, _MAX_INT = -(2**63), 2**63 - 1
# Whatever pa.array raises for values of several types, huge integers and lone surrogates.
_MIXED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError)
_FEW = 64
_INT64, _FLOAT64, _STRING, _BOOL = pa.int64(), pa.float64(), pa.string(), pa.bool_()


def infer(values: Values) -> pa.Array | None:
    """Return the values as an Arrow array of the type they all have; None where they have several."""
    if isinstance(values, pa.Array):
        return values
    try:
        array = pa.array(values)
    except _MIXED:
        return None
    if array.type == _FLOAT64 and bool in set(map(type, values)):
        return None  # Arrow reads [0.5, True] as [0.5, 1.0]; a boolean is no number here
    return array if isinstance(array, pa.Array) else array.combine_chunks()


def listed(values: Values) -> Sequence[object]:
    """Return the values as Python scalars."""
    return values.to_pylist() if isinstance(values, pa.Array) else values


def numbers(what: str, values: Values, faults: Faults) -> pa.Array | None:
    """Return a float64 column; None where every value is null. `what` names it in messages."""
    array = infer(values)
    if array is not None:
        kind = array.type
        if kind == _FLOAT64:
            return array
        if pa.types.is_null(kind):
            return None
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return array.cast(_FLOAT64, safe=False)
    result: list[float | None] = []
    for row, value in enumerate(listed(values)):
        number = _float(value)
        if number is None and value is not None:
            faults.add(row, "not_a_number", f"{what} must be a number, not {shown(value)}")
        result.append(number)
    return _or_none(pa.array(result, _FLOAT64))


def texts(what: str, values: Values, faults: Faults, *, classes: bool = False) -> pa.Array | None:
    """Return a string column of names; None where every value is null.

    Integers are written out. With `classes`, other numbers and booleans are too, as
    :func:`~assay.domain.columns.class_text` writes them.
    """
    array = infer(values)
    if array is not None:
        kind = array.type
        if pa.types.is_null(kind):
            return None
        if pa.types.is_integer(kind):
            return array.cast(_STRING)
        if kind == _STRING:
            return _checked(what, array, values, faults)
    result: list[str | None] = []
    for row, value in enumerate(listed(values)):
        text: str | None = None
        if isinstance(value, str) or value is None:
            text = value
        elif isinstance(value, (int, float)) and (classes or _is_int(value)):
            text = class_text(value)
        else:
            faults.add(row, "not_text", f"{what} must be text, not {shown(value)}")
        if text is not None and not _encodes(text):
            faults.add(row, "not_text", f"{what} holds half of a surrogate pair, which is not text")
            text = None
        result.append(text)
    return _or_none(_checked(what, pa.array(result, _STRING), result, faults))


def outcome(what: str, values: Values, faults: Faults) -> tuple[pa.Array | None, pa.Array | None]:
    """Return (float64 column, string column) of predictions or truths, which are numbers or classes.

    Booleans are the numbers 1 and 0. A value is in at most one of the two columns; a column without values
    is None.
    """
    array = infer(values)
    if array is not None:
        kind = array.type
        if kind == _FLOAT64:
            return array, None
        if pa.types.is_null(kind):
            return None, None
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return array.cast(_FLOAT64, safe=False), None
        if pa.types.is_boolean(kind):
            return array.cast(pa.int8()).cast(_FLOAT64), None
        if kind == _STRING:
            return None, _checked(what, array, values, faults)
    figures: list[float | None] = []
    classes: list[str | None] = []
    for row, value in enumerate(listed(values)):
        number = float(value) if isinstance(value, bool) else _float(value)
        text = value if isinstance(value, str) else None
        if text is not None and not _encodes(text):
            faults.add(row, "not_text", f"{what} holds half of a surrogate pair, which is not text")
            text = None
        elif number is None and text is None and value is not None:
            faults.add(row, "wrong_type", f"{what} must be a number, a boolean or text, not {shown(value)}")
        figures.append(number)
        classes.append(text)
    named = _checked(what, pa.array(classes, _STRING), classes, faults)
    return _or_none(pa.array(figures, _FLOAT64)), _or_none(named)


def feature_columns(name: str, values: Values, faults: Faults) -> list[tuple[str, pa.Array]]:
    """Return the columns of one feature with their prefixed names: one for each type that its values have."""
    array = infer(values)
    if array is not None:
        kind = array.type
        if kind in (_FLOAT64, _INT64):
            return [(NUMERIC_FEATURE + name, array)]
        if kind == _STRING:
            return [(TEXT_FEATURE + name, array)]
        if kind == _BOOL:
            return [(BOOL_FEATURE + name, array)]
        if pa.types.is_null(kind):
            return []
        if pa.types.is_integer(kind):
            whole = kind != pa.uint64() or not (pc.max(array).as_py() or 0) > _MAX_INT
            return [(NUMERIC_FEATURE + name, array.cast(_INT64 if whole else _FLOAT64, safe=whole))]
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return [(NUMERIC_FEATURE + name, array.cast(_FLOAT64, safe=False))]
    return _split(name, listed(values), faults)


def _split(name: str, values: Sequence[object], faults: Faults) -> list[tuple[str, pa.Array]]:
    """Sort values of several types into a column for each type."""
    figures: list[int | float | None] = [None] * len(values)
    words: list[str | None] = [None] * len(values)
    flags: list[bool | None] = [None] * len(values)
    whole = True
    for row, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, bool):
            flags[row] = value
        elif isinstance(value, str):
            if _encodes(value):
                words[row] = value
            else:
                faults.add(
                    row,
                    "not_text",
                    f"feature {shown(name)} holds half of a surrogate pair, which is not text",
                )
        elif isinstance(value, int):
            figures[row] = value
            whole = whole and _MIN_INT <= value <= _MAX_INT
        elif (number := _float(value)) is not None:
            figures[row] = number
            whole = False
        else:
            faults.add(
                row,
                "wrong_type",
                f"feature {shown(name)} must be a number, text, a boolean or null, not {shown(value)}; "
                "flatten nested values, and give a number or text for a moment",
            )
    if not whole:
        figures = [_float(value) for value in figures]
    columns = (
        (NUMERIC_FEATURE + name, pa.array(figures, _INT64 if whole else _FLOAT64)),
        (TEXT_FEATURE + name, pa.array(words, _STRING)),
        (BOOL_FEATURE + name, pa.array(flags, _BOOL)),
    )
    return [(column, array) for column, array in columns if array.null_count < len(array)]


def _checked(what: str, array: pa.Array, values: Values, faults: Faults) -> pa.Array:
    """Report texts that cannot be names: empty, too long, or with a NUL."""
    rows = len(array)
    if rows <= _FEW and not isinstance(values, pa.Array):
        for row, text in enumerate(values):
            if isinstance(text, str) and (not text or len(text) > MAX_NAME // 4 or "\0" in text):
                _judge(what, row, text, faults)
        return array
    if rows == 0:
        return array
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int32, count=rows + 1, offset=4 * array.offset)
    lengths = np.diff(offsets)
    suspect = (lengths == 0) | (lengths > MAX_NAME)
    if array.null_count:
        suspect &= array.is_valid().to_numpy(zero_copy_only=False)
    if data is not None and offsets[-1] > offsets[0]:
        zeros = np.flatnonzero(np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]] == 0)
        if len(zeros):
            suspect[np.searchsorted(offsets, zeros + offsets[0], side="right") - 1] = True
    if suspect.any():
        for row in np.flatnonzero(suspect).tolist():
            _judge(what, row, array[row].as_py() or "", faults)
    return array


def _judge(what: str, row: int, text: str, faults: Faults) -> None:
    """Report `text` if it cannot be a name."""
    if not text:
        faults.add(row, "empty", f"{what} is empty; give it a value or leave it out")
    elif "\0" in text:
        faults.add(row, "not_text", f"{what} holds a NUL character; remove it")
    elif (size := len(text.encode())) > MAX_NAME:
        faults.add(row, "too_long", f"{what} is {size} bytes long; the longest allowed is {MAX_NAME}")


def _float(value: object) -> float | None:
    """Return the number as a float, infinite where it is beyond all floats; None where it is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_int(value: object) -> bool:
    """Whether `value` is an integer and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def _encodes(text: str) -> bool:
    """Whether `text` can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _or_none(array: pa.Array) -> pa.Array | None:
    """Return the array unless it holds nothing but nulls."""
    return array if array.null_count < len(array) else None
