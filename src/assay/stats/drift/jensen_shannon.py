"""Jensen-Shannon divergence and distance.

References
----------
.. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory
   37 (1991).
.. [2] D. Endres and J. Schindelin, "A new metric for probability distributions", IEEE Transactions on
   Information Theory 49 (2003).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import rel_entr

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints

__all__ = [
    "distance_beyond_chance",
    "distance_of_shares",
    "jensen_shannon_cell",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
]


def jensen_shannon_divergence(reference: Ints, current: Ints) -> DriftStatistic:
    """Jensen-Shannon divergence in bits (base 2), from 0 (equal) to 1 (nothing in common) [1]_.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`. Empty bins need no
        smoothing.

    Returns
    -------
    DriftStatistic
        Exact for its bins, without p-value. None as value where one side is empty.

    Examples
    --------
    >>> jensen_shannon_divergence(np.array([1, 0]), np.array([0, 1])).value
    1.0
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("jensen_shannon_divergence", None)
    p, q = reference / n, current / m
    middle = (p + q) / 2
    bits = float(np.sum(rel_entr(p, middle) + rel_entr(q, middle))) / (2 * math.log(2))
    return DriftStatistic("jensen_shannon_divergence", min(max(bits, 0.0), 1.0))


def jensen_shannon_distance(reference: Ints, current: Ints) -> DriftStatistic:
    """Root of the divergence in bits, which is a metric [2]_; named ``jensen_shannon``.

    This is what ``scipy.spatial.distance.jensenshannon(p, q, base=2)`` gives.

    >>> jensen_shannon_distance(np.array([1, 1]), np.array([1, 1])).value
    0.0
    """
    divergence = jensen_shannon_divergence(reference, current).value
    return DriftStatistic("jensen_shannon", None if divergence is None else math.sqrt(divergence))


def distance_beyond_chance(reference: Ints, current: Ints) -> float:
    """Jensen-Shannon distance (base 2) of counts, less what chance makes of it; 0 where one side is empty.

    Parameters
    ----------
    reference, current : counts of independent rows in the same bins.

    Examples
    --------
    >>> distance_beyond_chance(np.array([10, 10]), np.array([9, 11]))
    0.0
    """
    n, m = int(reference.sum()), int(current.sum())
    return distance_of_shares(reference / n, current / m, 1 / n + 1 / m) if n and m else 0.0


def distance_of_shares(p: Floats, q: Floats, variance: float) -> float:
    """Jensen-Shannon distance (base 2) of shares less its expectation under the null, to second order.

    The divergence of k shares is about ``sum((p - q)^2 / (p + q)) / 4`` nats; its expectation is
    ``(k - 1) / 8`` times the variance of a difference of shares per unit of binomial variance.

    Parameters
    ----------
    p, q : shares of either side; negative ones count as 0.
    variance : of a difference of shares per unit of binomial variance: ``1 / n + 1 / m`` for independent
        rows.
    """
    told = (p > 0) | (q > 0)
    p, q = np.maximum(p[told], 0.0), np.maximum(q[told], 0.0)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        nats = 0.5 * (
            np.where(p > 0, p * np.log(p / middle), 0.0) + np.where(q > 0, q * np.log(q / middle), 0.0)
        )
    by_chance = (np.count_nonzero(told) - 1) * variance / 8
    return float(np.sqrt(max(nats.sum() - by_chance, 0.0) / np.log(2)))


def jensen_shannon_cell(ours: Floats, theirs: Floats, n: int, m: int, bins: int) -> Floats:  # noqa: ARG001 - as all
    """Return a bin's term of the divergence in nats, for :mod:`assay.stats.drift.divergence_law`."""
    p, q = ours / n, theirs / m
    middle = (p + q) / 2
    return np.asarray(4 * (n / (n + m) * m) * (rel_entr(p, middle) + rel_entr(q, middle)))
