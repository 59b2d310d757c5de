"""Metrics of a classifier without labels: what a labelled reference teaches, put to a window's scores.

A reference is cut into blocks. Whatever is chosen (the calibration, whether features add to it) is chosen by
how well each block is told from the others, and the error of the estimate is measured in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from assay.stats.estimation.blocks import chunks_of, half_width, jackknife_variance, random_effect
from assay.stats.estimation.calibration import KINDS
from assay.stats.estimation.chance import ChanceModel, fit_chance
from assay.stats.estimation.expected import Cost, bounds_of, expected_metrics
from assay.stats.estimation.held_out import Errors, clearly_better, no_information
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.scored import Scored
from assay.stats.estimation.shift import density_weights, reweighted

__all__ = ["ScoreEstimator", "fit_scores"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

_LEAST_OF_A_CLASS = 20
_UNSHIFTED = 0.995  # share of the reference that stays effective where there is nothing to weight for


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
    rows, chance : the reference, and its chances by `model`.
    look : float64[rows, terms], by which a window is told from the reference: its features and its score.
    refusals : why single metrics cannot be estimated.
    """

    names: tuple[str, ...]
    cost: Cost | None
    kind: str
    conditional: bool
    refusal: str | None
    between: Mapping[str, float]
    blocks: int
    rows: Scored
    look: _Floats | None
    chance: _Floats
    model: ChanceModel
    left_out: tuple[ChanceModel, ...]
    refusals: Mapping[str, str] = field(default_factory=dict)

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
        if design is not None and self.look is not None:
            weights = density_weights(
                self.look,
                np.column_stack([design, _standard(self.rows.score, window.score)]),
                self.rows.score,
                window.score,
            )
            effective = weights.effective
            if weights.refusal is not None:
                warning = weights.refusal
            elif effective < _UNSHIFTED * self.rows.total or not self.conditional:
                before = chance
                chance, line, covariance = reweighted(
                    self.chance, self.rows.positive, self.rows.n, weights, chance
                )
                moved = line, covariance
                others = [np.clip(one + chance - before, 0.0, 1.0) for one in others]
                method += ", weighted"
        found = {}
        for name, one in expected_metrics(window, chance, self.names, cost=self.cost).items():
            if name in self.refusals:
                found[name] = MetricEstimate.refused(name, int(window.total), self.refusals[name])
                continue
            if one.value is None:
                found[name] = MetricEstimate.undefined(name, int(window.total))
                continue
            variance = one.sampling_variance(window.n, chance)
            changes = np.array([float((window.n * one.slope) @ (other - chance)) for other in others])
            variance += jackknife_variance(changes)
            if moved is not None:
                push = (window.n * one.slope * chance * (1 - chance)) @ moved[0]
                variance += float(push @ moved[1] @ push)
            scale = window.total**2 if name == "business_value" else 1.0
            half = half_width(variance, self.between[name] * scale, self.blocks)
            low, high = bounds_of(name)
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
    models, conditional = seen[kind], False
    errors = _errors(rows, held[kind], _all(models, rows, None), chunks, names, cost)
    if design is not None and refusal is None:
        with_features, others = _held_out(kind, rows, block, design)
        trial = _errors(rows, with_features, _all(others, rows, design), chunks, names, cost)
        if clearly_better(trial, errors):
            models, conditional, errors = others, True, trial
    between = {name: random_effect(*errors[name]) for name in names}
    given = design if conditional else None
    model = fit_chance(kind, rows, given)
    return ScoreEstimator(
        names,
        cost,
        kind,
        conditional,
        refusal,
        between,
        numbers.size,
        rows,
        None if design is None else np.column_stack([design, _standard(rows.score, rows.score)]),
        model(rows.score, given),
        model,
        tuple(models),
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


def _all(models: Sequence[ChanceModel], rows: Scored, design: _Floats | None) -> list[_Floats]:
    return [model(rows.score, design) for model in models]


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
    return no_information(_block_losses(rows, block, inner) - losses, weight, "scores")


def _errors(
    rows: Scored,
    chance: _Floats,
    others: Sequence[_Floats],
    chunks: Sequence[_Ints],
    names: tuple[str, ...],
    cost: Cost | None,
) -> Errors:
    """Errors of held-out chunks, and the variance that the labels' chance and the models' error give them."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for piece in chunks:
        part, expected_share = rows.take(piece), chance[piece]
        if not part.total:
            continue
        expected = expected_metrics(part, expected_share, names, cost=cost)
        real = expected_metrics(part, part.realised(), names, cost=cost)
        for name in names:
            one, truth = expected[name], real[name].value
            if one.value is None or truth is None:
                continue
            scale = part.total if name == "business_value" else 1.0
            moved = np.array([float((part.n * one.slope) @ other[piece]) for other in others])
            explained = one.sampling_variance(part.n, expected_share) + jackknife_variance(moved)
            found[name].append(((truth - one.value) / scale, explained / scale**2))
    return {
        name: (np.array([error for error, _ in some]), np.array([variance for _, variance in some]))
        for name, some in found.items()
    }


def _standard(reference: _Floats, values: _Floats) -> _Floats:
    spread = float(reference.std())
    return (values - reference.mean()) / (spread or 1.0)
