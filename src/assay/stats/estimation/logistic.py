"""Logistic regression with weights and a ridge, fitted by Newton's method.

References
----------
.. [1] T. Hastie, R. Tibshirani and J. Friedman, "The Elements of Statistical Learning", 2nd ed., section 4.4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

__all__ = ["fit_logistic"]

_Floats = npt.NDArray[np.float64]
_STEPS = 50
_CLOSE = 1e-9


def fit_logistic(
    design: _Floats,
    positive: _Floats,
    n: _Floats,
    *,
    ridge: _Floats | float = 0.0,
    start: _Floats | None = None,
) -> _Floats:
    """Coefficients that make the rows' labels most likely, less a quadratic penalty [1]_.

    Parameters
    ----------
    design : float64[rows, terms]; an intercept is a column of ones.
    positive : float64[rows], how many labels of each row are positive, 0 to `n`.
    n : float64[rows], labels of each row; weights need not be whole.
    ridge : half of it times the squared coefficient is what each term costs; one number, or one per term.
    start : coefficients to begin with; None: zeros.

    Returns
    -------
    float64[terms]
        Finite also where the labels are separable: a little ridge is always there, and steps are halved
        while they make things worse.

    Examples
    --------
    >>> design = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> fit_logistic(design, np.array([1.0, 3.0]), np.array([4.0, 4.0])).round(3).tolist()
    [-1.099, 2.197]
    """
    terms = design.shape[1]
    penalty = (
        np.broadcast_to(np.asarray(ridge, dtype=np.float64), (terms,))
        + 1e-8 * max(float(n.sum()), 1.0) ** 0.5
    )
    beta = np.zeros(terms) if start is None else start.copy()
    logit = design @ beta
    loss = _loss(logit, positive, n) + 0.5 * float(penalty @ beta**2)
    for _ in range(_STEPS):
        chance = expit(logit)
        slope = design.T @ (positive - n * chance) - penalty * beta
        half = design * np.sqrt(n * chance * (1 - chance))[:, None]
        curve = half.T @ half + np.diag(penalty)  # NumPy makes only one half of such a product
        step = np.linalg.solve(curve, slope)  # the penalty keeps it regular
        size = 1.0
        for _ in range(20):
            trial = beta + size * step
            logit = design @ trial
            new = _loss(logit, positive, n) + 0.5 * float(penalty @ trial**2)
            if new <= loss:
                break
            size /= 2
        else:
            break
        gain, beta, loss = loss - new, trial, new
        if gain <= _CLOSE * (1 + abs(loss)):
            break
    return beta


def _loss(logit: _Floats, positive: _Floats, n: _Floats) -> float:
    return float(n @ np.logaddexp(0.0, logit) - positive @ logit)
