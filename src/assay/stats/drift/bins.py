"""A few wide bins out of many cells, in which distributions can be compared without noise."""

from __future__ import annotations

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.codec import Ints
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["BINS", "category_bins", "quantile_bins", "single_values"]

BINS = 10
"""Bins that a numeric feature is compared in."""

MAX_BINS = 50
"""Bins that a categorical feature is compared in."""


def quantile_bins(
    reference: NumericSummary, current: NumericSummary, *, bins: int = BINS
) -> tuple[Ints, Ints]:
    """Counts of both in at most `bins` bins that hold about equal shares of the reference.

    Bins are runs of whole cells. A bin ends with the cell in which the reference reaches the next multiple of
    ``1 / bins``; the last bin takes everything above. Where the reference has no more than `bins` distinct
    values, each is a bin of its own, and all other values are one more.

    Raises
    ------
    InvalidInput
        Where the two were counted in different cells.
    """
    if reference.cells.digest != current.cells.digest:
        raise InvalidInput("the two were counted in different cells; profile both under one reference")
    if not reference.n:
        return np.array([0]), np.array([current.n])
    if single_values(reference, bins=bins):
        apart = [np.append(side.counts[1::2], side.counts[0::2].sum()) for side in (reference, current)]
        return apart[0], apart[1]
    # Bin of each cell: how many steps the reference has passed before it.
    before = np.cumsum(reference.counts) - reference.counts
    step = before * bins // reference.n
    step[-1] = min(step[-1], bins - 1)
    # Cells above the reference's last value belong to its last bin.
    last = int(np.flatnonzero(reference.counts)[-1])
    step[last:] = step[last]
    starts = np.flatnonzero(np.diff(step, prepend=-1))
    return np.add.reduceat(reference.counts, starts), np.add.reduceat(current.counts, starts)


def single_values(reference: NumericSummary, *, bins: int = BINS) -> bool:
    """Whether the reference has so few distinct values that each is a bin of its own."""
    return reference.cells.points.size <= bins and not bool(reference.counts[0::2].any())


def category_bins(
    reference: CategoricalSummary, current: CategoricalSummary, *, bins: int = MAX_BINS
) -> tuple[Ints, Ints]:
    """Counts of both by category: the reference's most frequent ones, then all others in one bin.

    The last bin holds the reference's rarer categories, new ones, and whatever is not told apart.

    Raises
    ------
    InvalidInput
        Where the two were counted by different categories.
    """
    if reference.categories.digest != current.categories.digest:
        raise InvalidInput("the two were counted by different categories; profile both under one reference")
    frequent = np.argsort(-reference.counts, kind="stable")[: bins - 1]
    counts = []
    for summary in (reference, current):
        named = summary.counts[frequent]
        counts.append(np.append(named, summary.n - int(named.sum())))
    return counts[0], counts[1]
