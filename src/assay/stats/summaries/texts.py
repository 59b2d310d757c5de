"""Texts as integer codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.codec import Ints

__all__ = ["Texts", "encode_texts"]

Texts = Sequence[str | None] | npt.NDArray[Any] | tuple[npt.NDArray[Any], Sequence[str]]
"""Texts, None where missing; or a pair (codes, dictionary), code -1 where missing."""


def encode_texts(values: Texts, what: str = "values") -> tuple[Ints, list[str]]:
    """Return codes (int64, -1 where missing) and the distinct texts that they point to.

    Parameters
    ----------
    values : texts with None (or NaN) where missing, or a pair (codes, dictionary).
    what : the argument's name, for messages.

    Raises
    ------
    InvalidInput
        Where a value is not text, or a code points nowhere.

    Examples
    --------
    >>> codes, names = encode_texts(["late", None, "late"])
    >>> codes.tolist(), names
    ([0, -1, 0], ['late'])
    """
    if isinstance(values, tuple) and len(values) == 2 and isinstance(values[0], np.ndarray):
        codes = values[0].astype(np.int64, copy=False)
        names = list(values[1])
        if codes.size and (int(codes.max()) >= len(names) or int(codes.min()) < -1):
            raise InvalidInput(f"{what}: a code points outside the dictionary of {len(names)} texts")
        return codes, names
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "U":
            distinct, inverse = np.unique(values, return_inverse=True)
            return inverse.astype(np.int64).ravel(), [str(name) for name in distinct.tolist()]
        values = values.ravel().tolist()
    seen = dict.fromkeys(values)
    table: dict[Any, int] = {}
    names = []
    for value in seen:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            table[value] = -1
        elif isinstance(value, str):
            table[value] = len(names)
            names.append(str(value))
        else:
            raise InvalidInput(f"{what} must be texts or None, not {type(value).__name__}: {value!r:.80}")
    codes = np.fromiter(map(table.__getitem__, values), dtype=np.int64, count=len(values))
    return codes, names
