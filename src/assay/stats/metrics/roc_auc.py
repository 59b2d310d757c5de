"""Area under the ROC curve.

References
----------
.. [1] E. DeLong, D. DeLong and D. Clarke-Pearson, "Comparing the areas under two or more correlated
   receiver operating characteristic curves: a nonparametric approach", Biometrics 44 (1988).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.stats.metrics.intervals import Z
from assay.stats.metrics.result import Estimate

__all__ = ["roc_auc"]


def roc_auc(
    positive: npt.NDArray[np.int64],
    negative: npt.NDArray[np.int64],
    *,
    exact: bool,
    coverage: float | None = None,
) -> Estimate:
    """Probability that a positive row scores above a negative one, ties counting half.

    Parameters
    ----------
    positive, negative : counts of positive and negative rows in ascending cells of the score.
    exact : whether each cell holds one score only; otherwise pairs within a cell may stand either way,
        and `bound` is half their share of all pairs.
    coverage : passed on.

    Returns
    -------
    Estimate
        With DeLong's interval [1]_, cut to [0, 1]. None where one of the two classes is absent.

    Examples
    --------
    >>> roc_auc(np.array([0, 1, 1]), np.array([1, 1, 0]), exact=True).value
    0.875
    """
    p, m = int(positive.sum()), int(negative.sum())
    if not p or not m:
        return Estimate("roc_auc", None, p + m, coverage)
    # Shares of the other class that each cell's rows beat: the placements of [1]_.
    beaten = (np.cumsum(negative) - negative / 2) / m
    beats = 1 - (np.cumsum(positive) - positive / 2) / p
    value = float(np.dot(positive, beaten)) / p
    bound = 0.0 if exact else float(np.dot(positive / p, negative / m)) / 2
    low = high = None
    if p > 1 and m > 1:
        variance = _variance(beaten, positive, p, value) / p + _variance(beats, negative, m, value) / m
        half = Z * math.sqrt(variance)
        low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate("roc_auc", value, p + m, coverage, low, high, bound)


def _variance(
    placements: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], n: int, mean: float
) -> float:
    return float(np.dot(counts, (placements - mean) ** 2)) / (n - 1)
