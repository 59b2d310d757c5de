"""Calibration of scores: what share of the predictions with a given score comes true.

References
----------
.. [1] J. Platt, "Probabilistic outputs for support vector machines", 1999.
.. [2] B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate multiclass probability
   estimates", KDD 2002.
.. [3] M. Kull, T. Silva Filho and P. Flach, "Beta calibration", AISTATS 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from assay.stats.estimation.logistic import fit_logistic

__all__ = ["KINDS", "Calibrator", "fit_calibrator", "logit"]

_Floats = npt.NDArray[np.float64]

KINDS = ("identity", "platt", "beta", "isotonic")
"""Kinds of calibration, the simplest first: none, Platt's [1]_, beta [3]_ and isotonic [2]_."""

_EDGE = 1e-3


def logit(share: _Floats, edge: float = _EDGE) -> _Floats:
    """Log odds, of shares drawn in to ``edge`` from 0 and 1."""
    inner = np.clip(share, edge, 1 - edge)
    return np.log(inner / (1 - inner))


@dataclass(frozen=True, slots=True, eq=False)
class Calibrator:
    """A map from scores to chances.

    Attributes
    ----------
    kind : one of :data:`KINDS`.
    beta : float64[terms], coefficients of Platt's and of beta calibration.
    points, chances : float64[k], the isotonic map's corners, between which it is linear.
    least : chances are kept this far from 0 and from 1: what so many labels cannot tell from it.
    """

    kind: str
    beta: _Floats
    points: _Floats
    chances: _Floats
    least: float

    def __call__(self, scores: _Floats) -> _Floats:
        """Chance of each score (0 to 1)."""
        if self.kind == "isotonic":
            found = np.interp(scores, self.points, self.chances)
        elif self.kind == "identity":
            found = scores
        else:
            found = expit(_design(self.kind, scores) @ self.beta)
        return np.clip(found, self.least, 1 - self.least)


def fit_calibrator(kind: str, scores: _Floats, positive: _Floats, n: _Floats) -> Calibrator:
    """Learn a calibration from labelled scores.

    Parameters
    ----------
    kind : one of :data:`KINDS`.
    scores : float64[rows], 0 to 1, in any order, also repeated.
    positive, n : float64[rows], positive labels and all labels of each row.

    Returns
    -------
    Calibrator
        Without labels: the identity.
    """
    from scipy.optimize import isotonic_regression  # a tenth of a second at the start of a server

    none = np.zeros(0)
    total = float(n.sum())
    least = 0.5 / (total + 1)
    if total <= 0 or kind == "identity":
        return Calibrator("identity", none, none, none, least)
    if kind != "isotonic":
        return Calibrator(kind, fit_logistic(_design(kind, scores), positive, n), none, none, least)
    seen = n > 0
    points, place = np.unique(scores[seen], return_inverse=True)
    counts = np.bincount(place, weights=n[seen], minlength=points.size)
    shares = np.bincount(place, weights=positive[seen], minlength=points.size) / counts
    chances = np.asarray(isotonic_regression(shares, weights=counts).x, dtype=np.float64)
    return Calibrator(kind, none, points, chances, least)


def _design(kind: str, scores: _Floats) -> _Floats:
    one = np.ones_like(scores)
    if kind == "platt":
        return np.column_stack([one, logit(scores)])
    return np.column_stack([one, np.log(np.clip(scores, _EDGE, 1)), -np.log(np.clip(1 - scores, _EDGE, 1))])
