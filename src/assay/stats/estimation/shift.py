"""Covariate shift: the reference weighted until it looks like a window, where the two overlap enough.

A logistic model tells the window's rows from the reference's; its odds are the weights. What the weighted
labels say differently from the calibration is put into two coefficients, held back by a ridge that counts as
some labels: few effective rows move little.

References
----------
.. [1] H. Shimodaira, "Improving predictive inference under covariate shift by weighting the
   log-likelihood function", JSPI 90 (2000).
.. [2] L. Kish, "Survey Sampling", 1965 (the effective sample size).
.. [3] E. Ionides, "Truncated importance sampling", J. Computational and Graphical Statistics 17 (2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from assay.stats.estimation.calibration import logit
from assay.stats.estimation.logistic import fit_logistic

__all__ = ["MAX_KS", "MIN_EFFECTIVE", "Weights", "density_weights", "reweighted"]

_Floats = npt.NDArray[np.float64]

MIN_EFFECTIVE = 200.0
"""Fewer effective rows than this carry no calibration of their own."""

MAX_KS = 1.63
"""The largest distance between the window's scores and the weighted reference's, in units of what chance
makes of it (Kolmogorov's 1% point): beyond it the weights have not made the one look like the other."""

_MOST_ROWS = 20_000
_RIDGE = 3.0
_PRIOR = 5.0
_EDGE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of the reference's rows.

    Attributes
    ----------
    weight : float64[rows], their mean is 1.
    effective : rows without weights that would be as informative, Kish's (Σw)²/Σw² [2]_.
    distance : Kolmogorov-Smirnov distance of the scores after weighting.
    limit : the largest distance that chance explains, see :data:`MAX_KS`.
    """

    weight: _Floats
    effective: float
    distance: float
    limit: float

    @property
    def refusal(self) -> str | None:
        """Why the weights must not be used; None where they may."""
        if self.effective < MIN_EFFECTIVE:
            return (
                f"the reference has too little that looks like this window: {self.effective:.0f} effective "
                f"rows of the {MIN_EFFECTIVE:.0f} that it takes"
            )
        if self.distance > self.limit:
            return (
                f"this window lies partly outside the reference: after weighting the scores still differ "
                f"by {self.distance:.3f}, and chance explains {self.limit:.3f}"
            )
        return None


def density_weights(
    reference: _Floats, window: _Floats, reference_scores: _Floats, window_scores: _Floats
) -> Weights:
    """How often the reference's rows would have to be there to look like the window [1]_.

    Parameters
    ----------
    reference, window : float64[rows, terms], standardised features, the score among them.
    reference_scores, window_scores : float64[rows], held against one another after weighting.
    """
    n, m = len(reference), len(window)
    some = np.linspace(0, n - 1, min(n, _MOST_ROWS)).astype(np.int64)
    few = np.linspace(0, m - 1, min(m, _MOST_ROWS)).astype(np.int64)
    design = np.vstack([reference[some], window[few]])
    design = np.column_stack([np.ones(len(design)), design])
    ours = np.concatenate([np.zeros(some.size), np.ones(few.size)])
    penalty = np.concatenate([np.zeros(1), np.full(reference.shape[1], _RIDGE)])
    beta = fit_logistic(design, ours, np.ones(ours.size), ridge=penalty)
    odds = reference @ beta[1:]
    weight = np.exp(odds - odds.max())
    weight = np.minimum(weight / weight.mean(), math.sqrt(n))  # [3]_: a little bias for much less variance
    weight /= weight.mean()
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    distance = _distance(reference_scores, weight, window_scores)
    return Weights(weight, effective, distance, MAX_KS * math.sqrt(1 / effective + 1 / m))


def reweighted(
    chance: _Floats, positive: _Floats, n: _Floats, weights: Weights, window_chance: _Floats
) -> tuple[_Floats, _Floats, _Floats]:
    """Chances of the window's rows, moved by what the weighted labels say.

    Parameters
    ----------
    chance, positive, n : float64[rows] of the reference: chance by the calibration, positive labels, labels.
    weights : of the same rows.
    window_chance : float64[window rows], by the calibration.

    Returns
    -------
    tuple
        The chances (0 to 1), and of their log odds the design float64[window rows, 2] and the covariance
        float64[2, 2] of its coefficients.
    """
    scale = weights.effective / float(weights.weight.sum())
    weight = weights.weight * scale
    base, terms = logit(chance, _EDGE), _line(chance)
    move = np.zeros(2)
    curve = np.eye(2)
    for _ in range(25):
        now = expit(base + terms @ move)
        slope = terms.T @ (weight * (positive - n * now)) - _PRIOR * move
        curve = (terms * (weight * n * now * (1 - now))[:, None]).T @ terms + _PRIOR * np.eye(2)
        step = np.linalg.solve(curve, slope)
        move = move + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    design = _line(window_chance)
    return (
        expit(logit(window_chance, _EDGE) + design @ move),
        design,
        np.asarray(np.linalg.inv(curve), dtype=np.float64),
    )


def _line(chance: _Floats) -> _Floats:
    return np.column_stack([np.ones_like(chance), logit(chance, _EDGE)])


def _distance(reference: _Floats, weight: _Floats, window: _Floats) -> float:
    points = np.unique(np.concatenate([reference, window]))
    ours = np.bincount(np.searchsorted(points, reference), weights=weight, minlength=points.size)
    theirs = np.bincount(np.searchsorted(points, window), minlength=points.size)
    return float(np.abs(np.cumsum(ours) / ours.sum() - np.cumsum(theirs) / theirs.sum()).max())
