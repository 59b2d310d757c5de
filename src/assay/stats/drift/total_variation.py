"""Total variation distance: the share of rows that would have to change their bin."""

from __future__ import annotations

import numpy as np

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Ints

__all__ = ["total_variation"]


def total_variation(reference: Ints, current: Ints) -> DriftStatistic:
    """Half the sum over bins of |p - q|, from 0 (equal) to 1 (nothing in common); a metric.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`. Empty bins need no
        smoothing.

    Returns
    -------
    DriftStatistic
        Exact for its bins, without p-value: its law depends on the shares. Without any change its mean is
        about ``√((1/n + 1/m) / (2 π)) Σ √(p (1 - p))``. None as value where one side is empty.

    Examples
    --------
    >>> round(total_variation(np.array([50, 50]), np.array([20, 80])).value, 12)
    0.3
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("total_variation", None)
    value = float(np.abs(reference / n - current / m).sum()) / 2
    return DriftStatistic("total_variation", min(value, 1.0))
