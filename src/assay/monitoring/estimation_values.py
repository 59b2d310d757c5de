"""What predictions are worth: the values that a user gives, as matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.domain.columns import class_text
from assay.errors import InvalidInput
from assay.monitoring.intake.faults import shown
from assay.stats.estimation import Cost

__all__ = ["values_of_classes", "values_of_kinds"]


def values_of_kinds(values: Mapping[str, Any]) -> Cost:
    """Read ``tp``, ``fp``, ``tn`` and ``fn``: values by truth and prediction, false before true.

    Raises
    ------
    InvalidInput
        Where one is absent or no finite number, or there are others.
    """
    worth = _numbers(values)
    if worth is None or set(worth) != {"tp", "fp", "tn", "fn"}:
        raise InvalidInput(
            f"business_value must give a number for each of tp, fp, tn and fn, not {shown(values)}"
        )
    return ((worth["tn"], worth["fp"]), (worth["fn"], worth["tp"]))


def values_of_classes(values: Mapping[str, Any], classes: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Read values by true class and predicted one, for every pair: float64[classes, classes].

    Raises
    ------
    InvalidInput
        Where a pair is absent or no finite number, or there are other classes.
    """
    needed = (
        f"business_value must give a number for each true and each predicted class of {shown(list(classes))}"
    )
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{needed}, not {shown(values)}")
    rows = {str(class_text(name)): _numbers(row) for name, row in values.items()}
    if set(rows) != set(classes):
        odd = min(set(rows) - set(classes), default="") or min(set(classes) - set(rows))
        said = "is not among the classes of score" if odd in rows else "is absent"
        raise InvalidInput(f"{needed}: the true class {shown(odd)} {said}")
    made = np.zeros((len(classes), len(classes)))
    for place, name in enumerate(classes):
        row = rows[name]
        if row is None or set(row) != set(classes):
            raise InvalidInput(
                f"{needed}: those of the true class {shown(name)} are {shown(values.get(name))}"
            )
        made[place] = [row[other] for other in classes]
    return made


def _numbers(values: Any) -> dict[str, float] | None:
    """Finite numbers by name; None where these are not such."""
    try:
        found = {str(class_text(name)): float(value) for name, value in values.items()}
    except (AttributeError, TypeError, ValueError):
        return None
    return found if all(np.isfinite(value) for value in found.values()) else None
