"""Population stability index.

References
----------
.. [1] B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index", Journal of
   Risk Model Validation 14 (2020).
"""

from __future__ import annotations

import numpy as np

from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["SMOOTHING", "psi", "psi_cell"]

SMOOTHING = 0.5
"""Rows added to each bin of each side, so that an empty bin gives a finite value that depends on how much
was seen, not on an arbitrary tiny number."""


def psi(reference: Ints, current: Ints, *, smoothing: float = SMOOTHING) -> DriftStatistic:
    """Sum over bins of (q - p) ln(q / p), in nats: 0 for equal shares, without upper limit.

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`.
    smoothing : rows added to each bin of each side before shares are taken:
        ``p = (count + smoothing) / (n + smoothing * bins)``.

    Returns
    -------
    DriftStatistic
        Exact for its bins, without p-value. Without any change its mean is about
        ``(bins - 1) (1/n + 1/m)`` [1]_. None as value where one side is empty.

    Examples
    --------
    >>> round(psi(np.array([50, 50]), np.array([20, 80])).value, 2)
    0.41
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("psi", None)
    p = (reference + smoothing) / (n + smoothing * reference.size)
    q = (current + smoothing) / (m + smoothing * current.size)
    return DriftStatistic("psi", float(np.sum((q - p) * np.log(q / p))))


def psi_cell(
    ours: Floats, theirs: Floats, n: int, m: int, bins: int, *, smoothing: float = SMOOTHING
) -> Floats:
    """Return a bin's term, for :mod:`assay.stats.drift.divergence_law`."""
    p = (ours + smoothing) / (n + smoothing * bins)
    q = (theirs + smoothing) / (m + smoothing * bins)
    return np.asarray((n / (n + m) * m) * (q - p) * np.log(q / p))
