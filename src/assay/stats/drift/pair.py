"""The two sides that every statistic of drift compares, brought to a common form once.

A side is a summary, a column, or raw values; what a statistic needs of them (steps of the line, counts in
common bins, rows without a value) is made when it is first asked for, and kept for the next statistic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.drift.bins import quantile_bins, single_values
from assay.stats.drift.pooled_categories import pooled_category_bins
from assay.stats.drift.steps import Steps
from assay.stats.summaries.categorical import CategoricalSummary, Categories
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.column import Column, FeatureKind
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["Pair", "Side"]

Summary = NumericSummary | CategoricalSummary

Side = Summary | Column | npt.NDArray[Any] | Sequence[Any]
"""A summary, a column, numbers (NaN where missing), or texts (None where missing)."""


def _column(side: Column | npt.NDArray[Any] | Sequence[Any], what: str) -> Column:
    if isinstance(side, Column):
        return side
    if isinstance(side, np.ndarray) and side.dtype.kind in "fiub":
        return Column.numeric(side)
    texts = side.ravel().tolist() if isinstance(side, np.ndarray) else list(side)
    given = [value for value in texts if value is not None]
    if given and all(isinstance(value, (int, float, np.number)) for value in given):
        if all(value != value for value in given) and len(given) < len(texts):
            return Column.categorical(texts)  # NaN beside None says nothing of numbers
        return Column.numeric(given, missing=len(texts) - len(given))
    try:
        return Column.categorical(texts)
    except (InvalidInput, TypeError) as error:
        raise InvalidInput(f"the {what} must be numbers or texts: {error}") from None


def _kind(side: Summary | Column) -> FeatureKind:
    if isinstance(side, Column):
        return side.kind
    return "numeric" if isinstance(side, NumericSummary) else "categorical"


def _empty_like(column: Column, kind: FeatureKind) -> Column:
    """Return a column of no values as one of `kind`: an empty one is of either."""
    if kind == "numeric":
        return Column.numeric([], missing=column.rows - column.mistyped, mistyped=column.mistyped)
    return Column.categorical([], missing=column.rows - column.mistyped, mistyped=column.mistyped)


def _summary(column: Column, other: Summary) -> Summary:
    if isinstance(other, NumericSummary):
        return NumericSummary.of(column.values, other.cells, missing=column.missing, mistyped=column.mistyped)
    texts = (column.codes, column.dictionary)
    return CategoricalSummary.of(texts, other.categories, missing=column.missing, mistyped=column.mistyped)


@dataclass(frozen=True, eq=False)
class Pair:
    """A feature's reference and current values, made by :meth:`of`.

    Attributes
    ----------
    kind : "numeric" or "categorical".
    reference, current : both summaries, or both columns.
    """

    kind: FeatureKind
    reference: Summary | Column
    current: Summary | Column

    @classmethod
    def of(cls, reference: Side, current: Side) -> Self:
        """Bring two sides together.

        Parameters
        ----------
        reference, current : two of the same kind. Of a summary and raw values, the values are counted in
            the summary's cells. Sides without any value are of either kind.

        Raises
        ------
        InvalidInput
            Where one is numeric and one categorical, or they are neither numbers nor texts, or two summaries
            were counted in different cells.

        Examples
        --------
        >>> pair = Pair.of([1.0, 2.0, None], [2.0])
        >>> pair.kind, pair.rows, pair.missing
        ('numeric', (3, 1), (1, 0))
        """
        sides: list[Summary | Column] = [
            side if isinstance(side, (NumericSummary, CategoricalSummary)) else _column(side, what)
            for side, what in ((reference, "reference"), (current, "current values"))
        ]
        ours, theirs = sides
        if _kind(ours) != _kind(theirs):
            if isinstance(ours, Column) and not ours.present:
                ours = _empty_like(ours, _kind(theirs))
            elif isinstance(theirs, Column) and not theirs.present:
                theirs = _empty_like(theirs, _kind(ours))
            else:
                raise InvalidInput(
                    f"the reference is {_kind(ours)} and the current values are {_kind(theirs)}"
                )
        if isinstance(ours, Column) and not isinstance(theirs, Column):
            ours = _summary(ours, theirs)
        elif isinstance(theirs, Column) and not isinstance(ours, Column):
            theirs = _summary(theirs, ours)
        pair = cls(_kind(ours), ours, theirs)
        if not isinstance(ours, Column):
            pair._same_cells()
        return pair

    def _same_cells(self) -> None:
        ours, theirs = self.summaries
        if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary):
            same = ours.cells.digest == theirs.cells.digest
        else:
            same = isinstance(ours, CategoricalSummary) and isinstance(theirs, CategoricalSummary)
            same = same and ours.categories.digest == theirs.categories.digest  # type: ignore[union-attr]
        if not same:
            raise InvalidInput("the two were counted in different cells; profile both under one reference")

    @property
    def raw(self) -> bool:
        """Whether both sides are raw values, so that every figure is exact."""
        return isinstance(self.reference, Column)

    @property
    def valueless(self) -> bool:
        """Whether neither side has a value, and so no kind of its own; only of raw ones."""
        return all(isinstance(side, Column) and not side.present for side in (self.reference, self.current))

    @cached_property
    def summaries(self) -> tuple[Summary, Summary]:
        """Both sides as summaries; raw ones under cells cut from the reference."""
        ours, theirs = self.reference, self.current
        if not isinstance(ours, Column) and not isinstance(theirs, Column):
            return ours, theirs
        if not isinstance(ours, Column) or not isinstance(theirs, Column):
            raise InvalidInput("the two sides must both be summaries or both columns; use Pair.of")
        made: Summary
        if ours.kind == "numeric":
            made = NumericSummary.learn(ours.values, missing=ours.missing, mistyped=ours.mistyped)
        else:
            texts = (ours.codes, ours.dictionary)
            names = Categories.from_values(texts, max_categories=max(len(ours.dictionary), 1))
            made = CategoricalSummary.of(texts, names, missing=ours.missing, mistyped=ours.mistyped)
        return made, _summary(theirs, made)

    @property
    def categorical(self) -> tuple[CategoricalSummary, CategoricalSummary]:
        """Both sides as summaries; only of categorical ones."""
        ours, theirs = self.summaries
        if not isinstance(ours, CategoricalSummary) or not isinstance(theirs, CategoricalSummary):
            raise InvalidInput("this statistic needs categories, and the feature is numeric")
        return ours, theirs

    @cached_property
    def values(self) -> tuple[Floats, Floats]:
        """Finite values of both sides, as given; only of raw numeric ones."""
        ours, theirs = self.reference, self.current
        if self.kind != "numeric":
            raise InvalidInput("this statistic needs numbers, and the feature is categorical")
        if not isinstance(ours, Column) or not isinstance(theirs, Column):
            raise InvalidInput("raw numbers are needed on both sides; a summary holds none")
        return _finite(ours.values), _finite(theirs.values)

    @cached_property
    def steps(self) -> Steps:
        """Both samples on one line; only of numeric ones."""
        if self.raw:
            return Steps.of_values(*self.values)
        ours, theirs = self.summaries
        if not isinstance(ours, NumericSummary) or not isinstance(theirs, NumericSummary):
            raise InvalidInput("this statistic needs numbers, and the feature is categorical")
        return Steps.of_summaries(ours, theirs)

    @cached_property
    def bins(self) -> tuple[Ints, Ints]:
        """Counts of both in common bins.

        Numbers in quantile bins of the reference (:mod:`assay.stats.drift.bins`), texts in bins of both
        (:mod:`assay.stats.drift.pooled_categories`).
        """
        ours, theirs = self.summaries
        if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary):
            return quantile_bins(ours, theirs)
        return pooled_category_bins(*self.categorical)

    @cached_property
    def cut(self) -> bool:
        """Whether the bins end at quantiles of the reference; else they are categories, or single values."""
        ours, _ = self.summaries
        return isinstance(ours, NumericSummary) and not single_values(ours)

    @cached_property
    def rows(self) -> tuple[int, int]:
        """All rows of both sides."""
        return self.reference.rows, self.current.rows

    @cached_property
    def missing(self) -> tuple[int, int]:
        """Rows without a value on both sides; NaN counts as none."""
        return _missing(self.reference), _missing(self.current)

    @cached_property
    def n(self) -> tuple[int, int]:
        """Rows with a value on both sides (numeric: a finite one)."""
        return self.summaries[0].n, self.summaries[1].n


def _finite(values: Floats) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        return values if np.isfinite(values.sum()) else values[np.isfinite(values)]


def _missing(side: Summary | Column) -> int:
    if not isinstance(side, Column):
        return side.missing + (side.nan if isinstance(side, NumericSummary) else 0)
    if side.kind == "numeric":
        return side.missing + int(np.count_nonzero(np.isnan(side.values)))
    return side.missing + int(np.count_nonzero(side.codes < 0))
