"""Records, one for each item, become columns."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from assay.domain.columns import Kind
from assay.errors import TooLarge
from assay.monitoring.intake.assemble import GROUPS, LABEL_INPUTS, PREDICTION_INPUTS, Draft
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.faults import Faults, shown

__all__ = ["draft_of_records"]

_ALLOWED = {Kind.PREDICTIONS: PREDICTION_INPUTS | set(GROUPS), Kind.LABELS: LABEL_INPUTS}


def draft_of_records(
    kind: Kind,
    model_id: str,
    version: str,
    items: Sequence[dict[str, Any]],
    context: Context,
    faults: Faults | None = None,
) -> Draft:
    """Turn decoded records, whose values are scalars or flat objects, into columns.

    `faults` marks the items that are bad already. An unknown field makes its item bad.
    """
    rows = len(items)
    if rows > context.limits.items:
        raise TooLarge(f"the request has {rows} items; the most allowed is {context.limits.items}")
    faults = faults or Faults(rows)
    columns = _transpose(items, context)
    for name in columns.keys() - _ALLOWED[kind]:
        for row, value in enumerate(columns.pop(name)):
            if value is not None or name in items[row]:
                known = ", ".join(sorted(_ALLOWED[kind]))
                faults.add(row, "unknown_field", f"there is no field {shown(name)}; the fields are {known}")
    groups: dict[str, dict[str, Sequence[object]]] = {}
    for group in GROUPS:
        if group in columns:
            groups[group] = _group(group, columns.pop(group), faults, context)
    for name, values in columns.items():
        if dict in set(map(type, values)):
            columns[name] = _flat(name, values, faults)
    return Draft(kind, model_id, version, rows, columns, faults=faults, **groups)


def _transpose(items: Sequence[dict[str, Any]], context: Context) -> dict[str, Sequence[Any]]:
    """Columns of records; null where a record lacks a name. Quick where all have the same names."""
    if not items:
        return {}
    names = list(items[0])
    if set(map(len, items)) == {len(names)}:
        try:
            return {name: list(map(itemgetter(name), items)) for name in names}
        except KeyError:
            pass
    distinct: dict[str, None] = {}
    for item in items:
        if len(distinct) > context.limits.columns:
            break
        distinct.update(dict.fromkeys(item))
    if len(distinct) > context.limits.columns:
        raise TooLarge(f"the items have more than {context.limits.columns} names together")
    if len(distinct) * len(items) > context.limits.cells:
        raise TooLarge(
            f"{len(items)} items with {len(distinct)} names together make a table of more than "
            f"{context.limits.cells} cells; send fewer items at once"
        )
    return {name: [item.get(name) for item in items] for name in distinct}


def _group(
    group: str, values: Sequence[Any], faults: Faults, context: Context
) -> dict[str, Sequence[object]]:
    """Columns of features, tags or probabilities."""
    if set(map(type, values)) != {dict}:
        records: list[dict[str, Any]] = []
        for row, value in enumerate(values):
            if value is not None and not isinstance(value, dict):
                faults.add(row, "wrong_type", f"{group} must be an object, not {shown(value)}")
            records.append(value if isinstance(value, dict) else {})
        return _transpose(records, context)
    return _transpose(values, context)


def _flat(name: str, values: Sequence[Any], faults: Faults) -> list[object]:
    """Report objects where a scalar belongs."""
    result: list[object] = []
    for row, value in enumerate(values):
        if isinstance(value, dict):
            faults.add(row, "wrong_type", f"{name} must be a single value, not an object")
            value = None  # noqa: PLW2901 - the rest of the row is judged no more
        result.append(value)
    return result
