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
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["hellinger", "hellinger_cell"]

MIN_EXPECTED = 15.0
"""There is a p-value from so many expected rows of each bin on: an empty bin makes the largest term here."""


def hellinger(reference: Ints, current: Ints, *, cut: bool = False) -> DriftStatistic:
    """Root of ``½ Σ (√p - √q)²`` over bins, from 0 (equal) to 1 (nothing in common); a metric.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`. Empty bins need no
        smoothing.
    cut : whether the bins end at quantiles of the reference; for the p-value.

    Returns
    -------
    DriftStatistic
        Exact for its bins; with a p-value where bins are filled well enough, see
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
    value = 8 * squared * (n / (n + m) * m)
    p_value = divergence_p_value(value, hellinger_cell, reference, current, cut=cut, least=MIN_EXPECTED)
    return DriftStatistic("hellinger", math.sqrt(squared), p_value=p_value)


def hellinger_cell(ours: Floats, theirs: Floats, n: int, m: int, bins: int) -> Floats:  # noqa: ARG001 - as all
    """Return a bin's term, for :mod:`assay.stats.drift.divergence_law`."""
    return np.asarray(4 * (n / (n + m) * m) * (np.sqrt(ours / n) - np.sqrt(theirs / m)) ** 2)
