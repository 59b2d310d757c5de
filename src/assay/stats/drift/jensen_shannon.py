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
from assay.stats.summaries.codec import Ints

__all__ = ["jensen_shannon_distance", "jensen_shannon_divergence"]


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
