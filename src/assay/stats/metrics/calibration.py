"""Calibration: whether scores of 0.7 come true seven times in ten.

References
----------
.. [1] M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
   binning", AAAI 2015.
.. [2] C. Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.metrics.intervals import wilson
from assay.stats.metrics.result import Estimate
from assay.stats.summaries.scores import BINS

__all__ = ["ReliabilityBin", "calibration_error", "reliability_bins"]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One point of a reliability curve.

    Attributes
    ----------
    low, high : ends of the bin; it is open on the left (the first: closed) and closed on the right.
    n : labelled rows whose score is in it.
    mean_score : their mean score; None where there is none.
    observed : share of them that came true; None where there is none.
    observed_low, observed_high : Wilson's 95% interval of that share.
    """

    low: float
    high: float
    n: int
    mean_score: float | None
    observed: float | None
    observed_low: float | None
    observed_high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def reliability_bins(
    counts: npt.NDArray[np.int64],
    hits: npt.NDArray[np.int64],
    sums: npt.NDArray[np.float64],
    *,
    bins: int = 10,
) -> tuple[ReliabilityBin, ...]:
    """Reliability curve over equal bins of the score.

    Parameters
    ----------
    counts, hits, sums : in each of the summaries' `BINS` bins: rows, those that came true, sum of scores.
    bins : how many bins to report; must divide `BINS`.

    Raises
    ------
    InvalidInput
        Where it does not.
    """
    if bins < 1 or BINS % bins:
        raise InvalidInput(f"{bins} bins cannot be had; choose a number that divides {BINS}")
    wide = [array.reshape(bins, -1).sum(axis=1).tolist() for array in (counts, hits, sums)]
    result = []
    for place, (n, hit, total) in enumerate(zip(*wide, strict=True)):
        mean, observed = (total / n, hit / n) if n else (None, None)
        result.append(ReliabilityBin(place / bins, (place + 1) / bins, n, mean, observed, *wilson(hit, n)))
    return tuple(result)


def calibration_error(curve: tuple[ReliabilityBin, ...], coverage: float | None = None) -> Estimate:
    """Mean gap between mean score and observed share over the bins, weighted by their rows [1]_ [2]_.

    Exact for its bins. None without rows. No interval: the mean of absolute gaps is biased upwards in small
    samples, which no interval around it would show.
    """
    n = sum(one.n for one in curve)
    gaps = (one.n * abs(one.mean_score - one.observed) for one in curve if one.n)  # type: ignore[operator]  # set where n > 0
    return Estimate("ece", sum(gaps) / n if n else None, n, coverage, higher_is_better=False)
