"""One prediction or label as JSON, written at the call.

Text made at once is a copy that the caller cannot change any more, its length is what it costs, and sending
it later takes no work. Everything that is unusual about a row shows here, before it could spoil a batch.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from assay.client.batches import all_finite
from assay.domain.columns import class_text

__all__ = ["class_shares", "encode_row", "features_of"]

_MISSING = frozenset({"NAType", "NaTType"})


def encode_row(record: dict[str, Any]) -> bytes:
    """Return `record` as one JSON object; NaN and infinities are written as Python writes them.

    Raises
    ------
    Exception
        Whatever the values' own code raises, TypeError or ValueError where they have no JSON.

    Examples
    --------
    >>> encode_row({"score": 0.5, "features": {"x": float("nan"), "y": None}})
    b'{"score": 0.5, "features": {"x": NaN, "y": null}}'
    """
    try:
        data = _encode(record)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return json.dumps(record, default=_plain).encode()
    # JSON has no name for NaN and infinities, and null is what the quick way writes for them.
    if _null(data) and not all_finite(record):
        return json.dumps(record, default=_plain).encode()
    return data


def features_of(value: Any, names: Sequence[str] | None = None) -> Any:
    """Return the features of one prediction as a dict of names and values.

    Parameters
    ----------
    value : a mapping, a row of pandas, a dataclass, a Pydantic model, a named tuple, a msgspec struct; or
        values alone (list, tuple, one-dimensional array), named by `names`.
    names : names for values alone, in their order.

    Raises
    ------
    TypeError, ValueError
        Where it is none of these, or there are not as many values as names.

    Examples
    --------
    >>> features_of([1.5, "a"], ["amount", "kind"])
    {'amount': 1.5, 'kind': 'a'}
    """
    if type(value) is dict:
        return value
    if isinstance(value, Mapping):
        return dict(value)
    for method in ("_asdict", "model_dump"):  # named tuples, Pydantic models
        if callable(getattr(value, method, None)):
            return getattr(value, method)()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if hasattr(value, "to_dict") and hasattr(value, "index"):  # a row of pandas
        return {str(name): item for name, item in value.to_dict().items()}
    if isinstance(value, np.void) and value.dtype.names:
        return dict(zip(value.dtype.names, value.item(), strict=True))
    if names is not None and not isinstance(value, (str, bytes)):
        values = value.tolist() if hasattr(value, "tolist") else list(value)
        if len(values) != len(names):
            raise ValueError(f"there are {len(values)} values for {len(names)} names of features")
        return dict(zip(names, values, strict=True))
    raise TypeError(
        f"features are names and values, and a {type(value).__name__} has no names; give a dict, or "
        "the names to the logger: features=[...]"
    )


def class_shares(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Return probabilities by the text of their class.

    >>> class_shares({1: 0.75, False: 0.25})
    {'1': 0.75, '0': 0.25}
    """
    return {name if type(name) is str else str(class_text(name)): share for name, share in value.items()}


def _plain(value: Any) -> Any:
    """Return what JSON can hold instead of `value`: scalars of NumPy, pandas and tensors, times, decimals."""
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, np.datetime64):
        return str(value)
    if type(value).__name__ in _MISSING:
        return None
    if type(value).__module__ != "datetime" and hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if callable(getattr(value, "item", None)):
        return value.item()
    return msgspec.to_builtins(value, enc_hook=_refuse)


def _refuse(value: Any) -> Any:
    """Refuse what no library knows how to write."""
    raise TypeError(f"a {type(value).__name__} is not a number, text, boolean or time")


_null = re.compile(b"null").search  # in half the time that `in` takes
_encode = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number").encode
