"""A number among the reference's: a small drawing, coordinates alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.domain.feature_place import FeaturePlace

__all__ = ["HEIGHT", "WIDTH", "Strip", "strip_of"]

WIDTH, HEIGHT = 180, 18
_MARGIN = 8.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Where things are drawn, in the strip's units from the left.

    Attributes
    ----------
    low, high : ends of the reference's 5% and 95% quantiles. `box_low`, `box_high`: of its quartiles.
    middle : the median.
    mark : the value; held within the strip where it lies beyond it.
    beyond : -1 or 1 where it does, on that side; else 0.
    """

    low: float
    high: float
    box_low: float
    box_high: float
    middle: float
    mark: float
    beyond: int


def strip_of(place: FeaturePlace) -> Strip | None:
    """Draw a number; None for what is none, or where the reference's quantiles do not come with it.

    The scale is linear. It ends where the reference ends, but no further than one width of its middle
    nine tenths beyond them, so that one wild value in the reference does not flatten the rest.
    """
    spread, value = place.spread, place.value
    if not {"min", "p05", "p25", "p50", "p75", "p95", "max"} <= spread.keys():
        return None
    if isinstance(value, (bool, str)) or value is None or math.isnan(value):
        return None
    width = spread["p95"] - spread["p05"]
    first = max(spread["min"], spread["p05"] - width)
    last = min(spread["max"], spread["p95"] + width)
    if not (math.isfinite(width) and last > first):  # a constant: everything else lies beyond it
        first, last = spread["p50"] - 0.5, spread["p50"] + 0.5
    if not last > first:
        return None

    def at(number: float) -> float:
        share = (min(max(number, first), last) - first) / (last - first)
        return round(_MARGIN + share * (WIDTH - 2 * _MARGIN), 1)

    beyond = -1 if value < first else 1 if value > last else 0
    mark = at(value) if not beyond else (_MARGIN / 2 if beyond < 0 else WIDTH - _MARGIN / 2)
    return Strip(
        low=at(spread["p05"]),
        high=at(spread["p95"]),
        box_low=at(spread["p25"]),
        box_high=at(spread["p75"]),
        middle=at(spread["p50"]),
        mark=mark,
        beyond=beyond,
    )
