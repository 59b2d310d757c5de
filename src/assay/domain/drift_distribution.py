"""A feature's values in the reference and in a window, in common bars: what a verdict is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from assay.stats.drift.histogram import Bar, category_bars, numeric_bars
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.feature_profile import FeatureSummary
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["FeatureDistribution"]


@dataclass(frozen=True, slots=True)
class FeatureDistribution:
    """Counts of both sides.

    Attributes
    ----------
    feature : its name.
    bars : common bars, exact counts (:mod:`assay.stats.drift.histogram`).
    n : values of the reference and of the window; numeric: finite ones.
    rows : rows of the reference and of the window.
    new : rows of the window with a category that the reference does not name; 0 for numbers.
    """

    feature: str
    bars: tuple[Bar, ...]
    n: tuple[int, int]
    rows: tuple[int, int]
    new: int

    @classmethod
    def of(cls, feature: str, before: FeatureSummary, after: FeatureSummary) -> Self:
        """Count both sides, which were summarised under one reference."""
        bars: list[Bar] = []
        new = 0
        if isinstance(before, NumericSummary) and isinstance(after, NumericSummary):
            bars = numeric_bars(before, after) if before.n or after.n else []
        elif isinstance(before, CategoricalSummary) and isinstance(after, CategoricalSummary):
            bars = category_bars(before, after)
            new = after.unnamed
        return cls(feature, tuple(bars), (before.n, after.n), (before.rows, after.rows), new)

    @property
    def missing(self) -> tuple[float | None, float | None]:
        """Shares of rows without a value; None where a side has no rows."""
        before, after = (
            (rows - n) / rows if rows else None for rows, n in zip(self.rows, self.n, strict=True)
        )
        return before, after

    @property
    def new_share(self) -> float | None:
        """Share of the window's values with a category that the reference does not name."""
        return self.new / self.n[1] if self.n[1] else None
