"""How much of a metric's range a figure shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assay.stats.estimation.result import MetricEstimate
from assay.stats.metrics import Estimate

__all__ = ["value_range"]

_LEAST = 0.05  # the least height of the axis of a metric between 0 and 1: noise is not to look like news


def value_range(
    values: Sequence[float | None],
    found: Sequence[Estimate | MetricEstimate | None],
    low: float | None,
    high: float | None,
) -> list[float]:
    """Return the axis' range: all values, and most of the intervals, in what the metric can be.

    Parameters
    ----------
    values : what is drawn; at least one is no None.
    found : what has intervals.
    low, high : bounds of the metric; None: it has none.
    """
    drawn = [value for value in values if value is not None]
    bounds = sorted(
        bound
        for item in found
        if item is not None
        for bound in (item.low, item.high)
        if bound is not None and math.isfinite(bound)
    )
    if bounds:  # a window with a handful of labels must not flatten all others
        cut = len(bounds) // 20
        drawn += [bounds[cut], bounds[-1 - cut]]
    bottom, top = min(drawn), max(drawn)
    room = max((top - bottom) * 0.08, abs(top) * 0.01, 1e-9)
    if low == 0 and high == 1:
        room = max(room, (_LEAST - (top - bottom)) / 2)
    bottom, top = bottom - room, top + room
    if low is not None:
        bottom = max(bottom, low)
    if high is not None:
        top = min(top, high + (high - (low or 0)) * 0.005)
    return [bottom, top if top > bottom else bottom + 1]
