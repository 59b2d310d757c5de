"""Metrics of a classifier without labels: what a labelled reference teaches, put to a window's scores.

A reference is cut into blocks. Whatever is chosen (the calibration, whether features add to it) is chosen by
how well each block is told from the others, and the error of the estimate is measured in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from assay.stats.estimation.blocks import chunks_of, half_width, jackknife_variance, random_effect
from assay.stats.estimation.calibration import KINDS
from assay.stats.estimation.chance import ChanceModel, fit_chance
from assay.stats.estimation.expected import Cost, expected_metrics
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.scored import Scored
from assay.stats.estimation.shift import density_weights, reweighted

__all__ = ["BOUNDS", "ScoreEstimator", "fit_scores"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_LEAST_OF_A_CLASS = 20
_CLEARLY = (
    0.9  # features are used where held-out squared errors with them are below this share of those without
)
_UNSHIFTED = 0.995  # share of the reference that stays effective where there is nothing to weight for
_UNEQUAL_BLOCKS = 1.645

BOUNDS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("accuracy", "precision", "recall", "f1_score", "roc_auc", "brier_score"), (0.0, 1.0)),
    "log_loss": (0.0, np.inf),
}
"""Ends of the metrics' ranges."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreEstimator:
    """What a labelled reference says about scores.

    Made by :func:`fit_scores`.

    Attributes
    ----------
    kind : calibration chosen out of sample, see :data:`assay.stats.estimation.calibration.KINDS`.
    conditional : whether features are used beside the score.
    refusal : why nothing can be estimated; None where it can.
    between : variance of each metric's held-out errors beyond chance.
    blocks : blocks of the reference.
    """

    names: tuple[str, ...]
    cost: Cost | None
    kind: str
    conditional: bool
    refusal: str | None
    between: Mapping[str, float]
    blocks: int
    rows: Scored
    design: _Floats | None
    model: ChanceModel
    left_out: tuple[ChanceModel, ...]

    def estimate(self, window: Scored, design: _Floats | None = None) -> dict[str, MetricEstimate]:
        """Estimate the metrics of a window without looking at its truth.

        Parameters
        ----------
        window : its scored predictions.
        design : float64[rows, terms], their features as the reference's were given; None: without.
        """
        if self.refusal is not None or not window.total:
            reason = self.refusal or "there are no scored predictions"
            return {name: MetricEstimate.refused(name, int(window.total), reason) for name in self.names}
        given = design if self.conditional else None
        chance = self.model(window.score, given)
        others = [model(window.score, given) for model in self.left_out]
        method = f"{self.kind} calibration" + (", features" if self.conditional else "")
        effective, warning = self.rows.total, None
        moved: tuple[_Floats, _Floats] | None = None
        if design is not None and self.design is not None:
            weights = density_weights(
                np.column_stack([self.design, _standard(self.rows.score, self.rows.score)]),
                np.column_stack([design, _standard(self.rows.score, window.score)]),
                self.rows.score,
                window.score,
            )
            effective = weights.effective
            if weights.refusal is not None:
                warning = weights.refusal
            elif effective < _UNSHIFTED * self.rows.total or not self.conditional:
                ours = self.model(self.rows.score, self.design if self.conditional else None)
                before = chance
                chance, line, covariance = reweighted(ours, self.rows.positive, self.rows.n, weights, chance)
                moved = line, covariance
                others = [np.clip(one + chance - before, 0.0, 1.0) for one in others]
                method += ", weighted"
        found = {}
        for name, one in expected_metrics(window, chance, self.names, cost=self.cost).items():
            if one.value is None:
                found[name] = MetricEstimate.refused(name, int(window.total), _undefined(name))
                continue
            variance = one.sampling_variance(window.n, chance)
            changes = np.array([float((window.n * one.slope) @ (other - chance)) for other in others])
            variance += jackknife_variance(changes)
            if moved is not None:
                push = (window.n * one.slope * chance * (1 - chance)) @ moved[0]
                variance += float(push @ moved[1] @ push)
            scale = window.total**2 if name == "business_value" else 1.0
            half = half_width(variance, self.between[name] * scale, self.blocks)
            low, high = BOUNDS.get(name, (-np.inf, np.inf))
            found[name] = MetricEstimate(
                name,
                one.value,
                max(one.value - half, low),
                min(one.value + half, high),
                int(window.total),
                effective,
                method,
                warning,
            )
        return found


def fit_scores(
    rows: Scored,
    block: _Ints,
    names: tuple[str, ...],
    *,
    design: _Floats | None = None,
    cost: Cost | None = None,
    chunk: int = 1000,
    pieces: Sequence[_Ints] | None = None,
) -> ScoreEstimator:
    """Learn from a labelled reference.

    Parameters
    ----------
    rows : labelled predictions.
    block : int64[rows], the block of each; best blocks of time.
    names : metrics wanted, of :data:`assay.stats.estimation.expected.BINARY_METRICS`.
    design : float64[rows, terms], standardised features; None: scores alone are used.
    cost : for ``business_value``.
    chunk : predictions of the windows that will be estimated: held-out chunks are as large.
    pieces : rows of each held-out chunk, where rows are cells; None: chunks of neighbouring rows.
    """
    numbers = np.unique(block)
    seen: dict[str, list[ChanceModel]] = {}
    held: dict[str, _Floats] = {}
    for kind in KINDS:
        held[kind], seen[kind] = _held_out(kind, rows, block, None)
    losses = {kind: _block_losses(rows, block, chance) for kind, chance in held.items()}
    weight = np.array([rows.n[block == number].sum() for number in numbers])
    kind = min(KINDS, key=lambda name: float(weight @ losses[name]))
    refusal = _refusal(rows, block, losses[kind], weight)
    chunks = [piece for _, piece in chunks_of(block, chunk)] if pieces is None else list(pieces)
    chance, models, conditional = held[kind], seen[kind], False
    errors = _errors(rows, chance, chunks, names, cost)
    if design is not None and refusal is None:
        with_features, others = _held_out(kind, rows, block, design)
        trial = _errors(rows, with_features, chunks, names, cost)
        if _clearly_better(trial, errors):
            chance, models, conditional, errors = with_features, others, True, trial
    between = {name: random_effect(*errors[name]) for name in names}
    model = fit_chance(kind, rows, design if conditional else None)
    return ScoreEstimator(
        names, cost, kind, conditional, refusal, between, numbers.size, rows, design, model, tuple(models)
    )


def _held_out(
    kind: str, rows: Scored, block: _Ints, design: _Floats | None
) -> tuple[_Floats, list[ChanceModel]]:
    """Chance of each row by a model that its block had no part in, and these models."""
    chance = np.zeros_like(rows.score)
    models: list[ChanceModel] = []
    start = None
    for number in np.unique(block).tolist():
        out = block == number
        model = fit_chance(kind, rows.take(~out), None if design is None else design[~out], start=start)
        start = model.beta
        chance[out] = model(rows.score[out], None if design is None else design[out])
        models.append(model)
    return chance, models


def _block_losses(rows: Scored, block: _Ints, chance: _Floats) -> _Floats:
    """Mean log loss of each block."""
    loss = -(xlogy(rows.positive, chance) + xlogy(rows.n - rows.positive, 1 - chance))
    totals = np.bincount(block, weights=loss)[np.unique(block)]
    return totals / np.bincount(block, weights=rows.n)[np.unique(block)]


def _refusal(rows: Scored, block: _Ints, losses: _Floats, weight: _Floats) -> str | None:
    """Why the scores say nothing that an estimate could be made of."""
    positive = float(rows.positive.sum())
    rarer = min(positive, rows.total - positive)
    if rarer < _LEAST_OF_A_CLASS:
        return (
            f"the reference has {rarer:.0f} labels of its rarer class; {_LEAST_OF_A_CLASS} are needed to "
            "learn what scores mean"
        )
    without = np.zeros_like(rows.score)
    for number in np.unique(block).tolist():
        out = block == number
        without[out] = rows.positive[~out].sum() / max(float(rows.n[~out].sum()), 1.0)
    inner = np.clip(without, 0.5 / (rows.total + 1), 1 - 0.5 / (rows.total + 1))
    gains = _block_losses(rows, block, inner) - losses
    share = weight / weight.sum()
    gain = float(share @ gains)
    spread = float(np.sqrt(np.sum(share**2 * (gains - gain) ** 2) * gains.size / max(gains.size - 1, 1)))
    if gain <= _UNEQUAL_BLOCKS * spread:
        return (
            "the scores carry no information about the target: in the reference, they tell held-out labels "
            f"no better than the share of positives does (log loss lower by {gain:.2g} ± {spread:.2g})"
        )
    return None


def _errors(
    rows: Scored, chance: _Floats, chunks: Sequence[_Ints], names: tuple[str, ...], cost: Cost | None
) -> dict[str, tuple[_Floats, _Floats]]:
    """Errors of held-out chunks, realised less expected, and the variance that chance gives them."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for piece in chunks:
        part, expected_share = rows.take(piece), chance[piece]
        if not part.total:
            continue
        expected = expected_metrics(part, expected_share, names, cost=cost)
        real = expected_metrics(part, part.realised(), names, cost=cost)
        for name in names:
            ours, truth = expected[name].value, real[name].value
            if ours is None or truth is None:
                continue
            scale = part.total if name == "business_value" else 1.0
            variance = expected[name].sampling_variance(part.n, expected_share)
            found[name].append(((truth - ours) / scale, variance / scale**2))
    return {
        name: (np.array([error for error, _ in some]), np.array([variance for _, variance in some]))
        for name, some in found.items()
    }


def _clearly_better(
    trial: Mapping[str, tuple[_Floats, _Floats]], errors: Mapping[str, tuple[_Floats, _Floats]]
) -> bool:
    """Whether the held-out mean squared errors, on average over the metrics, fall clearly."""
    ratios = [
        float(np.mean(trial[name][0] ** 2) / np.mean(old**2))
        for name, (old, _) in errors.items()
        if old.size and trial[name][0].size == old.size and old.any()
    ]
    return bool(ratios) and float(np.mean(ratios)) < _CLEARLY


def _standard(reference: _Floats, values: _Floats) -> _Floats:
    spread = float(reference.std())
    return (values - reference.mean()) / (spread or 1.0)


def _undefined(name: str) -> str:
    return f"{name} is not defined for these predictions: it would be a division by zero"
