"""Which columns of two frames are features, and their values as estimates take them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.monitoring.feature_rows import FeatureRows, feature_rows
from assay.monitoring.frames import feature_table
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.values import Values
from assay.stats.estimation.features import FeatureColumn
from assay.stats.summaries.reference import Reference

__all__ = ["feature_columns", "usable_features"]

_ANY_KIND = Reference.of({}, rows=0)
_MANY = 100  # fewer rows than this tell nothing about what numbers them


def usable_features(
    ours: Mapping[str, Values],
    theirs: Mapping[str, Values],
    reserved: Collection[str | None],
    wanted: Collection[str] | None,
) -> tuple[list[str], list[str]]:
    """Names of the features, and of the columns that would be some but only number the rows.

    Raises
    ------
    InvalidInput
        Where a wanted column is absent in one of the frames.
    """
    if wanted is not None:
        if isinstance(wanted, str):
            raise InvalidInput(f"features must be a list of columns, not the text {shown(wanted)}")
        for name in wanted:
            if name not in ours or name not in theirs:
                side = "reference" if name not in ours else "current frame"
                raise InvalidInput(f"the {side} has no feature {shown(name)}")
            if name in reserved:
                raise InvalidInput(
                    f"{shown(name)} is the target, score, prediction or timestamp, and no feature"
                )
        return list(dict.fromkeys(wanted)), []
    shared = [name for name in ours if name in theirs and name not in reserved]
    rows = len(next(iter(ours.values()))) if ours else 0
    found = _rows({name: ours[name] for name in shared}, rows)
    numbering = [name for name, one in found.items() if _numbers_rows(one)]
    return [name for name in found if name not in numbering], numbering


def feature_columns(
    columns: Mapping[str, Values], names: Collection[str], rows: int, places: npt.NDArray[np.int64]
) -> dict[str, FeatureColumn]:
    """Values of the features in the rows at `places`; one that holds nothing of the kind is missing."""
    found = _rows({name: columns[name] for name in names}, rows)
    nothing = FeatureColumn(np.full(places.size, np.nan))
    return {name: _column(found[name].take(places)) if name in found else nothing for name in names}


def _rows(columns: Mapping[str, Values], rows: int) -> dict[str, FeatureRows]:
    table, _ = feature_table(columns, rows)
    return feature_rows(table, _ANY_KIND)


def _column(rows: FeatureRows) -> FeatureColumn:
    if rows.kind == "numeric":
        values = rows.values if rows.valid is None else np.where(rows.valid, rows.values, np.nan)
        return FeatureColumn(np.asarray(values, dtype=np.float64))
    codes = rows.values if rows.valid is None else np.where(rows.valid, rows.values, -1)
    return FeatureColumn(np.asarray(codes, dtype=np.int64), tuple(rows.dictionary))


def _numbers_rows(rows: FeatureRows) -> bool:
    """Whether a column can only be the number or the name of its row."""
    values = rows.values if rows.valid is None else rows.values[rows.valid]
    if values.size < _MANY:
        return False
    if rows.kind == "numeric":
        steps = np.diff(values)
        return bool((values % 1 == 0).all() and ((steps > 0).all() or (steps < 0).all()))
    return len(rows.dictionary) > values.size // 2
