"""Unit change: an affine map of the reference's values that explains what has changed.

A temperature that comes in Fahrenheit, an amount in cents or a share in percent moves every quantile, and
moves them all along one straight line. The sign of it is that almost nothing of the difference is left once
the reference is mapped along that line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.stats.drift.conversions import CONVERSIONS, Conversion
from assay.stats.drift.ks import ks_of
from assay.stats.drift.pair import Pair, Side
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["UnitChange", "find_unit_change", "unit_change", "unit_change_of"]

_LEAST_CHANGE = 0.1  # a smaller Kolmogorov-Smirnov distance needs no explanation
_LEFT_OVER = 0.05  # what a map may leave, and what chance explains may be left beside
_EXPLAINED = 1 / 3  # ... and no more than this share of the change
_FREE_SCALE = 2.0  # a map that no conversion is near must stretch or shrink by at least this much
_FREE_VALUES = 5  # ... and be seen on at least so many distinct values
_PLACES = np.arange(1, 100) / 100
_HIDDEN = 0.05  # with more of the window than this in one open cell, cells do not show how it is distributed


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A map ``current = scale * reference + offset`` that explains a change.

    Attributes
    ----------
    name : the known conversion, as "Celsius to Fahrenheit"; empty where it is none.
    scale, offset : of the map.
    before, after : largest distance of the two distribution functions without the map, and with it.
    """

    name: str
    scale: float
    offset: float
    before: float
    after: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def unit_change(reference: Side, current: Side) -> DriftStatistic:
    """Share of the Kolmogorov-Smirnov distance that a change of unit explains, from 0 to 1; 0.0 without one.

    See :func:`find_unit_change`, which names it. There is no p-value.

    Returns
    -------
    DriftStatistic
        Named ``unit_change``. None as value where one side has no finite value.

    Raises
    ------
    InvalidInput
        As :meth:`assay.stats.drift.pair.Pair.of`, and where a side holds texts.

    Examples
    --------
    >>> celsius = np.linspace(-5.0, 30.0, 500)
    >>> unit_change(celsius, celsius * 1.8 + 32).value > 0.95
    True
    """
    return unit_change_of(Pair.of(reference, current))


def unit_change_of(pair: Pair) -> DriftStatistic:
    """Like :func:`unit_change`, of a pair."""
    if ks_of(pair).value is None:
        return DriftStatistic("unit_change", None)
    found = find_unit_change(pair)
    return DriftStatistic("unit_change", 0.0 if found is None else 1 - found.after / found.before)


def find_unit_change(pair: Pair) -> UnitChange | None:
    """Look for an affine map that explains a numeric feature's change.

    Tried are the known conversions (:mod:`assay.stats.drift.conversions`) and the straight line through the
    percentiles of both. A map is accepted where the Kolmogorov-Smirnov distance was at least 0.1, and where
    the map leaves no more than 0.05 (or what chance explains at these numbers of rows) and no more than a
    third of it. A map that is no known conversion must also scale by two or more either way: otherwise it is
    an ordinary shift.

    Distances are taken at the percentiles of the reference. Of a summary with much of its current values in
    one open cell (beyond the reference's range, say) only mean, standard deviation, least and largest value
    are known: then only known conversions are tried, and `after` is that of a normal distribution with the
    mean and the deviation that are left over.

    Examples
    --------
    >>> grams = np.linspace(50.0, 90.0, 300) ** 2
    >>> found = find_unit_change(Pair.of(grams, grams / 1000))
    >>> found.name, found.scale
    ('thousandths to units', 0.001)
    """
    before = ks_of(pair).value
    if before is None or before < _LEAST_CHANGE:
        return None
    n, m = pair.steps.n, pair.steps.m
    limit = min(max(_LEFT_OVER, _chance(n, m)), before * _EXPLAINED)
    ours, theirs = pair.summaries if not pair.raw else (None, None)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if isinstance(ours, NumericSummary) and isinstance(theirs, NumericSummary) and _is_hidden(theirs):
            found = _by_moments(ours, theirs, before)
        else:
            found = _by_percentiles(pair, before)
    return found if found is not None and found.after <= limit else None


def _is_hidden(side: NumericSummary) -> bool:
    """Whether one open cell holds so much that the cells do not show the distribution."""
    return int(side.counts[0::2].max()) > _HIDDEN * side.n


class _Distribution:
    """A side's distribution function, its steps cut in the middle, and its percentiles."""

    __slots__ = ("_high", "_low", "_upto", "at", "places")

    def __init__(self, low: Floats, high: Floats, counts: Ints) -> None:
        kept = counts > 0
        self._low, self._high = low[kept], high[kept]
        upto = np.cumsum(counts[kept])
        self._upto = np.append(0.0, upto / upto[-1])
        step = np.minimum(np.searchsorted(self._upto[1:], _PLACES), self._low.size - 1)
        inside = (_PLACES - self._upto[step]) / (self._upto[step + 1] - self._upto[step])
        self.places = self._low[step] + inside * (self._high[step] - self._low[step])
        self.at = self.share(self.places)

    @property
    def distinct(self) -> int:
        return self._low.size

    def share(self, values: Floats) -> Floats:
        """Share of the rows below each value, and half of those at it."""
        step = np.searchsorted(self._low, values, side="right") - 1
        inside = np.maximum(step, 0)
        low, high = self._low[inside], self._high[inside]
        width = high - low
        part = np.where(width > 0, (values - low) / np.where(width > 0, width, 1.0), np.inf)
        # Of a single value, half its rows are below itself and all below what follows.
        part = np.where((width == 0) & (values == low), 0.5, np.clip(part, 0.0, 1.0))
        begin, end = self._upto[inside], self._upto[inside + 1]
        return np.where(step < 0, 0.0, begin + part * (end - begin))


def _by_percentiles(pair: Pair, before: float) -> UnitChange | None:
    steps = pair.steps
    ours = _Distribution(steps.low, steps.high, steps.reference)
    theirs = _Distribution(steps.low, steps.high, steps.current)
    x, y = ours.places, theirs.places
    spread = float(np.var(x))
    if not spread or not math.isfinite(spread) or not np.isfinite(y).all():
        return None
    tried: list[UnitChange] = []

    def attempt(map_: Conversion) -> None:
        at = theirs.share(x * map_.scale + map_.offset)
        after = float(np.abs(at - (ours.at if map_.scale > 0 else 1 - ours.at)).max())
        tried.append(UnitChange(map_.name, map_.scale, map_.offset, before, after))

    slopes = [sign * math.sqrt(float(np.var(y)) / spread) for sign in (1, -1)]
    for known in CONVERSIONS:
        if any(0.5 < slope / known.scale < 2 for slope in slopes):
            attempt(known)
    chance = _chance(steps.n, steps.m)
    best = _commonest(tried, chance)
    if best is not None and best.after <= max(_LEFT_OVER, chance):
        return best
    tried.clear()
    if min(ours.distinct, theirs.distinct) < _FREE_VALUES:
        return None
    for slope, line in zip(slopes, (y, y[::-1]), strict=True):
        if slope and not 1 / _FREE_SCALE < abs(slope) < _FREE_SCALE:
            attempt(Conversion("", slope, float(np.mean(line) - slope * np.mean(x))))
    return min(tried, key=lambda one: one.after, default=None)


def _by_moments(ours: NumericSummary, theirs: NumericSummary, before: float) -> UnitChange | None:
    deviation, other = (math.sqrt(side.m2 / side.n) for side in (ours, theirs))
    if not deviation or not other or not math.isfinite(deviation) or not math.isfinite(other):
        return None
    tried: list[UnitChange] = []
    for known in CONVERSIONS:
        scale = abs(known.scale) * deviation
        ends = sorted(known.scale * end + known.offset for end in (ours.min, ours.max))
        reach = ends[1] - ends[0]
        if theirs.min < ends[0] - reach / 2 or theirs.max > ends[1] + reach / 2:
            continue
        moved = abs(theirs.mean - (known.scale * ours.mean + known.offset)) / scale
        after = 0.4 * moved + 0.24 * abs(math.log(other / scale))
        tried.append(UnitChange(known.name, known.scale, known.offset, before, after))
    return _commonest(tried, _chance(ours.n, theirs.n))


def _chance(n: int, m: int) -> float:
    """Distance that samples of one distribution have in one of twenty cases."""
    return 1.36 * math.sqrt((n + m) / n / m)


def _commonest(tried: list[UnitChange], chance: float) -> UnitChange | None:
    """Of the maps that leave about as little as the best, the commonest: they are tried in that order."""
    least = min((one.after for one in tried), default=0.0)
    return next((one for one in tried if one.after <= least + chance / 2), None)
