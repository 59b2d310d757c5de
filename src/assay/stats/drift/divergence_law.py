r"""Law of divergences between the shares of two samples in common bins, where nothing has changed.

With many rows every smooth divergence of two samples' shares is a multiple of the same quadratic form, which
has the chi-square law with one degree of freedom less than there are bins [1]_ [2]_. With ten rows in a bin
that is not so: Hellinger's distance then falls below 0.01 in 2% of all pairs of samples in which nothing has
changed. Such a divergence is a sum of terms, one a bin, of counts that are independent but for their sum.
Its mean follows from the law of each count by itself, and its variance from that of independent counts, less
what their sum explains [3]_ [4]_; that of the quadratic form of k bins is k - 1 where k independent ones
would give k, and the variance is brought down by as much. The p-value is the tail of the gamma law with that
mean and variance, which for many rows is the chi-square law.

Which counts are left to chance depends on how the bins came about. Where they are categories (or single
values), the counts of both samples together are given, and each row is dealt to either sample: a bin's count
is hypergeometric. Where they end at quantiles of the reference, the reference's counts are given, and the
current rows fall between its order statistics: a bin's count is beta-binomial [5]_.

References
----------
.. [1] I. Csiszár and P. Shields, "Information theory and statistics: a tutorial", Foundations and Trends in
   Communications and Information Theory 1 (2004), section 4.
.. [2] B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", Journal of
   Risk Model Validation 14 (2020).
.. [3] C. Morris, "Central limit theorems for multinomial sums", Annals of Statistics 3 (1975).
.. [4] L. Holst, "A unified approach to limit theorems for urn models", Journal of Applied Probability 16
   (1979).
.. [5] S. Wilks, "Statistical prediction with special reference to the problem of tolerance limits", Annals of
   Mathematical Statistics 13 (1942).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, gammaincc, gammaln

from assay.stats.summaries.codec import Floats, Ints

__all__ = ["MANY", "MIN_EXPECTED", "Cell", "divergence_p_value", "gamma_tail"]

MIN_EXPECTED = 10.0
"""With fewer rows than this expected in any bin, on either side, no law holds well enough: an empty bin,
which makes a term of its own size, is then too likely."""

MANY = 2_000.0
"""With more rows than this expected in every bin, on either side, the chi-square law is taken: it is right to
a thousandth."""

_STEPS = 3.0  # points for each standard deviation of a count, at which sums over its law are taken
_REACH = 9.0  # standard deviations to either side

Cell = Callable[[Floats, Floats, int, int, int], Floats]
"""A bin's term: of the counts of both, the rows of both and the number of bins. All terms add up to the
statistic, and where the counts are as expected, a term and its slope are 0."""


def divergence_p_value(
    value: float, cell: Cell, reference: Ints, current: Ints, *, cut: bool = False,
    least: float = MIN_EXPECTED,
) -> float | None:  # fmt: skip
    """P-value of a divergence, for independent rows.

    Parameters
    ----------
    value : the sum of all bins' terms, in the unit of Pearson's statistic.
    cell : a bin's term.
    reference, current : counts in the same bins, n and m in all.
    cut : whether the bins end at quantiles of the reference.
    least : expected rows of a bin, on either side, with fewer of which there is no p-value.

    Returns
    -------
    float or None
        None where a bin that any row is in expects fewer than `least` rows of the smaller side: few
        rows, or rare categories. 1.0 where only one bin has rows.
    """
    n, m = int(reference.sum()), int(current.sum())
    both = reference + current
    kept = both > 0
    if np.count_nonzero(kept) <= 1:
        return 1.0 if kept.any() and n and m else None
    # Whether there is a p-value must not depend on what is left to chance.
    given, rows = (reference, n) if cut else (both, n + m)
    if int(given[kept].min()) * min(n, m) < least * rows:
        return None
    return gamma_tail(value, cell, reference[kept], current[kept], bins=both.size, cut=cut)


def gamma_tail(
    value: float, cell: Cell, reference: npt.NDArray[np.generic], current: npt.NDArray[np.generic], *,
    bins: int, cut: bool,
) -> float:  # fmt: skip
    """Probability that the sum of all bins' terms is at least `value`.

    Parameters
    ----------
    value, cell, cut : as in :func:`divergence_p_value`.
    reference, current : counts in two bins or more, none of them empty on both sides.
    bins : number of bins that `cell` is told, empty ones included.
    """
    ours, theirs = reference.astype(np.float64), current.astype(np.float64)
    n, m = int(ours.sum()), int(theirs.sum())
    degrees = ours.size - 1
    if float((ours + theirs).min()) * min(n, m) > MANY * (n + m):
        return float(chdtrc(degrees, max(value, 0.0)))
    mean, spread, shared, counts = (
        _of_cut_bins(cell, ours, n, m, bins) if cut else _of_dealt_rows(cell, ours + theirs, n, m, bins)
    )
    variance = (spread - shared**2 / counts) * degrees / (degrees + 1)
    shape = mean**2 / variance
    return float(gammaincc(shape, max(value, 0.0) * shape / mean))


_Moments = tuple[float, float, float, float]


def _of_dealt_rows(cell: Cell, both: Floats, n: int, m: int, bins: int) -> _Moments:
    """Moments where `both` rows of each bin are dealt to samples of `n` and `m`.

    Returns
    -------
    tuple of float
        The mean of all terms together; then, of independent counts, the sums over bins of the term's
        variance, of its covariance with the count and of the count's variance.
    """
    share = n / (n + m)
    sizes, times = np.unique(both, return_counts=True)
    x = _grid(
        sizes * share, np.sqrt(sizes * share * (1 - share)), np.maximum(sizes - m, 0.0), np.minimum(sizes, n)
    )
    size = sizes[:, None]
    ways = _log_choose(size, x)
    terms = cell(x, size - x, n, m, bins)
    dealt = _weights(_log_choose(n, x) + _log_choose(m, size - x))
    free = _weights(ways + x * np.log(share) + (size - x) * np.log1p(-share))
    return _summed(terms, x, dealt, free, times)


def _of_cut_bins(cell: Cell, ours: Floats, n: int, m: int, bins: int) -> _Moments:
    """Moments where current rows fall between the reference's order statistics; as of dealt rows."""
    sizes, times = np.unique(ours, return_counts=True)
    sizes = np.maximum(sizes, 0.5)
    # The last bin has one spacing more than it has rows, all others as many: one part in n.
    rest = n + 1 - sizes
    mean = m * sizes / (n + 1)
    spread = np.sqrt(mean * (1 + m / (n + 1)))
    x = _grid(mean, spread, np.zeros(sizes.size), np.full(sizes.size, float(m)))
    size = sizes[:, None]
    ways = gammaln(x + size) - gammaln(x + 1)
    terms = cell(np.broadcast_to(size, x.shape), x, n, m, bins)
    fallen = _weights(ways + gammaln(m - x + rest[:, None]) - gammaln(m - x + 1))
    free = _weights(ways + x * np.log(m / (n + 1 + m)))
    return _summed(terms, x, fallen, free, times)


def _grid(mean: Floats, spread: Floats, least: Floats, most: Floats) -> Floats:
    """Counts at which sums are taken: float64[laws, points], the same number for each; least and most repeat.

    All whole numbers where these are few. A smooth function's sum over a normal law is right to many digits
    with three points for each standard deviation.
    """
    step = np.maximum(np.floor(spread / _STEPS), 1.0)
    points = int(np.ceil((2 * _REACH * spread / step).max())) + 3
    begin = np.maximum(np.floor(mean - step * (points // 2)), least)
    x = begin[:, None] + step[:, None] * np.arange(points)
    return np.asarray(np.where(x <= most[:, None], x, np.nan))


def _weights(logs: Floats) -> Floats:
    """Probabilities of the counts of each law, from their logarithms up to a constant."""
    found = np.exp(logs - np.nanmax(logs, axis=1, keepdims=True))
    return np.asarray(np.nan_to_num(found / np.nansum(found, axis=1, keepdims=True)))


def _summed(terms: Floats, x: Floats, exact: Floats, free: Floats, times: Ints) -> _Moments:
    # A term that is infinite, as one without smoothing may be, counts as the largest that is not.
    most = np.max(terms, where=np.isfinite(terms), initial=0.0)
    terms, x = np.nan_to_num(np.minimum(terms, most)), np.nan_to_num(x)
    mean = (exact * terms).sum(axis=1)
    away = terms - (free * terms).sum(axis=1, keepdims=True)
    off = x - (free * x).sum(axis=1, keepdims=True)
    found = [mean, *((free * one).sum(axis=1) for one in (away**2, away * off, off**2))]
    mean_of, spread, shared, counts = (float(one @ times) for one in found)
    return mean_of, spread, shared, counts


def _log_choose(n: npt.ArrayLike, k: Floats) -> Floats:
    n = np.asarray(n, dtype=np.float64)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
