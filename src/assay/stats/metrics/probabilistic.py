"""Log loss and Brier score: proper scores of probabilities.

References
----------
.. [1] G. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
   78 (1950).
.. [2] T. Gneiting and A. Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102
   (2007).
"""

from __future__ import annotations

from assay.stats.metrics.intervals import mean_interval
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.codec import Floats

__all__ = ["brier_score", "log_loss"]


def log_loss(sums: Floats, n: int, coverage: float | None = None) -> Estimate:
    """Mean of minus the logarithm of the true class's probability, in nats.

    Probabilities are clipped to within 2.2e-16 of 0 and 1, as in scikit-learn. `sums` are those of the
    terms and of their squares over `n` rows. None without rows.
    """
    return _mean("log_loss", float(sums[0]), float(sums[1]), n, coverage)


def brier_score(sums: Floats, n: int, coverage: float | None = None) -> Estimate:
    """Mean squared difference of probability and truth [1]_.

    Binary: of the positive class, from 0 to 1. Multiclass: summed over the classes, from 0 to 2. `sums`
    are those of the terms and of their squares over `n` rows. None without rows.
    """
    return _mean("brier_score", float(sums[0]), float(sums[1]), n, coverage)


def _mean(name: str, total: float, squares: float, n: int, coverage: float | None) -> Estimate:
    low, high = mean_interval(total, squares, n, low=0.0)
    return Estimate(name, total / n if n else None, n, coverage, low, high, higher_is_better=False)
