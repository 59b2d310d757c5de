"""Dependence of numbers on a category: how a number's mean differs between the categories' rows.

Ranks are taken within each side, so that no change of a single feature shows here. Dependence of two numbers
is that of their correlations (:mod:`assay.stats.correlations`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from assay.stats.inner_products import inner_products
from assay.stats.summaries.codec import Floats

__all__ = ["compare_group_means"]


def compare_group_means(
    scores: tuple[Floats, Floats], member: tuple[Floats, Floats], groups: Sequence[int]
) -> tuple[Floats, Floats]:
    """Compare, for each grouping and each numeric variable, how the variable's mean differs between groups.

    Parameters
    ----------
    scores : float64[rows, variables] of either side, NaN where there is no value.
    member : float64[rows, all groups] of either side, 1 where a row is in the group, else 0.
    groups : number of groups of each grouping; they stand one after the other in `member`.

    Returns
    -------
    tuple of numpy.ndarray
        Sizes of the change (root of the mean squared difference over groups in units of the variables'
        standard deviation, less what chance makes of it) and p-values, float64[groupings, variables] each.
    """
    means, variances, counts = [], [], []
    for values, inside in zip(scores, member, strict=True):
        known = np.isfinite(values)
        filled = np.where(known, values, 0.0)
        count = inner_products(inside, known.astype(np.float64))
        mean = inner_products(inside, filled) / np.maximum(count, 1)
        means.append(mean)
        variances.append(np.maximum(inner_products(inside, filled**2) / np.maximum(count, 1) - mean**2, 0.0))
        counts.append(count)
    told = (counts[0] >= MIN_GROUP) & (counts[1] >= MIN_GROUP)
    pooled = np.maximum(np.maximum(variances[0], variances[1]), 1e-12)
    variance = pooled * (1 / np.maximum(counts[0], 1) + 1 / np.maximum(counts[1], 1))
    squared = np.where(told, (means[1] - means[0]) ** 2, 0.0)
    weight = np.where(told, counts[1], 0.0)
    begin = np.concatenate([[0], np.cumsum(groups)[:-1]]).astype(np.int64)
    statistic, number, weighed, excess = (
        np.add.reduceat(one, begin, axis=0)
        for one in (
            squared / variance,
            told.astype(np.float64),
            weight,
            weight * (squared - np.where(told, variance, 0.0)),
        )
    )
    # The scores have mean 0 on either side, so that one group's mean follows from the others'.
    p = chdtrc(np.maximum(number - 1, 1), statistic)
    size = np.sqrt(np.maximum(excess / np.maximum(weighed, 1.0), 0.0))
    return size, np.where(number > 1, p, 1.0)


MIN_GROUP = 10
"""Groups with fewer rows on either side are left out."""
