"""Spark lines: tiny charts inside tables, as the points of an SVG line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["HEIGHT", "WIDTH", "Spark", "spark"]

WIDTH, HEIGHT = 120, 26
_PAD = 2.0
_POINTS = 60


@dataclass(frozen=True, slots=True)
class Spark:
    """A drawn line: SVG paths of the line and of the area below, and its last point (x, y)."""

    line: str
    area: str
    last: tuple[float, float] | None


def spark(
    values: Sequence[float | None], *, zero: bool = False, low: float | None = None, high: float | None = None
) -> Spark:
    """Draw `values` into a box of `WIDTH` by `HEIGHT`; gaps stay gaps.

    Parameters
    ----------
    values : in order; more than 60 are averaged in groups.
    zero : the box's bottom is 0 rather than the least value.
    low, high : the box's bottom and top at least.

    Examples
    --------
    >>> spark([0.0, 1.0]).line
    'M2,24L118,2'
    """
    sizes = [abs(value) for value in (*values, low, high) if value is not None and math.isfinite(value)]
    unit = max(sizes, default=0.0) or 1.0  # all is drawn in units of the largest value: nothing overflows
    points = _thin([None if value is None else value / unit for value in values])
    drawn = [value for value in points if value is not None]
    if not drawn:
        return Spark("", "", None)
    bottom = min([*drawn, *([0.0] if zero else []), *([low / unit] if low is not None else [])])
    top = max([*drawn, *([high / unit] if high is not None else [])])
    if top - bottom < 1e-9:  # a constant is drawn in the middle, a constant zero at the bottom
        bottom, top = (bottom, top + 1) if zero and not top else (bottom - 1, top + 1)
    across = (WIDTH - 2 * _PAD) / max(1, len(points) - 1)
    down = (HEIGHT - 2 * _PAD) / (top - bottom)
    line, area, last, begin = "", "", None, None
    for place, value in enumerate([*points, None]):
        if value is None:
            if begin is not None and last is not None:
                line += "h0" if begin == last[0] else ""  # a point between gaps: its round end is a dot
                area += f"L{last[0]:g},{HEIGHT}L{begin:g},{HEIGHT}Z"
                begin = None
            continue
        x, y = round(_PAD + place * across, 1), round(HEIGHT - _PAD - (value - bottom) * down, 1)
        line += f"{'M' if begin is None else 'L'}{x:g},{y:g}"
        area += f"{'M' if begin is None else 'L'}{x:g},{y:g}"
        begin = x if begin is None else begin
        last = (x, y)
    return Spark(line, area, last)


def _thin(values: Sequence[float | None]) -> list[float | None]:
    """Average neighbours until at most 60 points are left; what is not finite is a gap."""
    clean = [value if value is not None and math.isfinite(value) else None for value in values]
    size = -(-len(clean) // _POINTS)
    if size <= 1:
        return clean
    groups = (clean[place : place + size] for place in range(0, len(clean), size))
    thin: list[float | None] = []
    for group in groups:
        known = [value for value in group if value is not None]
        thin.append(sum(known) / len(known) if known else None)
    return thin
