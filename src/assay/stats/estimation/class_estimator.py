"""Metrics of more than two classes without labels: each class calibrated against the others, then normalised.

References
----------
.. [1] B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate multiclass probability
   estimates", KDD 2002.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.blocks import chunks_of, half_width, jackknife_variance, random_effect
from assay.stats.estimation.calibration import KINDS
from assay.stats.estimation.chance import ChanceModel, fit_chance
from assay.stats.estimation.classified import Classified, expected_class_metrics, truth_variance
from assay.stats.estimation.expected import bounds_of
from assay.stats.estimation.held_out import Errors, clearly_better, no_information
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.shift import Weights, density_weights, reweighted

__all__ = ["ClassEstimator", "fit_classes"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]
_LEAST_OF_A_CLASS = 20


@dataclass(frozen=True, slots=True, eq=False)
class ClassChances:
    """Chances of all classes: one model each against the others, brought to a sum of 1 [1]_."""

    models: tuple[ChanceModel, ...]

    def __call__(self, probability: _Floats, design: _Floats | None) -> _Floats:
        """float64[rows, classes]: chances that add up to 1."""
        raw = np.column_stack([model(probability[:, k], design) for k, model in enumerate(self.models)])
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))

    @classmethod
    def fit(
        cls,
        kind: str,
        rows: Classified,
        design: _Floats | None,
        start: ClassChances | None = None,
    ) -> ClassChances:
        """Learn from labelled rows."""
        return cls(
            tuple(
                fit_chance(
                    kind, rows.one_class(k), design, start=None if start is None else start.models[k].beta
                )
                for k in range(rows.probability.shape[1])
            )
        )


@dataclass(frozen=True, slots=True, eq=False)
class ClassEstimator:
    """What a labelled reference says about the probabilities of several classes.

    Made by :func:`fit_classes`; attributes as in
    :class:`assay.stats.estimation.score_estimator.ScoreEstimator`.
    """

    names: tuple[str, ...]
    kind: str
    conditional: bool
    refusal: str | None
    between: Mapping[str, float]
    blocks: int
    rows: Classified
    look: _Floats | None
    chance: _Floats
    model: ClassChances
    left_out: tuple[ClassChances, ...]
    cost: _Floats | None = None

    def estimate(self, window: Classified, design: _Floats | None = None) -> dict[str, MetricEstimate]:
        """Estimate the metrics of a window without looking at its truth.

        Parameters
        ----------
        window : its predictions.
        design : float64[rows, terms], their features as the reference's were given; None: without.
        """
        n, effective, warning = window.total, float(self.rows.total), None
        if self.refusal is not None or not n:
            reason = self.refusal or "there are no scored predictions"
            return {name: MetricEstimate.refused(name, n, reason) for name in self.names}
        given = design if self.conditional else None
        chance = self.model(window.probability, given)
        others = [model(window.probability, given) - chance for model in self.left_out]
        method = f"{self.kind} calibration of each class" + (", features" if self.conditional else "")
        moved: list[tuple[_Floats, _Floats]] = []
        if design is not None and self.look is not None:
            weights = density_weights(
                self.look,
                _look(design, window.probability, self.rows.probability),
                self.rows.probability.max(axis=1),
                window.probability.max(axis=1),
            )
            effective, warning = weights.effective, weights.refusal
            if warning is None:
                chance, moved = self._weighted(weights, chance)
                method += ", weighted"
        found = {}
        for name, one in expected_class_metrics(window, chance, self.names, cost=self.cost).items():
            if one.value is None:
                found[name] = MetricEstimate.undefined(name, n)
                continue
            variance = truth_variance(one.slope, chance)
            variance += jackknife_variance(np.array([float((one.slope * change).sum()) for change in others]))
            for k, (line, covariance) in enumerate(moved):
                push = (one.slope[:, k] * chance[:, k] * (1 - chance[:, k])) @ line
                variance += float(push @ covariance @ push)
            scale = n**2 if name == "business_value" else 1
            half = half_width(variance, self.between[name] * scale, self.blocks)
            low, high = bounds_of(name, several=True)
            found[name] = MetricEstimate(
                name,
                one.value,
                max(one.value - half, low),
                min(one.value + half, high),
                n,
                effective,
                method,
                warning,
            )
        return found

    def _weighted(self, weights: Weights, chance: _Floats) -> tuple[_Floats, list[tuple[_Floats, _Floats]]]:
        """Chances of a window moved by what the weighted labels say, class by class, and how surely."""
        real, ones = self.rows.realised(), np.ones(self.rows.total)
        found = [
            reweighted(self.chance[:, k], real[:, k], ones, weights, chance[:, k])
            for k in range(chance.shape[1])
        ]
        raw = np.column_stack([one for one, _, _ in found])
        return raw / raw.sum(axis=1, keepdims=True), [(line, covariance) for _, line, covariance in found]


def fit_classes(
    rows: Classified,
    block: _Ints,
    names: tuple[str, ...],
    classes: tuple[str, ...],
    *,
    design: _Floats | None = None,
    cost: _Floats | None = None,
    chunk: int = 1000,
) -> ClassEstimator:
    """Learn from a labelled reference.

    Parameters
    ----------
    rows : labelled predictions.
    block : int64[rows], the block of each; best blocks of time.
    names : metrics wanted, of :data:`assay.stats.estimation.classified.CLASS_METRICS`.
    classes : names of the classes, for what is said of them.
    design : float64[rows, terms], standardised features; None: probabilities alone are used.
    cost : float64[classes, classes], for ``business_value``: by the true class and the predicted one.
    chunk : predictions of the windows that will be estimated: held-out chunks are as large.
    """
    numbers = np.unique(block)
    held: dict[str, _Floats] = {}
    seen: dict[str, list[ClassChances]] = {}
    for kind in KINDS:
        held[kind], seen[kind] = _held_out(kind, rows, block, None)
    losses = {kind: _block_losses(rows, block, chance) for kind, chance in held.items()}
    weight = np.bincount(block)[numbers].astype(np.float64)
    kind = min(KINDS, key=lambda name: float(weight @ losses[name]))
    counts = np.bincount(rows.truth, minlength=len(classes))
    refusal = None
    if counts.min() < _LEAST_OF_A_CLASS:
        refusal = (
            f"the reference has {counts.min()} labels of the class {classes[int(counts.argmin())][:80]!r}; "
            f"{_LEAST_OF_A_CLASS} of each are needed to learn what probabilities mean"
        )
    refusal = refusal or no_information(_share_losses(rows, block) - losses[kind], weight, "probabilities")
    pieces = [piece for _, piece in chunks_of(block, chunk)]
    models, conditional = seen[kind], False
    errors = _errors(rows, held[kind], _all(models, rows, None), pieces, names, cost)
    if design is not None and refusal is None:
        with_features, others = _held_out(kind, rows, block, design)
        trial = _errors(rows, with_features, _all(others, rows, design), pieces, names, cost)
        if clearly_better(trial, errors):
            models, conditional, errors = others, True, trial
    given = design if conditional else None
    model = ClassChances.fit(kind, rows, given)
    return ClassEstimator(
        names,
        kind,
        conditional,
        refusal,
        {name: random_effect(*errors[name]) for name in names},
        numbers.size,
        rows,
        None if design is None else _look(design, rows.probability, rows.probability),
        model(rows.probability, given),
        model,
        tuple(models),
        cost,
    )


def _look(design: _Floats, probability: _Floats, reference: _Floats) -> _Floats:
    """By what a window is told from the reference: features, and all probabilities but the last."""
    spread = reference.std(axis=0)
    standard = (probability - reference.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([design, standard[:, :-1]])


def _all(models: list[ClassChances], rows: Classified, design: _Floats | None) -> list[_Floats]:
    return [model(rows.probability, design) for model in models]


def _held_out(
    kind: str, rows: Classified, block: _Ints, design: _Floats | None
) -> tuple[_Floats, list[ClassChances]]:
    """Chances of each row by models that its block had no part in, and these models."""
    chance = np.zeros_like(rows.probability)
    models: list[ClassChances] = []
    for number in np.unique(block).tolist():
        out = block == number
        start = models[-1] if models else None
        model = ClassChances.fit(kind, rows.take(~out), None if design is None else design[~out], start)
        chance[out] = model(rows.probability[out], None if design is None else design[out])
        models.append(model)
    return chance, models


def _block_losses(rows: Classified, block: _Ints, chance: _Floats) -> _Floats:
    """Mean log loss of each block."""
    loss = -np.log(chance[np.arange(rows.total), rows.truth])
    numbers = np.unique(block)
    return np.bincount(block, weights=loss)[numbers] / np.bincount(block)[numbers]


def _share_losses(rows: Classified, block: _Ints) -> _Floats:
    """Mean log loss of each block where only the shares of the classes in the others are known."""
    shares = np.zeros_like(rows.probability)
    for number in np.unique(block).tolist():
        out = block == number
        counts = np.bincount(rows.truth[~out], minlength=shares.shape[1]) + 0.5
        shares[out] = counts / counts.sum()
    return _block_losses(rows, block, shares)


def _errors(
    rows: Classified,
    chance: _Floats,
    others: list[_Floats],
    pieces: list[_Ints],
    names: tuple[str, ...],
    cost: _Floats | None,
) -> Errors:
    """Errors of held-out chunks, and the variance that the labels' chance and the models' error give them."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for piece in pieces:
        part = rows.take(piece)
        expected = expected_class_metrics(part, chance[piece], names, cost=cost)
        real = expected_class_metrics(part, part.realised(), names, cost=cost)
        for name in names:
            one, truth = expected[name], real[name].value
            if one.value is None or truth is None:
                continue
            moved = np.array([float((one.slope * other[piece]).sum()) for other in others])
            explained = truth_variance(one.slope, chance[piece]) + jackknife_variance(moved)
            scale = part.total if name == "business_value" else 1
            found[name].append(((truth - one.value) / scale, explained / scale**2))
    return {
        name: (np.array([error for error, _ in some]), np.array([variance for _, variance in some]))
        for name, some in found.items()
    }
