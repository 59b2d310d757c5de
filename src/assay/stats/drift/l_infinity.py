"""L-infinity distance: the largest change of any bin's share."""

from __future__ import annotations

import numpy as np

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Ints

__all__ = ["l_infinity"]


def l_infinity(reference: Ints, current: Ints) -> DriftStatistic:
    """Largest |p - q| over bins, from 0 (equal) to 1; a metric.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`. Empty bins need no
        smoothing; the bin of all other categories counts as one.

    Returns
    -------
    DriftStatistic
        Exact for its bins, without p-value: its law depends on the shares. None as value where one side is
        empty.

    Examples
    --------
    >>> round(l_infinity(np.array([50, 30, 20]), np.array([20, 50, 30])).value, 12)
    0.3
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("l_infinity", None)
    return DriftStatistic("l_infinity", float(np.abs(reference / n - current / m).max()))
