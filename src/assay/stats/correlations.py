"""Correlations of all pairs of variables, how much these vary, and the test of their change.

With normal scores for variables they are those of a Gaussian copula.

References
----------
.. [1] J. Steiger, A. Hakstian, "The asymptotic distribution of elements of a correlation matrix", British J.
   of Mathematical and Statistical Psychology 35 (1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from assay.stats.inner_products import inner_products
from assay.stats.summaries.codec import Floats, Ints

__all__ = [
    "Correlations",
    "PairChange",
    "compare_correlations",
    "correlations",
    "normal_scores",
    "variance_of_correlation",
]

_FREEDOM_A_ROW = 0.25
"""Degrees of freedom for each row of the smaller side: products of scores have heavier tails than scores."""

_LEAST_VARIANCE = 1e-6


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
    return Correlations(r, variance_of_correlation(r, both, cubic + cubic.T, fourth + fourth.T), rows)


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
    variance = variance_of_correlation(r, both, cubic + cubic.T, fourth[:, None] + fourth[None, :])
    return Correlations(r, variance, np.full(r.shape, float(rows)))


def variance_of_correlation(r: Floats, both: Floats, cubic: Floats, fourth: Floats) -> Floats:
    """Variance of a correlation times the number of rows, whatever the law of the variables [1]_.

    It is ``E[(x y - r (x^2 + y^2) / 2)^2]`` for standardised x and y, and taken to be at least 1e-6.

    Parameters
    ----------
    r : the correlations.
    both : means of ``x^2 y^2``.
    cubic : means of ``x^3 y + x y^3``.
    fourth : means of ``x^4 + y^4``.
    """
    return np.asarray(np.maximum(both - r * cubic + r * r / 4 * (fourth + 2 * both), _LEAST_VARIANCE))


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


_MOST = 200
