"""Hellinger distance.

References
----------
.. [1] E. Hellinger, "Neue Begründung der Theorie quadratischer Formen von unendlichvielen Veränderlichen",
   Journal für die reine und angewandte Mathematik 136 (1909).
"""

from __future__ import annotations

import math

import numpy as np

from assay.stats.drift.divergence_law import divergence_p_value
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Ints

__all__ = ["hellinger"]


def hellinger(reference: Ints, current: Ints) -> DriftStatistic:
    """Root of ``½ Σ (√p - √q)²`` over bins, from 0 (equal) to 1 (nothing in common); a metric.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`. Empty bins need no
        smoothing.

    Returns
    -------
    DriftStatistic
        Exact for its bins; with the chi-square p-value where bins are filled well enough, see
        :mod:`assay.stats.drift.divergence_law`. None as value where one side is empty.

    Examples
    --------
    >>> hellinger(np.array([1, 0]), np.array([0, 1])).value
    1.0
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("hellinger", None)
    squared = min(float(((np.sqrt(reference / n) - np.sqrt(current / m)) ** 2).sum()) / 2, 1.0)
    p_value = divergence_p_value(squared, 8.0, reference, current)
    return DriftStatistic("hellinger", math.sqrt(squared), p_value=p_value)
