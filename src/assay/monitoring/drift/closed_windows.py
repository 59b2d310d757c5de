"""Hours and days of a model that are over, with the rows that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from assay.domain.time import DAY, HOUR, Granularity
from assay.monitoring.drift.hours import SeriesName, read_volume
from assay.ports.profiles import Profiles

__all__ = ["ClosedWindow", "closed_windows"]

_WIDTHS = ((Granularity.DAY, DAY), (Granularity.HOUR, HOUR))


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """An hour or a day in which there are rows: its begin and end (µs).

    `n`: how many rows it held when it was looked at; it is the same window with more of them, too.
    """

    granularity: Granularity
    start: int
    end: int
    n: int = field(compare=False)


def closed_windows(
    profiles: Profiles, name: SeriesName, *, since: int, last: int, passed: int
) -> list[ClosedWindow]:
    """Return the closed windows of a series: days, then hours, each in order.

    Parameters
    ----------
    profiles, name : whose windows.
    since : where the first begins, at most (µs; a day's begin).
    last : begin of the newest hour that has rows: what ends before it is closed.
    passed : so far time has passed (µs): what ends before it is closed, too.
    """
    starts, rows = read_volume(profiles, name, since, last + HOUR)
    found = []
    for granularity, width in _WIDTHS:
        begin, place = np.unique(starts // width * width, return_inverse=True)
        volume = np.bincount(place, rows, minlength=begin.size).astype(np.int64)
        found += [
            ClosedWindow(granularity, at, at + width, n)
            for at, n in zip(begin.tolist(), volume.tolist(), strict=True)
            if at + width <= max(last, passed)
        ]
    return found
