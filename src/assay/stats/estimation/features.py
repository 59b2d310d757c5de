"""Features as columns of a design: numbers standardised and drawn in, categories as indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Design", "FeatureColumn"]

_Floats = npt.NDArray[np.float64]
_MOST_CATEGORIES = 20
_FEW_VALUES = 20
_TAIL = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class FeatureColumn:
    """A feature of every row: numbers (NaN: none), or codes into names (-1: none).

    Attributes
    ----------
    values : float64[rows] of a number; int64[rows] of a category.
    names : the categories; None: the feature is a number.
    """

    values: npt.NDArray[np.float64] | npt.NDArray[np.int64]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    name: str
    low: float
    high: float
    middle: float
    points: _Floats | None  # the distinct values, where there are few

    def columns(self, column: FeatureColumn) -> list[_Floats]:
        values = (
            np.asarray(column.values, dtype=np.float64)
            if column.names is None
            else np.full(len(column.values), np.nan)
        )
        known = np.isfinite(values)
        if self.points is not None:
            return [(values == point).astype(np.float64) for point in self.points[1:]] + [
                (~known).astype(np.float64)
            ]
        return [
            np.clip(np.where(known, values, self.middle), self.low, self.high),
            (~known).astype(np.float64),
        ]


@dataclass(frozen=True, slots=True, eq=False)
class _Category:
    name: str
    kept: tuple[str, ...]

    def columns(self, column: FeatureColumn) -> list[_Floats]:
        names = column.names or ()
        place = {name: code for code, name in enumerate(names)}
        if column.names is None:
            return [np.zeros(len(column.values))] * len(self.kept)
        return [(column.values == place.get(name, -2)).astype(np.float64) for name in self.kept]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """How features become columns: learned from a reference, used for every window.

    Numbers are drawn in to the reference's middle 99% and missing ones put at its median, with an indicator;
    numbers with at most 20 distinct values, and the 20 most frequent categories, become indicators. All
    columns are standardised by the reference; constant ones are left out.
    """

    parts: tuple[_Number | _Category, ...]
    mean: _Floats
    spread: _Floats

    @classmethod
    def of(cls, columns: Mapping[str, FeatureColumn]) -> Self:
        """Learn from a reference's features."""
        parts: list[_Number | _Category] = []
        for name, column in columns.items():
            if column.names is None:
                values = np.asarray(column.values, dtype=np.float64)
                values = values[np.isfinite(values)]
                if not values.size:
                    continue
                low, middle, high = np.quantile(values, [_TAIL, 0.5, 1 - _TAIL]).tolist()
                points = np.unique(values)
                few = points if points.size <= _FEW_VALUES else None
                parts.append(_Number(name, low, high, middle, few))
            else:
                codes = np.asarray(column.values, dtype=np.int64)
                counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
                order = np.argsort(-counts, kind="stable")[:_MOST_CATEGORIES]
                parts.append(_Category(name, tuple(column.names[code] for code in order if counts[code])[1:]))
        raw = _raw(tuple(parts), columns)
        return cls(tuple(parts), raw.mean(axis=0), raw.std(axis=0))

    def __call__(self, columns: Mapping[str, FeatureColumn]) -> _Floats:
        """Return float64[rows, terms]: the features of a window as the reference's are given."""
        raw = _raw(self.parts, columns)
        varied = self.spread > 1e-9
        return np.asarray((raw[:, varied] - self.mean[varied]) / self.spread[varied])


def _raw(parts: tuple[_Number | _Category, ...], columns: Mapping[str, FeatureColumn]) -> _Floats:
    rows = len(next(iter(columns.values())).values) if columns else 0
    found = [one for part in parts for one in part.columns(columns[part.name])]
    return np.column_stack(found) if found else np.zeros((rows, 0))
