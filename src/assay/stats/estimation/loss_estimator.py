"""A regression's metrics without labels: its losses told from features and prediction.

Each block of the reference is told by models that it had no part in. These held-out losses choose the kind
of model and correct its scale, and their errors give the interval. A window is told by all these models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.blocks import chunks_of, half_width, random_effect
from assay.stats.estimation.losses import LossInputs, LossModel, fit_losses
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.shift import Weights

__all__ = ["LOSS_METRICS", "LossEstimator", "fit_regression", "loss_of", "realised_losses"]

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

LOSS_METRICS: Mapping[str, tuple[str, float]] = {
    "mae": ("absolute", 1.0),
    "mse": ("squared", 1.0),
    "rmse": ("squared", 0.5),
    "mape": ("relative", 1.0),
}
"""Metrics of regressions that can be estimated: the loss whose mean each is made of, and the power of it."""

_LEAST = 100
_STRETCHES = 10  # so many held-out chunks at most count as independent
_BETTER = 0.999  # a more complicated kind must at least tell a thousandth more


def loss_of(kind: str, truth: _Floats, prediction: _Floats) -> _Floats:
    """float64[rows]: loss of each row; relative ones are NaN where the truth is 0."""
    error = np.abs(prediction - truth)
    if kind == "squared":
        return error**2
    if kind == "absolute":
        return error
    return np.divide(error, np.abs(truth), out=np.full_like(error, np.nan), where=truth != 0)


def realised_losses(truth: _Floats, prediction: _Floats, names: Sequence[str]) -> dict[str, float | None]:
    """Return the metrics of labelled rows; None where there is nothing to divide by."""
    found: dict[str, float | None] = {}
    for name in names:
        kind, power = LOSS_METRICS[name]
        loss = loss_of(kind, truth, prediction)
        loss = loss[np.isfinite(loss)]
        found[name] = float(loss.mean() ** power) if loss.size else None
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Loss:
    """What the reference says about one kind of loss.

    Attributes
    ----------
    kind : of the models.
    models : one for each block, which it had no part in.
    scale : by what their losses are multiplied, so that held-out ones are right on average.
    points, variances : float64[k], variance of a row's loss about what is expected, by what is expected.
    between : variance of the logarithm of a chunk's mean loss beyond chance.
    blocks : independent stretches that it was learned from.
    refusal : why this loss cannot be told.
    """

    kind: str
    models: tuple[LossModel, ...]
    scale: float
    points: _Floats
    variances: _Floats
    between: float
    blocks: int
    refusal: str | None = None

    def expected(self, inputs: LossInputs) -> tuple[float, float]:
        """Mean loss to be expected, and its variance by chance."""
        rows = np.mean([model(inputs) for model in self.models], axis=0) * self.scale
        spread = np.interp(rows, self.points, self.variances)
        return float(rows.mean()), float(spread.sum()) / rows.size**2


@dataclass(frozen=True, slots=True, eq=False)
class LossEstimator:
    """What a labelled reference says about a regression's losses. Made by :func:`fit_regression`."""

    names: tuple[str, ...]
    losses: Mapping[str, _Loss]
    reference_n: int

    @property
    def refusal(self) -> str | None:
        """Why nothing can be estimated; None where something can."""
        found = [one.refusal for one in self.losses.values()]
        return found[0] if all(found) else None

    def estimate(self, inputs: LossInputs, weights: Weights | None = None) -> dict[str, MetricEstimate]:
        """Estimate the metrics of a window without looking at its truth.

        Parameters
        ----------
        inputs : features and predictions of its rows.
        weights : by which the reference looks like the window; they only say how much of it does.
        """
        effective = float(self.reference_n) if weights is None else weights.effective
        n = len(inputs.linear)
        expected: dict[str, tuple[float, float]] = {}
        found = {}
        for name in self.names:
            kind, power = LOSS_METRICS[name]
            loss = self.losses[kind]
            if loss.refusal is not None or not n:
                found[name] = MetricEstimate.refused(name, n, loss.refusal or "there are no predictions")
                continue
            if kind not in expected:
                expected[kind] = loss.expected(inputs)
            mean, chance = expected[kind]
            # A loss varies in proportion to its size, and is never below 0: so does the interval.
            half = half_width(chance / mean**2, loss.between, loss.blocks) if mean > 0 else 0.0
            method = {"trees": "boosted trees of the loss", "linear": "linear model of the loss"}.get(
                loss.kind, "mean loss of the reference: features and prediction tell no more"
            )
            found[name] = MetricEstimate(
                name,
                mean**power,
                float((mean * np.exp(-half)) ** power),
                float((mean * np.exp(half)) ** power),
                n,
                effective,
                method,
                None if weights is None else weights.refusal,
            )
        return found


def fit_regression(
    inputs: LossInputs,
    truth: _Floats,
    prediction: _Floats,
    block: _Ints,
    names: tuple[str, ...],
    *,
    kinds: Sequence[str],
    chunk: int = 1000,
) -> LossEstimator:
    """Learn from a labelled reference.

    Parameters
    ----------
    inputs : what losses are told from.
    truth, prediction : float64[rows].
    block : int64[rows], the block of each; best blocks of time.
    names : metrics wanted, of :data:`LOSS_METRICS`.
    kinds : models to choose among, of :data:`assay.stats.estimation.losses.KINDS`, the simplest first.
    chunk : predictions of the windows that will be estimated: held-out chunks are as large.
    """
    wanted = dict.fromkeys(LOSS_METRICS[name][0] for name in names)
    losses = {
        kind: _learn(kind, inputs, loss_of(kind, truth, prediction), block, kinds, chunk) for kind in wanted
    }
    return LossEstimator(names, losses, truth.size)


def _learn(
    what: str, inputs: LossInputs, loss: _Floats, block: _Ints, kinds: Sequence[str], chunk: int
) -> _Loss:
    known = np.isfinite(loss)
    none = np.zeros(1)
    if known.sum() < _LEAST:
        reason = (
            f"the reference has {int(known.sum())} rows with a truth"
            f"{' that is not 0' if what == 'relative' else ''}; {_LEAST} are needed to learn {what} errors"
        )
        return _Loss("constant", (), 1.0, none, none, 0.0, 0, reason)
    inputs, loss = inputs.take(known), loss[known]
    block = np.unique(block[known], return_inverse=True)[1].astype(np.int64)
    best: tuple[str, _Floats, list[LossModel]] | None = None
    least = np.inf
    for kind in kinds:
        held, models = _held_out(kind, inputs, loss, block)
        told = float(np.mean((loss - held) ** 2))
        if told < least * _BETTER:
            best, least = (kind, held, models), told
    if best is None:  # not reached: the first deviance is finite
        return _Loss("constant", (), 1.0, none, none, 0.0, 0, "there is nothing to learn from")
    kind, held, models = best
    scale = float(loss.mean() / held.mean()) if held.mean() > 0 else 1.0
    held = held * scale
    points, variances = _variance_by_size(loss, held)
    spread = np.interp(held, points, variances)
    errors, chance = [], []
    for _, piece in chunks_of(block, chunk):
        mean, real = float(held[piece].mean()), float(loss[piece].mean())
        if mean > 0 and real > 0:
            errors.append(np.log(real / mean))
            chance.append(float(spread[piece].sum()) / piece.size**2 / mean**2)
    return _Loss(
        kind,
        tuple(models),
        scale,
        points,
        variances,
        random_effect(np.array(errors), np.array(chance)),
        min(len(errors), _STRETCHES),
    )


def _held_out(kind: str, inputs: LossInputs, loss: _Floats, block: _Ints) -> tuple[_Floats, list[LossModel]]:
    """Loss of each row by a model that its block had no part in, and these models."""
    held = np.zeros_like(loss)
    models = []
    for number in range(int(block.max()) + 1):
        out = block == number
        model = fit_losses(kind, inputs.take(~out), loss[~out])
        held[out] = model(inputs.take(out))
        models.append(model)
    return held, models


def _variance_by_size(loss: _Floats, held: _Floats) -> tuple[_Floats, _Floats]:
    """Variance of losses about what was expected, which grows with it: corners of an isotonic curve."""
    from scipy.optimize import isotonic_regression  # a tenth of a second at the start of a server

    order = np.argsort(held, kind="stable")
    cells = np.array_split(order, max(1, min(200, loss.size // 50)))
    points = np.array([held[cell].mean() for cell in cells])
    squares = np.array([np.mean((loss[cell] - held[cell]) ** 2) for cell in cells])
    counts = np.array([cell.size for cell in cells], dtype=np.float64)
    rising = np.asarray(isotonic_regression(squares, weights=counts).x, dtype=np.float64)
    return points, rising
