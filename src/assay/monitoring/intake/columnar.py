"""JSON bodies of columns: one list for each field, instead of one object for each item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.domain.columns import Kind
from assay.errors import InvalidInput, TooLarge
from assay.monitoring.intake.assemble import GROUPS, LABEL_INPUTS, PREDICTION_INPUTS, Draft
from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.faults import Faults, shown

__all__ = ["ColumnValues", "draft_of_columns"]

_Column = list[int | float | str | bool | None]
ColumnValues = dict[str, _Column | dict[str, _Column]]
"""Decoded ``columns``: values by field; for features, tags and probabilities values by name by field."""


def draft_of_columns(
    kind: Kind, model_id: str, version: str, columns: Mapping[str, Any], limits: Limits
) -> Draft:
    """Check that the columns are as long as each other and are those of the kind.

    Raises
    ------
    InvalidInput
        Where they are not; a column of the wrong length cannot be laid to single items.
    """
    inputs = PREDICTION_INPUTS if kind is Kind.PREDICTIONS else LABEL_INPUTS
    allowed = set(GROUPS) if kind is Kind.PREDICTIONS else set()
    fields: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    lengths: dict[int, str] = {}
    for name, values in columns.items():
        if isinstance(values, dict):
            if name not in allowed:
                raise InvalidInput(
                    f"columns.{shown(name)} is an object; only {', '.join(GROUPS)} of predictions are"
                )
            groups[name] = values
            lengths.update((len(column), f"{name}.{key[:80]}") for key, column in values.items())
        elif name in inputs:
            fields[name] = values
            lengths[len(values)] = name
        else:
            known = ", ".join(sorted(inputs | allowed))
            shape = " of lists by name" if name in allowed else ""
            raise InvalidInput(
                f"columns.{name} must be an object{shape}"
                if shape
                else f"there is no column {shown(name)}; the columns are {known}"
            )
        if len(lengths) > 1:
            (first, one), (second, other) = list(lengths.items())[:2]
            raise InvalidInput(
                f"columns must be equally long: {one!r} has {first} values, {other!r} has {second}"
            )
    rows = next(iter(lengths), 0)
    if rows > limits.items:
        raise TooLarge(f"the request has {rows} items; the most allowed is {limits.items}")
    return Draft(kind, model_id, version, rows, fields, faults=Faults(rows), **groups)
