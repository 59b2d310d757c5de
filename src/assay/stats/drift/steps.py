"""Two samples on one line: the distinct places in order, and how many of each sample stand there.

Every statistic of two distribution functions is a sum over these steps, whether they come from raw values
(each step is one value) or from the cells of two summaries (some steps are open intervals, inside which the
order of the rows is unknown).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["Steps"]


@dataclass(frozen=True, eq=False)
class Steps:
    """Counts of two samples at ascending places.

    Attributes
    ----------
    low, high : float64, ends of each step; the same number where it is a single value.
    reference, current : int64, rows of each sample in each step; never both 0.
    open : whether a step is an interval in which more than one order of the rows is possible.
    """

    low: Floats
    high: Floats
    reference: Ints
    current: Ints
    open: npt.NDArray[np.bool_]

    @classmethod
    def of_values(cls, reference: Floats, current: Floats) -> Steps:
        """Sort and merge two samples of finite values; equal values are one step.

        >>> steps = Steps.of_values(np.array([2.0, 1.0]), np.array([2.0, 5.0]))
        >>> steps.low.tolist(), steps.reference.tolist(), steps.current.tolist()
        ([1.0, 2.0, 5.0], [1, 1, 0], [0, 1, 1])
        """
        n = reference.size
        both = np.concatenate([reference, current])
        both[:n].sort()
        both[n:].sort()
        order = both.argsort(kind="stable")  # two ascending runs: this only merges them
        places = both[order]
        ours = (order < n).astype(np.int64)
        last = np.append(places[1:] != places[:-1], True) if places.size else np.zeros(0, dtype=np.bool_)
        if last.all():
            theirs = 1 - ours
        else:
            ends = np.flatnonzero(last)
            ours = np.diff(np.cumsum(ours)[ends], prepend=0)
            theirs = np.diff(ends, prepend=-1) - ours
            places = places[ends]
        return cls(places, places, ours, theirs, np.zeros(places.size, dtype=np.bool_))

    @classmethod
    def of_summaries(cls, reference: NumericSummary, current: NumericSummary) -> Steps:
        """Take the cells in which either sample has a value.

        Raises
        ------
        InvalidInput
            Where the two were counted in different cells.
        """
        if reference.cells.digest != current.cells.digest:
            raise InvalidInput("the two were counted in different cells; profile both under one reference")
        points = reference.cells.points
        low, high = np.empty(reference.cells.size), np.empty(reference.cells.size)
        low[1::2] = high[1::2] = points
        low[2::2] = high[0:-1:2] = points
        low[0], high[-1] = min(reference.min, current.min), max(reference.max, current.max)
        rows = reference.counts + current.counts
        kept = np.flatnonzero(rows)
        even = kept % 2 == 0
        ours, theirs = reference.counts[kept], current.counts[kept]
        return cls(low[kept], high[kept], ours, theirs, even & (rows[kept] > 1))

    @cached_property
    def n(self) -> int:
        """Rows of the reference."""
        return int(self.reference.sum())

    @cached_property
    def m(self) -> int:
        """Rows of the current sample."""
        return int(self.current.sum())

    @cached_property
    def rows(self) -> Ints:
        """Rows of both samples in each step."""
        return self.reference + self.current

    @cached_property
    def shares(self) -> Floats:
        """Each step's share of the rows of both."""
        return self.rows / max(self.n + self.m, 1)

    @cached_property
    def differences(self) -> Floats:
        """Difference F - G of the two distribution functions: 0, then after each step.

        Both samples must have rows.
        """
        found = np.empty(self.reference.size + 1)
        found[0] = 0.0
        # In whole numbers as long as possible: F and G may be sums of a million terms.
        found[1:] = np.cumsum(self.reference) / self.n
        found[1:] -= np.cumsum(self.current) / self.m
        return found

    def reach(self) -> tuple[Floats, Floats]:
        """Return the least and the largest difference F - G that any order inside a step can give.

        Between the two the difference also begins and ends.
        """
        before = self.differences[:-1]
        return before - self.current / self.m, before + self.reference / self.n
