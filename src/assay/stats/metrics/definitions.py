"""Every metric's definition: formula, rows, interval, bound, where it is undefined, where it comes from.

The functions beside this module compute them; tests hold the two against one another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from assay.stats.metrics.registry import METRICS
from assay.stats.summaries.latency import ERROR
from assay.stats.summaries.probabilities import CELLS as PROBABILITY_CELLS
from assay.stats.summaries.scores import CELLS as SCORE_CELLS

__all__ = ["DEFINITIONS", "NOTATION", "Definition"]

NOTATION = (
    "y is the truth, ŷ the prediction, e = ŷ - y, s the score. TP, FP and FN are the rows of the positive "
    "class that were found, the others that were taken for it, and its rows that were missed. Sums and means "
    "are over the n rows. C is the set of classes among the labelled rows, actual or predicted, and w_c the "
    "share of the labelled rows whose truth is c. [x] is 1 where x holds, else 0."
)
"""What the letters of the formulas mean."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a metric is computed, in words that can be printed.

    Attributes
    ----------
    formula : as text; the letters are those of :data:`NOTATION`.
    least, most : ends of its range; None: without end.
    rows : the rows that are its `n`.
    interval : method of its 95% interval; empty where it has none.
    bound : what its `bound` is; empty where it is always 0.0.
    undefined : where its value is None.
    note : what else is to be known; may be empty.
    source : where the method comes from; may be empty.
    """

    formula: str
    least: float | None
    most: float | None
    rows: str
    undefined: str
    interval: str = ""
    bound: str = ""
    note: str = ""
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


_CLASS_ROWS = "labelled rows with a predicted class"
_SCORE_ROWS = "labelled rows with a score from 0 to 1; multiclass: with all probabilities"
_ERROR_ROWS = "labelled rows, prediction and truth finite"
_NO_ROWS = "there is no such row"
_WILSON = "Wilson's"
_WILSON_SOURCE = "E. B. Wilson, JASA 22 (1927)"
_STUDENT = "Student's t on the standard error of the mean"
_CELLS = (
    f"scores of a window are counted in {SCORE_CELLS:,} equal cells, probabilities in {PROBABILITY_CELLS}"
)


def _averaged(name: str, of_class: str) -> dict[str, Definition]:
    """Return the definitions of the two averages of `name` over classes."""
    return {
        f"{name}_{how}": Definition(
            formula=f"{average}, {of_class}",
            least=0.0,
            most=1.0,
            rows=_CLASS_ROWS,
            undefined=f"{_NO_ROWS}, or more classes were seen than are told apart (200)",
            note="A class whose own value is a division by zero counts with 0, as in scikit-learn.",
        )
        for how, average in (("macro", "mean over c in C of v_c"), ("weighted", "Σ w_c v_c over c in C"))
    }


_LATENCY = Definition(
    formula="the smallest t such that at least a share q of the rows took t or less; q = 0.5, 0.95 or 0.99",
    least=0.0,
    most=None,
    rows="predictions whose latency (that of the stage) was logged, labelled or not; negative and infinite "
    "ones are left out",
    undefined=_NO_ROWS,
    interval="the durations at the ranks n q ± 1.96 √(n q (1 - q)); none where one is outside the sample",
    bound=f"{ERROR:.0%} of the value: durations are counted in logarithmic cells",
    note="In milliseconds.",
    source="C. Masson, J. Rim and H. Lee, DDSketch, VLDB 12 (2019)",
)

_DEFINED: dict[str, Definition] = {
    "accuracy": Definition(
        formula="number of rows with ŷ = y / n",
        least=0.0,
        most=1.0,
        rows=_CLASS_ROWS,
        undefined=_NO_ROWS,
        interval=_WILSON,
        source=_WILSON_SOURCE,
    ),
    "precision": Definition(
        formula="TP / (TP + FP); multiclass: precision_weighted",
        least=0.0,
        most=1.0,
        rows=_CLASS_ROWS,
        undefined="nothing was predicted positive, or the positive class is not known",
        interval=f"{_WILSON}, over the TP + FP rows; multiclass: none",
        source=_WILSON_SOURCE,
    ),
    "recall": Definition(
        formula="TP / (TP + FN); multiclass: recall_weighted",
        least=0.0,
        most=1.0,
        rows=_CLASS_ROWS,
        undefined="no row is positive, or the positive class is not known",
        interval=f"{_WILSON}, over the TP + FN rows; multiclass: none",
        source=_WILSON_SOURCE,
    ),
    "f1_score": Definition(
        formula="2 TP / (2 TP + FP + FN); multiclass: f1_score_weighted",
        least=0.0,
        most=1.0,
        rows=_CLASS_ROWS,
        undefined="no row is positive and none was predicted so, or the positive class is not known",
        interval=f"{_WILSON} of J = TP / (TP + FP + FN), as F1 = 2 J / (1 + J); multiclass: none",
        source=_WILSON_SOURCE,
    ),
    **_averaged("precision", "v_c = TP_c / (TP_c + FP_c)"),
    **_averaged("recall", "v_c = TP_c / (TP_c + FN_c)"),
    **_averaged("f1_score", "v_c = 2 TP_c / (2 TP_c + FP_c + FN_c)"),
    "roc_auc": Definition(
        formula="P(s⁺ > s⁻) + ½ P(s⁺ = s⁻), s⁺ the score of a positive row, s⁻ that of another",
        least=0.0,
        most=1.0,
        rows=_SCORE_ROWS,
        undefined="the positive or the negative class is absent",
        interval="DeLong's, cut to 0 and 1; none with fewer than two rows of a class; multiclass: none",
        bound=f"half the share of the pairs that share a cell: {_CELLS}; 0.0 in assay.evaluate",
        note="Multiclass: each class's probability against the rest, averaged over those that have it.",
        source="E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44 (1988)",
    ),
    "pr_auc": Definition(
        formula="Σ (R_k - R_(k-1)) P_k over the thresholds k, descending; P, R: precision and recall there",
        least=0.0,
        most=1.0,
        rows=_SCORE_ROWS,
        undefined="no row is positive",
        bound=f"distance to the best and worst order within cells: {_CELLS}; 0.0 in assay.evaluate",
        note="Average precision, as in scikit-learn: no interpolation. A useless score gets the share of "
        "positives, not ½. Multiclass: as roc_auc.",
    ),
    "log_loss": Definition(
        formula="mean of -ln p, p the probability given to the true class",
        least=0.0,
        most=None,
        rows=_SCORE_ROWS,
        undefined=_NO_ROWS,
        interval=_STUDENT,
        note="In nats; p is kept 2.2e-16 away from 0 and 1, as in scikit-learn. One half gives 0.693.",
    ),
    "brier_score": Definition(
        formula="mean of (s - [y positive])²; multiclass: mean of Σ_c (p_c - [y = c])²",
        least=0.0,
        most=2.0,
        rows=_SCORE_ROWS,
        undefined=_NO_ROWS,
        interval=_STUDENT,
        note="At most 1 for two classes, 2 for several.",
        source="G. Brier, Monthly Weather Review 78 (1950)",
    ),
    "ece": Definition(
        formula="Σ_b (n_b / n) |mean score_b - share positive_b| over ten equal bins b of the score",
        least=0.0,
        most=1.0,
        rows=_SCORE_ROWS,
        undefined=_NO_ROWS,
        note="Multiclass: the largest probability, and whether the prediction was right. No interval: the "
        "mean of absolute gaps is biased upwards in small samples, which no interval around it would show.",
        source="M. Naeini, G. Cooper and M. Hauskrecht, AAAI 2015; C. Guo et al., ICML 2017",
    ),
    "mae": Definition(
        formula="mean of |e|",
        least=0.0,
        most=None,
        rows=_ERROR_ROWS,
        undefined=_NO_ROWS,
        interval=_STUDENT,
        note="In the unit of the truth.",
    ),
    "mse": Definition(
        formula="mean of e²",
        least=0.0,
        most=None,
        rows=_ERROR_ROWS,
        undefined=f"{_NO_ROWS}, or the squares are beyond the floats",
        interval=_STUDENT,
    ),
    "rmse": Definition(
        formula="√(mean of e²)",
        least=0.0,
        most=None,
        rows=_ERROR_ROWS,
        undefined=f"{_NO_ROWS}, or the squares are beyond the floats",
        interval="the roots of mse's",
        note="In the unit of the truth.",
    ),
    "r2_score": Definition(
        formula="1 - Σ e² / Σ (y - ȳ)², ȳ the mean of y",
        least=None,
        most=1.0,
        rows=_ERROR_ROWS,
        undefined="there are fewer than two such rows, or the truth is constant",
        note="0 for the mean of the truth as prediction; below 0 for worse.",
    ),
    "mape": Definition(
        formula="mean of |e / y|",
        least=0.0,
        most=None,
        rows="as for mae, without those whose truth is 0",
        undefined=_NO_ROWS,
        interval=_STUDENT,
        note="0.1 is ten percent.",
    ),
    "mean_error": Definition(
        formula="mean of e",
        least=None,
        most=None,
        rows=_ERROR_ROWS,
        undefined=f"{_NO_ROWS}, or the sum is beyond the floats",
        interval=_STUDENT,
        note="In the unit of the truth. Above 0 the predictions are too high on average, below 0 too low; "
        "errors of both signs cancel, which mae does not let them.",
    ),
    "mean_prediction": Definition(
        formula="mean of ŷ",
        least=None,
        most=None,
        rows=_ERROR_ROWS,
        undefined=f"{_NO_ROWS}, or the sum is beyond the floats",
        note="Of the labelled rows, so that it can be held against mean_truth.",
    ),
    "mean_truth": Definition(
        formula="mean of y",
        least=None,
        most=None,
        rows=_ERROR_ROWS,
        undefined=f"{_NO_ROWS}, or the sum is beyond the floats",
    ),
    "volume": Definition(
        formula="number of predictions, failed ones too",
        least=0.0,
        most=None,
        rows="predictions",
        undefined="never; without predictions it is 0",
    ),
    "error_rate": Definition(
        formula="number of rows with an error_type / n",
        least=0.0,
        most=1.0,
        rows="predictions, failed ones too",
        undefined=_NO_ROWS,
        interval=_WILSON,
        source=_WILSON_SOURCE,
    ),
}

DEFINITIONS: dict[str, Definition] = {
    name: _LATENCY if name.startswith("latency_") else _DEFINED[name] for name in METRICS
}
"""Every metric's definition, in the order of :data:`assay.stats.metrics.METRICS`."""
