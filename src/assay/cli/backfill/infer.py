"""The types of a text file's columns, found from all of its values."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from assay.cli.backfill.source import Values

__all__ = ["KINDS", "Narrowing", "typed"]

KINDS: Final = ("whole", "number", "bool", "time", "text")
"""What a column of texts may hold; ``empty`` is one without any value."""

_ABSENT: Final = pa.array(["NA", "N/A", "#N/A", "NULL", "null", "None"])
"""Words that mean "no value" in columns that are not text."""

_PADDED: Final = r"^[+-]?0[0-9]"  # 007 is a code, not the number 7
_TIME: Final = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?)?$"
_TRUE: Final = pa.array(["true", "True", "TRUE"])
_FALSE: Final = pa.array(["false", "False", "FALSE"])


class Narrowing:
    """Which types still fit a column after the values seen so far."""

    def __init__(self) -> None:
        self._fits = list(KINDS)
        self._seen = False

    @property
    def kind(self) -> str:
        """The narrowest type that fits all values: one of :data:`KINDS`, or ``empty``."""
        return self._fits[0] if self._seen else "empty"

    def look(self, texts: pa.Array) -> None:
        """Take some more values into account."""
        values = _present(texts)
        if not len(values):
            return
        self._seen = True
        self._fits = [kind for kind in self._fits if _fits(kind, values)]


def typed(texts: pa.Array, kind: str) -> Values:
    """Return texts as values of `kind`; those that do not fit stay as they are, for the intake to judge.

    >>> typed(pa.array(["1", "NA", "x"]), "number")
    [1.0, None, 'x']
    """
    if kind in ("text", "time"):
        return texts
    if kind == "empty":
        return pa.nulls(len(texts))
    values = pc.if_else(pc.is_in(texts, value_set=_ABSENT), pa.scalar(None, pa.string()), texts)
    try:
        return _cast(values, kind)
    except pa.ArrowInvalid:
        return [_one(value, kind) for value in values.to_pylist()]


def _present(texts: pa.Array) -> pa.Array:
    values = texts.drop_null()
    return values.filter(pc.invert(pc.is_in(values, value_set=_ABSENT)))


def _fits(kind: str, values: pa.Array) -> bool:
    if kind == "text":
        return True
    if kind == "time":
        return bool(pc.all(pc.match_substring_regex(values, _TIME)).as_py())
    if kind != "bool" and pc.any(pc.match_substring_regex(values, _PADDED)).as_py():
        return False
    try:
        _cast(values, kind)
    except pa.ArrowInvalid:
        return False
    return True


def _cast(values: pa.Array, kind: str) -> pa.Array:
    if kind == "bool":
        true, false = (pc.is_in(values, value_set=words) for words in (_TRUE, _FALSE))
        if not pc.all(pc.or_(pc.or_(true, false), values.is_null())).as_py():
            raise pa.ArrowInvalid("not a boolean")
        return pc.if_else(values.is_null(), pa.scalar(None, pa.bool_()), true)
    return values.cast(pa.int64() if kind == "whole" else pa.float64())


def _one(text: str | None, kind: str) -> object:
    """One value that may not be of the kind that its column is declared to have."""
    if text is None:
        return None
    try:
        value: Values = _cast(pa.array([text]), kind)
    except pa.ArrowInvalid:
        return text
    return value[0].as_py()
