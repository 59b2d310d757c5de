"""From the arguments of a predict function to features and tags, of one prediction or of many."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from assay.client.logger.block import Block, block_of
from assay.client.logger.row import features_of

__all__ = ["Arguments", "Features", "Tags", "is_frame"]

Features: TypeAlias = Sequence[str] | Callable[..., Any] | None
"""Names of the features, a function of the arguments that returns them, or None: everything."""

Tags: TypeAlias = Sequence[str] | Mapping[str, Any] | Callable[..., Mapping[str, Any]]
"""Names among the features that are tags, tags that never change, or a function of the arguments."""


class Arguments:
    """Reads the arguments of one function.

    Where its only argument has names and values, or is a frame, that is the features; else each argument is a
    feature. The ``self`` of a method is none.

    Parameters
    ----------
    function : the predict function.
    features, tags : what is what.
    """

    def __init__(self, function: Callable[..., Any], features: Features, tags: Tags) -> None:
        self._signature = inspect.signature(function)
        parameters = list(self._signature.parameters.values())
        self._skipped = parameters[0].name if parameters and parameters[0].name in ("self", "cls") else None
        self._rest = {item.name for item in parameters if item.kind is item.VAR_KEYWORD}
        self._features = features
        self._tags = tags

    def read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return features, copied (a dict, or a block of many), and tags.

        Raises
        ------
        Exception
            Where the arguments do not fit; the function itself is going to say so.
        """
        names = None if callable(self._features) else self._features
        if callable(self._features):
            given = self._features(*args, **kwargs)
        else:
            given = self._given(args, kwargs)
        tags = dict(self._tags) if isinstance(self._tags, Mapping) else {}
        if callable(self._tags):
            tags = dict(self._tags(*args, **kwargs))
        moved = [] if isinstance(self._tags, Mapping) or callable(self._tags) else list(self._tags)
        if is_frame(given):
            return _block(given, names, moved, tags)
        row = dict(features_of(given, names))
        tags |= {name: row.pop(name) for name in moved}
        return (row if names is None else {name: row[name] for name in names}), tags

    def _given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The one argument that holds everything, or all of them by name."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = {name: value for name, value in bound.arguments.items() if name != self._skipped}
        for name in self._rest & values.keys():
            values |= values.pop(name)
        if len(values) == 1:
            (only,) = values.values()
            if not isinstance(only, (str, bytes)) and (_structured(only) or np.ndim(only) > 0):
                return only
        return values


def is_frame(value: Any) -> bool:
    """Whether a value holds many predictions: a frame, records, columns, an array of two dimensions."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
        return bool(value) and not np.isscalar(value[0])
    if isinstance(value, Mapping):
        lengths = {_length(column) for column in value.values()}
        return len(lengths) == 1 and lengths != {-1}
    return (
        hasattr(value, "num_rows")
        or getattr(value, "ndim", 0) == 2
        or (hasattr(value, "columns") and hasattr(value, "shape"))
        or bool(getattr(getattr(value, "dtype", None), "names", None) and getattr(value, "ndim", 0) == 1)
    )


def _length(column: Any) -> int:
    """Length of a column; -1 where the value is none."""
    return -1 if isinstance(column, (str, bytes, Mapping)) or not hasattr(column, "__len__") else len(column)


def _structured(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        or is_frame(value)
        or any(hasattr(value, name) for name in ("__dataclass_fields__", "model_dump", "_asdict", "to_dict"))
    )


def _block(
    frame: Any, names: Sequence[str] | None, moved: Sequence[str], tags: dict[str, Any]
) -> tuple[Block, dict[str, Any]]:
    """Return the features of many predictions, and their tags."""
    if not moved:
        return block_of(frame, names), tags
    if isinstance(frame, (list, tuple)):
        frame = block_of(frame, None).features
    tags |= {name: frame[name] for name in moved}
    if names is None:
        present = frame.column_names if hasattr(frame, "column_names") else getattr(frame, "columns", frame)
        names = [name for name in present if name not in moved]
    return block_of(frame, names), tags
