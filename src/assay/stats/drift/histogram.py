"""Two distributions in common bars: what a picture of a feature's change is drawn from.

Bars end at points of the reference's cells, so that both sides are counted exactly: no cell is ever split.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.codec import Floats
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["MAX_BARS", "MAX_CATEGORIES_SHOWN", "Bar", "category_bars", "numeric_bars"]

MAX_BARS = 40
"""Bars of a numeric feature, those beyond the common range at both ends not counted."""

MAX_CATEGORIES_SHOWN = 24
"""Categories with a bar of their own."""

_TAIL = 0.005  # equal bars span all but this share of either side: one far value must not flatten the rest


@dataclass(frozen=True, slots=True)
class Bar:
    """Rows of both sides with one value, in one interval, or of one category.

    Attributes
    ----------
    label : the category; empty for numbers, and for the bar of all other categories.
    low, high : the interval ``low <= value < high``, of the highest bar ``<= high``; the same number twice
        for a single value; None for categories. Where `closed` is false, `low` itself has a bar of its own.
    reference, current : rows on either side.
    new : the reference does not name the category.
    closed : whether `low` belongs to the interval.
    """

    label: str
    low: float | None
    high: float | None
    reference: int
    current: int
    new: bool = False
    closed: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def numeric_bars(reference: NumericSummary, current: NumericSummary, *, bars: int = MAX_BARS) -> list[Bar]:
    """Count both sides in at most ``bars + 2`` common intervals, or value by value.

    Where the reference has at most `bars` distinct values, each has a bar of its own, and so has every
    stretch between them in which the current values lie. Otherwise the range between the outer half
    percents of both sides is cut into about equally wide bars (fewer than `bars` where there are few rows:
    ``2 n^(1/3)``, Rice's rule), each end moved to the nearest point of the reference. Two further bars hold
    what is below and above.

    Counts are exact, since no cell is split; the widths are therefore only about equal, and where the
    reference has a gap, one bar spans it. Below the reference's least value and above its largest nothing
    is told apart.

    Raises
    ------
    InvalidInput
        Where the two were counted in different cells.

    Examples
    --------
    >>> from assay.stats.summaries.numeric import NumericCells
    >>> cells = NumericCells.from_values([1.0, 2.0])
    >>> sides = [NumericSummary.of(values, cells) for values in ([1.0, 2.0, 2.0], [2.0, 1.5])]
    >>> [(bar.low, bar.high, bar.reference, bar.current) for bar in numeric_bars(*sides)]
    [(1.0, 1.0, 1, 0), (1.0, 2.0, 0, 1), (2.0, 2.0, 2, 1)]
    """
    if reference.cells.digest != current.cells.digest:
        raise InvalidInput("the two were counted in different cells; profile both under one reference")
    points = reference.cells.points
    if not points.size:
        if not current.n:
            return []
        return [Bar("", _finite(current.min), _finite(current.max), 0, current.n)]
    low, high = min(reference.min, current.min), max(reference.max, current.max)
    if points.size <= bars and not reference.counts[0::2].any():
        return _by_value(reference, current, low, high)
    ends = _ends(reference, current, points, bars)
    # Cell 2i is the open interval below point i, cell 2i + 1 the point: a bar starts with its low point.
    starts = np.concatenate([[0], 2 * ends + 1])
    counts = [np.add.reduceat(side.counts, starts).tolist() for side in (reference, current)]
    edges = [low, *points[ends].tolist(), high]
    if len(edges) > 2 and edges[-1] == edges[-2]:  # the largest value closes the bar below it
        edges.pop()
        for side in counts:
            side[-2] += side.pop()
    made = [
        Bar("", _finite(edges[place]), _finite(edges[place + 1]), ours, theirs)
        for place, (ours, theirs) in enumerate(zip(*counts, strict=True))
    ]
    return [bar for bar in made if bar.reference or bar.current or bar.low != bar.high]  # no empty end


def _ends(reference: NumericSummary, current: NumericSummary, points: Floats, bars: int) -> np.ndarray:
    """Places of the points at which bars begin and end, ascending and distinct; at least one."""
    sides = [side for side in (reference, current) if side.n]
    least = float(points[min(_cell(side, _TAIL) // 2 for side in sides)])
    most = float(points[max((_cell(side, 1 - _TAIL) - 1) // 2 for side in sides)])
    wanted = max(1, min(bars, math.ceil(2 * min(side.n for side in sides) ** (1 / 3))))
    scale = max(abs(least), abs(most)) or 1.0  # in units of the largest: differences do not overflow
    ideal = np.linspace(least / scale, max(least, most) / scale, wanted + 1)
    at = points / scale
    right = np.clip(np.searchsorted(at, ideal), 1, max(points.size - 1, 1))
    right = np.minimum(right, points.size - 1)
    left = np.maximum(right - 1, 0)
    kept: list[int] = []
    for place in np.unique(np.where(ideal - at[left] <= at[right] - ideal, left, right)).tolist():
        if not kept or at[place] - at[kept[-1]] >= (ideal[1] - ideal[0]) / 2:
            kept.append(place)  # nearer ones would make bars too narrow to compare
    return np.array(kept)


def _cell(side: NumericSummary, q: float) -> int:
    """Return the cell in which the quantile lies; the outer ones, which have one end, count as their point.

    The quantile itself would be guessed between two points, of which the last may lie very far out.
    """
    rank = min(max(math.ceil(q * side.n), 1), side.n)
    cell = int(np.searchsorted(np.cumsum(side.counts), rank))
    return min(max(cell, 1), side.counts.size - 2)


def _by_value(reference: NumericSummary, current: NumericSummary, low: float, high: float) -> list[Bar]:
    """Each value of the reference by itself, and the stretches between where there is anything."""
    points = reference.cells.points.tolist()
    made = []
    for cell, (ours, theirs) in enumerate(
        zip(reference.counts.tolist(), current.counts.tolist(), strict=True)
    ):
        place = cell // 2
        if cell % 2:
            made.append(Bar("", points[place], points[place], ours, theirs))
        elif ours or theirs:
            begin = points[place - 1] if place else _finite(low)
            end = points[place] if place < len(points) else _finite(high)
            made.append(Bar("", begin, end, ours, theirs, closed=not place))
    return made


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def category_bars(
    reference: CategoricalSummary, current: CategoricalSummary, *, bars: int = MAX_CATEGORIES_SHOWN
) -> list[Bar]:
    """Count both sides by category: those with the largest share on either side, then all others in one.

    Categories stand in the reference's order of frequency, new ones after them.

    Raises
    ------
    InvalidInput
        Where the two were counted by different categories.

    Examples
    --------
    >>> from assay.stats.summaries.categorical import Categories
    >>> names = Categories(("a", "b"))
    >>> sides = [CategoricalSummary.of(values, names) for values in (["a", "b", "b"], ["b", "z"])]
    >>> [(bar.label, bar.reference, bar.current, bar.new) for bar in category_bars(*sides)]
    [('b', 2, 1, False), ('a', 1, 0, False), ('z', 0, 1, True)]
    """
    if reference.categories.digest != current.categories.digest:
        raise InvalidInput("the two were counted by different categories; profile both under one reference")
    counted = zip(reference.categories.names, reference.counts.tolist(), current.counts.tolist(), strict=True)
    known = [Bar(name, None, None, ours, theirs) for name, ours, theirs in counted]
    new = [
        Bar(name, None, None, reference.new.get(name, 0), current.new.get(name, 0), new=True)
        for name in sorted(reference.new.keys() | current.new.keys())
    ]
    n, m = max(reference.n, 1), max(current.n, 1)
    largest = sorted([*known, *new], key=lambda bar: (-max(bar.reference / n, bar.current / m), bar.label))
    kept = sorted(
        (bar for bar in largest[:bars] if bar.reference or bar.current),
        key=lambda bar: (bar.new, -bar.reference, -bar.current, bar.label),
    )
    rest = reference.n - sum(bar.reference for bar in kept), current.n - sum(bar.current for bar in kept)
    return [*kept, Bar("", None, None, *rest)] if any(rest) else kept
