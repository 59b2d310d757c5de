"""Dependence between features: what changes when every feature by itself stays as it was.

Ranks are taken within each side, so that only the copula is compared and no change of a single feature shows
here. A numeric feature stands for itself (its normal scores) and for its size (the absolute value of these);
a category for the rows that have it. Correlations between all of these of different features see linear
dependence and most of what is not linear.

References
----------
.. [1] J. Steiger, A. Hakstian, "The asymptotic distribution of elements of a correlation matrix", British J.
   of Mathematical and Statistical Psychology 35 (1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri, stdtr

from assay.stats.inner_products import inner_products
from assay.stats.summaries.codec import Floats, Ints

__all__ = [
    "Correlations",
    "PairChange",
    "compare_correlations",
    "compare_group_means",
    "correlations",
    "normal_scores",
]

_FREEDOM_A_ROW = 0.25
"""Degrees of freedom for each row of the smaller side: products of scores have heavier tails than scores."""


def normal_scores(values: Floats) -> Floats:
    """Normal scores of a sample's own mid-ranks; NaN where a value is not finite.

    >>> normal_scores(np.array([3.0, 1.0, 2.0])).round(3).tolist()
    [0.967, -0.967, 0.0]
    """
    finite = np.isfinite(values)
    found = np.full(values.shape, np.nan)
    own = values[finite].astype(np.float64)
    if own.size:
        order = np.argsort(own)
        ordered = own[order]
        begin = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))  # of each run of equal values
        end = np.append(begin[1:], own.size)
        own[order] = np.repeat(ndtri((begin + end) / (2 * own.size)), end - begin)
        found[finite] = own
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Correlations of all pairs of variables, and how much these vary.

    Attributes
    ----------
    value : float64[variables, variables].
    variance : float64[variables, variables], of a correlation times the number of rows.
    rows : float64[variables, variables], rows with both.
    """

    value: Floats
    variance: Floats
    rows: Floats


@dataclass(frozen=True, slots=True)
class PairChange:
    """Change of one correlation.

    Attributes
    ----------
    first, second : places of the variables.
    before, after : the correlation on either side.
    p_value : two-sided, for this pair alone.
    """

    first: int
    second: int
    before: float
    after: float
    p_value: float


def correlations(variables: Floats) -> Correlations:
    """Correlate all pairs of columns.

    Parameters
    ----------
    variables : float64[rows, variables], NaN where there is no value.

    Notes
    -----
    The variance is that which holds whatever the law of the variables [1]_:
    ``E[(x y - r (x^2 + y^2) / 2)^2]`` for standardised x and y.
    """
    known = np.isfinite(variables)
    if known.all():
        return _of_whole_rows(variables)
    with np.errstate(divide="ignore", invalid="ignore"):
        count = known.sum(axis=0)
        mean = np.where(known, variables, 0.0).sum(axis=0) / count
        centred = np.where(known, variables - mean, 0.0)
        spread = np.sqrt((centred**2).sum(axis=0) / count)
        z = np.where(spread > 0, centred / spread, 0.0)
    mask = known.astype(np.float64)
    rows = np.maximum(inner_products(mask, mask), 1.0)
    r = inner_products(z, z) / rows
    square = z * z
    both = inner_products(square, square) / rows
    cubic = inner_products(square * z, z) / rows
    fourth = inner_products(square * square, mask) / rows
    variance = both - r * (cubic + cubic.T) + r * r / 4 * (fourth + fourth.T + 2 * both)
    return Correlations(r, np.maximum(variance, 1e-6), rows)


def _of_whole_rows(variables: Floats) -> Correlations:
    """Correlate columns without a gap: what does not depend on the other column is summed once."""
    rows = max(len(variables), 1)
    centred = variables - variables.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(spread > 0, centred / spread, 0.0)
    r = inner_products(z, z) / rows
    square = z * z
    both = inner_products(square, square) / rows
    cubic = inner_products(square * z, z) / rows
    fourth = np.einsum("ij,ij->j", square, square) / rows
    variance = both - r * (cubic + cubic.T) + r * r / 4 * (fourth[:, None] + fourth[None, :] + 2 * both)
    return Correlations(r, np.maximum(variance, 1e-6), np.full(r.shape, float(rows)))


def compare_correlations(
    before: Correlations, after: Correlations, owner: Sequence[int], *, floor: float
) -> tuple[list[PairChange], int]:
    """Find the pairs whose correlation has changed by at least `floor`, the most surprising first.

    Parameters
    ----------
    before, after : of the same variables.
    owner : the feature of each variable; variables of one feature are not compared.
    floor : the smallest change that matters.

    Returns
    -------
    tuple
        The pairs, and the number of pairs that were compared.
    """
    own: Ints = np.asarray(owner)
    upper = np.triu(own[:, None] != own[None, :], 1)
    places = np.argwhere(upper)
    if not places.size:
        return [], 0
    i, j = places[:, 0], places[:, 1]
    change = after.value[i, j] - before.value[i, j]
    n, m = before.rows[i, j], after.rows[i, j]
    # Of the two variances the larger: a small window may show none by chance.
    spread = np.sqrt(before.variance[i, j] / n + np.maximum(before.variance[i, j], after.variance[i, j]) / m)
    freedom = np.maximum(np.minimum(n, m) * _FREEDOM_A_ROW, 2.0)
    p = 2 * stdtr(freedom, -np.abs(change) / spread)
    found = np.flatnonzero(np.abs(change) >= floor)
    found = found[np.argsort(p[found], kind="stable")]
    return [
        PairChange(
            int(i[one]),
            int(j[one]),
            float(before.value[i[one], j[one]]),
            float(after.value[i[one], j[one]]),
            float(p[one]),
        )
        for one in found[:_MOST].tolist()
    ], len(places)


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

_MOST = 200
