"""Kullback-Leibler divergence.

References
----------
.. [1] S. Kullback and R. Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22
   (1951).
.. [2] H. Jeffreys, "An invariant form for the prior probability in estimation problems", Proceedings of the
   Royal Society A 186 (1946).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import rel_entr

from assay.stats.drift.divergence_law import divergence_p_value
from assay.stats.drift.psi import SMOOTHING
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.codec import Floats, Ints

__all__ = ["kullback_leibler", "kullback_leibler_cell"]


def kullback_leibler(
    reference: Ints, current: Ints, *, smoothing: float = SMOOTHING, cut: bool = False
) -> DriftStatistic:
    """Sum over bins of q ln(q / p), in nats: what is lost by taking them for the reference's [1]_.

    From 0, without upper limit. Not symmetric: p are the reference's shares. :func:`psi` is the sum of both
    directions (Jeffreys's divergence [2]_).

    Parameters
    ----------
    reference, current : counts in the same bins, see :mod:`assay.stats.drift.bins`.
    smoothing : rows added to each bin of each side before shares are taken, so that an empty bin gives a
        finite value that depends on how much was seen. With 0.0 it is ``scipy.stats.entropy(current,
        reference)``, which is infinite where only the reference lacks a bin: then None.
    cut : whether the bins end at quantiles of the reference; for the p-value.

    Returns
    -------
    DriftStatistic
        Exact for its bins; with a p-value where bins are filled well enough, see
        :mod:`assay.stats.drift.divergence_law`. None as value where one side is empty.

    Examples
    --------
    >>> round(kullback_leibler(np.array([50, 50]), np.array([20, 80])).value, 3)
    0.189
    """
    n, m = int(reference.sum()), int(current.sum())
    if not n or not m:
        return DriftStatistic("kullback_leibler", None)
    p = (reference + smoothing) / (n + smoothing * reference.size)
    q = (current + smoothing) / (m + smoothing * current.size)
    value = float(rel_entr(q, p).sum())
    if not np.isfinite(value):
        return DriftStatistic("kullback_leibler", None)
    value = max(value, 0.0)
    p_value = divergence_p_value(
        2 * value * (n / (n + m) * m),
        partial(kullback_leibler_cell, smoothing=smoothing),
        reference,
        current,
        cut=cut,
    )
    return DriftStatistic("kullback_leibler", value, p_value=p_value)


def kullback_leibler_cell(
    ours: Floats, theirs: Floats, n: int, m: int, bins: int, *, smoothing: float = SMOOTHING
) -> Floats:
    """Return a bin's term, for :mod:`assay.stats.drift.divergence_law`.

    The difference of the shares, which is part of it, adds up to 0.
    """
    p = (ours + smoothing) / (n + smoothing * bins)
    q = (theirs + smoothing) / (m + smoothing * bins)
    return np.asarray(2 * (n / (n + m) * m) * (rel_entr(q, p) - q + p))
