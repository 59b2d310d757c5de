"""The chance that a prediction comes true: from its score alone, or from its features too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from assay.stats.estimation.calibration import Calibrator, fit_calibrator, logit
from assay.stats.estimation.logistic import fit_logistic
from assay.stats.estimation.scored import Scored

__all__ = ["ChanceModel", "fit_chance"]

_Floats = npt.NDArray[np.float64]
_EDGE = 1e-4
_MOST_ROWS = 20_000  # from which coefficients of features are learned, evenly spaced


@dataclass(frozen=True, slots=True, eq=False)
class ChanceModel:
    """A calibration, and where features are used, what they add to its log odds.

    Attributes
    ----------
    calibrator : from scores to chances.
    beta : float64[2 + terms], intercept, slope of the calibrated log odds, and of each term of the design;
        None where the features are not used.
    """

    calibrator: Calibrator
    beta: _Floats | None = None

    def __call__(self, score: _Floats, design: _Floats | None) -> _Floats:
        """Chance of each row (0 to 1)."""
        chance = self.calibrator(score)
        if self.beta is None or design is None:
            return chance
        found = expit(_terms(chance, design) @ self.beta)
        least = self.calibrator.least
        return np.clip(found, least, 1 - least)


def fit_chance(
    kind: str,
    rows: Scored,
    design: _Floats | None = None,
    *,
    ridge: float = 10.0,
    start: _Floats | None = None,
) -> ChanceModel:
    """Learn from labelled rows.

    Parameters
    ----------
    kind : the calibration, see :data:`assay.stats.estimation.calibration.KINDS`.
    rows : labelled.
    design : float64[rows, terms], standardised features; None: the score alone.
    ridge : what a feature's squared coefficient costs, in labels.
    start : coefficients to begin with.
    """
    calibrator = fit_calibrator(kind, rows.score, rows.positive, rows.n)
    if design is None:
        return ChanceModel(calibrator)
    some = np.linspace(0, rows.n.size - 1, min(rows.n.size, _MOST_ROWS)).astype(np.int64)
    rows, design = rows.take(some), design[some]
    terms = _terms(calibrator(rows.score), design)
    penalty = np.concatenate([np.zeros(2), np.full(design.shape[1], ridge)])
    return ChanceModel(calibrator, fit_logistic(terms, rows.positive, rows.n, ridge=penalty, start=start))


def _terms(chance: _Floats, design: _Floats) -> _Floats:
    return np.column_stack([np.ones_like(chance), logit(chance, _EDGE), design])
