"""Evidently's own report on two frames, for those who read that one: ``assay drift --engine evidently``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from assay.errors import InvalidInput, MissingExtra

__all__ = ["evidently_html"]


def evidently_html(
    reference: Mapping[str, Any],
    current: Mapping[str, Any],
    *,
    numeric: Collection[str],
    categorical: Collection[str],
) -> str:
    """Return the page of Evidently's ``DataDriftPreset``, with its defaults.

    Columns that one side does not have are left out, since Evidently stops at them; so are those without any
    value on one side. Infinite numbers count as missing.

    Parameters
    ----------
    reference, current : values by column: Arrow arrays or lists.
    numeric, categorical : columns to compare, by their kind.

    Returns
    -------
    str
        An HTML document, as Evidently makes it.

    Raises
    ------
    MissingExtra
        Without Evidently.
    InvalidInput
        Where no column can be compared, or Evidently cannot make its report of these.
    """
    try:
        import pandas as pd
        from evidently import DataDefinition, Dataset, Report
        from evidently.presets import DataDriftPreset
    except ImportError as error:
        raise MissingExtra.of("evidently", purpose="Evidently's report") from error
    sides: list[dict[str, list[Any]]] = []
    for columns in (reference, current):
        side: dict[str, list[Any]] = {name: _numbers(columns[name]) for name in numeric if name in columns}
        side |= {name: _texts(columns[name]) for name in categorical if name in columns}
        sides.append({name: values for name, values in side.items() if any(map(_known, values))})
    names = [name for name in (*numeric, *categorical) if name in sides[0] and name in sides[1]]
    if not names:
        raise InvalidInput("Evidently's report needs a column with values on both sides; there is none")
    definition = DataDefinition(
        numerical_columns=[name for name in names if name in numeric],
        categorical_columns=[name for name in names if name not in numeric],
    )
    try:
        before, after = (
            Dataset.from_pandas(
                pd.DataFrame({name: side[name] for name in names}), data_definition=definition
            )
            for side in sides
        )
        return str(Report([DataDriftPreset()]).run(after, before).get_html_str(as_iframe=False))
    except Exception as error:  # whatever a foreign library raises about users' data
        first = (str(error).strip().splitlines() or [""])[0][:200]
        raise InvalidInput(
            f"Evidently cannot make its report of these rows: {type(error).__name__}: {first}"
        ) from error


def _listed(values: Any) -> list[Any]:
    return values.to_pylist() if hasattr(values, "to_pylist") else list(values)


def _numbers(values: Any) -> list[float]:
    """Finite numbers, NaN for whatever else."""
    return [
        float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        else math.nan
        for value in _listed(values)
    ]


def _texts(values: Any) -> list[str | None]:
    """Categories as Assay names them: booleans are "true" and "false"."""
    return [
        None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for value in _listed(values)
    ]


def _known(value: Any) -> bool:
    return value is not None and value == value
