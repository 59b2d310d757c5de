"""Ranks in a large sample without sorting all of it.

Values are first put into 65,536 equal buckets by a multiplication and a rounding, which keeps their order.
Only the buckets in which a rank or a point falls are then sorted: for a thousand of them a few percent
of the values. That is some ten times faster than sorting, and exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.stats.summaries.codec import Floats, Ints

__all__ = ["at_ranks", "ranks_of"]

_BUCKETS = 1 << 16
_CHUNK = 1 << 14  # fits the processor's cache
_FEW = 1 << 13  # below this, sorting is as fast
_SAMPLE = 1 << 12


class _Buckets:
    """Buckets for the values of one sample; the ends take whatever lies outside their range."""

    __slots__ = ("_high", "_low", "_scale")

    def __init__(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._scale = (_BUCKETS - 2) / (high - low)

    @classmethod
    def fitting(cls, values: Floats) -> _Buckets | None:
        """Buckets that spread `values` well; None where they are too few or too equal for it."""
        if values.size < _FEW:
            return None
        sample = np.sort(values[:: values.size // _SAMPLE])
        edge = sample.size // 500
        low, high = float(sample[edge]), float(sample[-1 - edge])
        with np.errstate(over="ignore"):
            usable = low < high and np.isfinite((_BUCKETS - 2) / (high - low)) and np.isfinite(high - low)
        return cls(low, high) if usable else None

    def places(self, values: Floats) -> npt.NDArray[np.int32]:
        """Bucket of each value, in the same order as the values."""
        result = np.empty(values.size, dtype=np.int32)
        for start in range(0, values.size, _CHUNK):
            chunk = values[start : start + _CHUNK]
            # Clipping first keeps the rest free of overflow.
            scaled = np.clip(chunk, self._low, self._high)
            scaled -= self._low
            scaled *= self._scale
            scaled += 1.0
            scaled[chunk < self._low] = 0.0
            result[start : start + _CHUNK] = scaled
        return result


def _sorted_parts(
    values: Floats, places: npt.NDArray[np.int32], marked: npt.NDArray[np.bool_]
) -> tuple[Floats, Ints]:
    """Return the sorted values of the marked buckets, and how many others come before each bucket."""
    others = np.where(marked, 0, np.bincount(places, minlength=_BUCKETS))
    before = np.cumsum(others) - others
    return np.sort(values[marked[places]]), before


def ranks_of(values: Floats, points: Floats) -> tuple[Ints, Ints]:
    """How many of `values` are below each of `points`, and how many are not above it.

    Parameters
    ----------
    values : finite, in any order.
    points : finite, in any order.

    Examples
    --------
    >>> [ranks.tolist() for ranks in ranks_of(np.array([3.0, 1.0, 2.0]), np.array([2.0, 9.0]))]
    [[1, 3], [2, 3]]
    """
    buckets = _Buckets.fitting(values)
    if buckets is None:
        ordered = np.sort(values)
        return np.searchsorted(ordered, points, side="left"), np.searchsorted(ordered, points, side="right")
    at = buckets.places(points)
    marked = np.zeros(_BUCKETS, dtype=bool)
    marked[at] = True
    ordered, before = _sorted_parts(values, buckets.places(values), marked)
    below = before[at] + np.searchsorted(ordered, points, side="left")
    return below, before[at] + np.searchsorted(ordered, points, side="right")


def at_ranks(values: Floats, ranks: Ints) -> Floats:
    """Return the values that would stand at `ranks` (from 0) if `values` were sorted.

    >>> at_ranks(np.array([3.0, 1.0, 2.0]), np.array([0, 2])).tolist()
    [1.0, 3.0]
    """
    buckets = _Buckets.fitting(values)
    if buckets is None:
        return np.sort(values)[ranks]
    places = buckets.places(values)
    upto = np.cumsum(np.bincount(places, minlength=_BUCKETS))
    at = np.searchsorted(upto, ranks, side="right")
    marked = np.zeros(_BUCKETS, dtype=bool)
    marked[at] = True
    ordered, before = _sorted_parts(values, places, marked)
    return ordered[ranks - before[at]]
