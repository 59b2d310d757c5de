"""Kolmogorov-Smirnov: the largest distance between two distribution functions.

References
----------
.. [1] J. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3 (1958).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import kolmogorov

from assay.errors import InvalidInput
from assay.stats.drift.result import DriftStatistic
from assay.stats.summaries.numeric import NumericSummary

__all__ = ["ks"]


def ks(reference: NumericSummary, current: NumericSummary) -> DriftStatistic:
    """Largest distance of the two empirical distribution functions, from 0 to 1, over finite values.

    Exact where each distinct value of the reference is a point of its cells: between two such points its
    distribution function is flat. Otherwise the distance of the raw rows is between the value and the
    value plus `bound`, which is never more than the largest reference mass between two points.

    The p-value is Smirnov's asymptotic one [1]_ for independent rows, too large (never too small, up to
    the approximation) where there are ties.

    Returns
    -------
    DriftStatistic
        None as value where one side has no finite value.

    Raises
    ------
    InvalidInput
        Where the two were counted in different cells.

    Examples
    --------
    >>> from assay.stats.summaries.numeric import NumericCells
    >>> cells = NumericCells.from_values([1.0, 2.0, 3.0])
    >>> ks(NumericSummary.of([1.0, 2.0, 3.0], cells), NumericSummary.of([2.5, 9.0], cells)).value
    0.6666666666666666
    """
    if reference.cells.digest != current.cells.digest:
        raise InvalidInput("the two were counted in different cells; profile both under one reference")
    n, m = reference.n, current.n
    if not n or not m:
        return DriftStatistic("ks", None)
    ours, theirs = np.cumsum(reference.counts) / n, np.cumsum(current.counts) / m
    value = float(np.abs(ours - theirs).max())
    # Inside an open interval each function may be anywhere between its ends.
    before, before_theirs = ours - reference.counts / n, theirs - current.counts / m
    inside = np.maximum(ours - before_theirs, theirs - before)[0::2]
    # Where one of the two has nothing in the interval, the ends say it all.
    both = (reference.counts[0::2] > 0) & (current.counts[0::2] > 0)
    bound = max(float(inside[both].max()) - value, 0.0) if both.any() else 0.0
    p_value = float(kolmogorov(math.sqrt(n * m / (n + m)) * value))
    return DriftStatistic("ks", value, bound, min(max(p_value, 0.0), 1.0))
