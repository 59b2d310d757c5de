"""Average precision: the area under the precision-recall curve, without interpolation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from assay.stats.metrics.result import Estimate

__all__ = ["pr_auc"]


def pr_auc(
    positive: npt.NDArray[np.int64],
    negative: npt.NDArray[np.int64],
    *,
    exact: bool,
    coverage: float | None = None,
) -> Estimate:
    """Precision averaged over the thresholds, weighted by the gain in recall (as in scikit-learn).

    Parameters
    ----------
    positive, negative : counts of positive and negative rows in ascending cells of the score.
    exact : whether each cell holds one score only. Otherwise the value takes the rows of a cell as tied, and
        `bound` is its distance to the worst and best order that they can stand in: all negative rows
        first, one positive after the other; or all positive ones first, at one threshold.
    coverage : passed on.

    Returns
    -------
    Estimate
        Without interval. None where there is no positive row or no row at all.

    Examples
    --------
    >>> round(pr_auc(np.array([0, 1, 1]), np.array([1, 1, 0]), exact=True).value, 4)
    0.8333
    """
    filled = (positive > 0) | (negative > 0)
    gains, losses = positive[filled][::-1], negative[filled][::-1]
    p, n = int(gains.sum()), int(gains.sum() + losses.sum())
    if not p:
        return Estimate("pr_auc", None, n, coverage)
    hits, misses = np.cumsum(gains), np.cumsum(losses)
    value = float(np.dot(gains, hits / (hits + misses))) / p
    if exact:
        return Estimate("pr_auc", value, n, coverage)
    some = gains > 0
    gains, losses, hits, misses = gains[some], losses[some], hits[some], misses[some]
    best = float(np.dot(gains, hits / (hits + misses - losses))) / p
    # Sum over j = 1..g of (h + j) / (h + j + f), with h hits before the cell and f misses up to its end.
    before = hits - gains
    worst = gains - misses * (digamma(hits + misses + 1.0) - digamma(before + misses + 1.0))
    bound = max(best - value, value - float(worst.sum()) / p, 0.0)
    return Estimate("pr_auc", value, n, coverage, bound=bound)
