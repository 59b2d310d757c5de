"""Bins of categories chosen by the counts of both samples together.

Bins that are the reference's most frequent categories favour it: which of many rare categories come out on
top is partly chance, and that luck is not the window's. Tests over such bins see change where there is none.
Chosen from both samples together, bins are the same however the rows are dealt to the two, and tests hold.
"""

from __future__ import annotations

import numpy as np

from assay.errors import InvalidInput
from assay.stats.drift.bins import MAX_BINS
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.codec import Ints

__all__ = ["pooled_category_bins"]


def pooled_category_bins(
    reference: CategoricalSummary, current: CategoricalSummary, *, bins: int = MAX_BINS
) -> tuple[Ints, Ints]:
    """Counts of both, of the categories most frequent in both together, and of all others in one bin.

    New categories have bins of their own where they are frequent enough. Of categories equally frequent in
    both together either all have bins or none has.

    Parameters
    ----------
    reference, current : summaries under the same categories.
    bins : the most bins, from 2.

    Returns
    -------
    pair of int64[bins or fewer]
        Categories in no particular order; the others are last.

    Raises
    ------
    InvalidInput
        Where the two were counted by different categories.

    Examples
    --------
    >>> from assay.stats.summaries.categorical import Categories
    >>> names = Categories(("a", "b"))
    >>> sides = [CategoricalSummary.of(values, names) for values in (["a", "b", "b"], ["b", "z", "z"])]
    >>> [counts.tolist() for counts in pooled_category_bins(*sides, bins=3)]
    [[2, 0, 1], [1, 2, 0]]
    """
    if reference.categories.digest != current.categories.digest:
        raise InvalidInput("the two were counted by different categories; profile both under one reference")
    new = sorted(reference.new.keys() | current.new.keys())
    ours, theirs = reference.counts, current.counts
    if new:
        ours, theirs = (
            np.append(side.counts, np.array([side.new.get(name, 0) for name in new], dtype=np.int64))
            for side in (reference, current)
        )
    both = ours + theirs
    if both.size >= bins:
        least = int(np.partition(both, both.size - bins)[both.size - bins])
        kept = np.flatnonzero(both > least)
    else:
        kept = np.flatnonzero(both)
    return (
        np.append(ours[kept], reference.n - int(ours[kept].sum())),
        np.append(theirs[kept], current.n - int(theirs[kept].sum())),
    )
