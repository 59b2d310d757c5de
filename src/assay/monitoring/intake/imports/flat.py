"""Nested values become flat ones, each under a name made of where it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from assay.monitoring.intake.imports.options import BadItem

__all__ = ["DEPTH", "MOST_VALUES", "Row", "Scalar", "flat_row", "named"]

Scalar: TypeAlias = int | float | str | bool | None
Row: TypeAlias = dict[str, Any]

DEPTH = 16
MOST_VALUES = 10_000
"""Values of one row: more are no features of a model that this is for, but an image or a document."""


def flat_row(value: Any, names: Sequence[str] = ()) -> Row:
    """Return one row of a model's inputs as features.

    A list in an object has the name of its member: ``{"x": [1, 2]}`` has ``x_0`` and ``x_1``; an object in
    an object has a point between: ``a.b``. Values without any name have `names`, or ``f0``, ``f1``, ...

    Raises
    ------
    BadItem
        Where it is nested too deeply, has more than 10,000 values, or not as many as there are names.

    Examples
    --------
    >>> flat_row([5.1, [3.5, 1.4]])
    {'f0': 5.1, 'f1': 3.5, 'f2': 1.4}
    >>> flat_row({"amount": [12.5], "at": {"country": "DE", "xy": [1, 2]}})
    {'amount': 12.5, 'at.country': 'DE', 'at.xy_0': 1, 'at.xy_1': 2}
    """
    if isinstance(value, dict):
        result: Row = {}
        for name, inner in value.items():
            for key, scalar in _walk(name, inner, 1):
                result[key] = scalar
                if len(result) > MOST_VALUES:
                    raise _too_many()
        return result
    return named([scalar for _, scalar in _walk("", value, 0)], names)


def named(values: Sequence[Any], names: Sequence[str]) -> Row:
    """Return `values` under `names`, or under ``f0``, ``f1``, ...

    Raises
    ------
    BadItem
        Where there are not as many.
    """
    if not names:
        return {f"f{place}": value for place, value in enumerate(values)}
    if len(names) != len(values):
        raise BadItem(
            "wrong_names", f"feature_names has {len(names)} names, and a row has {len(values)} values without"
        )
    return dict(zip(names, values, strict=True))


def _walk(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield name and value of every scalar inside, in order."""
    if depth > DEPTH:
        raise BadItem("too_deep", f"the values are nested more than {DEPTH} deep; send flat ones")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(f"{name}.{key}" if name else key, inner, depth + 1)
    elif isinstance(value, list):
        if len(value) > MOST_VALUES:
            raise _too_many()
        if len(value) == 1:
            yield from _walk(name, value[0], depth + 1)
            return
        for place, inner in enumerate(value):
            yield from _walk(f"{name}_{place}", inner, depth + 1)
    else:
        yield name, value


def _too_many() -> BadItem:
    return BadItem("too_many_values", f"a row has more than {MOST_VALUES} values")
