"""Drift of a model: its scores alone, the truth alone, the truth given the inputs, or a metric.

The type is what has changed first: scores that follow their inputs are drift of the data, and errors that
follow
a truth which has come loose from its inputs are drift of the concept.
"""

from __future__ import annotations

import numpy as np

from bench.drift.case import CONCEPT, DATA, MODEL, PERFORMANCE, Case, drifted
from bench.drift.cases.models import (
    CLASSIFIER,
    REGRESSOR,
    WEIGHTS,
    binary,
    classified,
    inputs,
    linear,
    regressed,
    sigmoid,
)

_MODEL, _CONCEPT, _METRIC, _INPUTS = (
    "scores and predictions",
    "truth given inputs",
    "a metric",
    "inputs of a model",
)
ROWS, WINDOW = 5_000, 2_000


def _scored(
    rng: np.random.Generator, rows: int, *, shift: float = 0.0, factor: float = 1.0
) -> dict[str, np.ndarray]:
    """Inputs as ever, and scores that are not as ever; no truth is there yet."""
    made = inputs(rng, rows)
    score = sigmoid(factor * linear(made) + shift)
    return made | {"score": score, "prediction": (score >= 0.5).astype(int)}


_SCORED = {"prediction": "prediction", "score": "score"}


@drifted(_MODEL, small=0.5, large=2.0)
def scores_that_move(rng: np.random.Generator, amount: float) -> Case:
    return Case(_scored(rng, ROWS), _scored(rng, WINDOW, shift=amount), MODEL, roles=_SCORED)


@drifted(_MODEL, small=1.5, large=4.0)
def scores_that_spread(rng: np.random.Generator, amount: float) -> Case:
    return Case(_scored(rng, ROWS), _scored(rng, WINDOW, factor=amount), MODEL, roles=_SCORED)


@drifted(_MODEL, small=1.8, large=8.0)
def predictions_that_move(rng: np.random.Generator, amount: float) -> Case:
    """A regression's predictions, of standard deviation 8, move; no truth yet."""

    def frame(rows: int, move: float) -> dict[str, np.ndarray]:
        made = inputs(rng, rows)
        return made | {"prediction": 50 + 5 * linear(made) + move}

    return Case(frame(ROWS, 0.0), frame(WINDOW, amount), MODEL, roles={"prediction": "prediction"})


@drifted(_MODEL, small=0.4, large=1.5)
def predicted_classes_that_move(rng: np.random.Generator, amount: float) -> Case:
    """A score's threshold has been turned: the classes' shares change, the inputs do not."""

    def frame(rows: int, move: float) -> dict[str, np.ndarray]:
        made = inputs(rng, rows)
        return made | {"prediction": np.where(linear(made) + move > 0, "yes", "no").astype(object)}

    return Case(frame(ROWS, 0.0), frame(WINDOW, amount), MODEL, roles={"prediction": "prediction"})


def _with_truth(
    rng: np.random.Generator, rows: int, weights: np.ndarray, level: float = 0.0
) -> dict[str, np.ndarray]:
    """Scores of the old model, truth of a world with these weights."""
    made = classified(rng, rows)
    chance = sigmoid(level + linear(made, weights))
    return made | {"target": (rng.random(rows) < chance).astype(int)}


@drifted(_CONCEPT, small=0.5, large=2.0)
def labels_alone(rng: np.random.Generator, amount: float) -> Case:
    """The log odds of a positive rise by `amount`, whatever the inputs."""
    return Case(classified(rng, ROWS), _with_truth(rng, WINDOW, WEIGHTS, amount), CONCEPT, roles=CLASSIFIER)


@drifted(_CONCEPT, small=0.6, large=2.4)
def truth_given_inputs(rng: np.random.Generator, amount: float) -> Case:
    """The weight of x0 falls by `amount`, that of x4 rises from 0 so that the share of positives stays."""
    weights = WEIGHTS.copy()
    left = weights[0] - amount
    weights[4] = np.sqrt(max(weights[0] ** 2 - left**2, 0.0))
    weights[0] = left
    return Case(classified(rng, ROWS), _with_truth(rng, WINDOW, weights), CONCEPT, roles=CLASSIFIER)


@drifted(_CONCEPT, small=0.4, large=1.0)
def truth_in_a_region(rng: np.random.Generator, amount: float) -> Case:
    """Where x0 > 0.5 (three rows in ten), this share of rows has the odds of its label turned round."""
    after = classified(rng, WINDOW)
    there = (after["x0"] > 0.5) & (rng.random(WINDOW) < amount)
    truth = np.where(there, (rng.random(WINDOW) >= after["score"]).astype(int), after["target"])
    return Case(classified(rng, ROWS), after | {"target": truth}, CONCEPT, roles=CLASSIFIER)


@drifted(_CONCEPT, small=0.4, large=3.0)
def truth_of_a_regressor(rng: np.random.Generator, amount: float) -> Case:
    """The truth depends on x5, which the model has learned to ignore; the mean error stays 0."""
    after = regressed(rng, WINDOW)
    return Case(
        regressed(rng, ROWS),
        after | {"target": after["target"] + amount * after["x5"]},
        CONCEPT,
        roles=REGRESSOR,
    )


@drifted(_CONCEPT, small=0.3, large=2.0)
def a_regressor_that_is_biased(rng: np.random.Generator, amount: float) -> Case:
    after = regressed(rng, WINDOW)
    return Case(regressed(rng, ROWS), after | {"target": after["target"] + amount}, CONCEPT, roles=REGRESSOR)


def _pairs(rng: np.random.Generator, rows: int, accuracy: float) -> dict[str, np.ndarray]:
    """Two classes, each as often as the other, in prediction and truth alike."""
    truth = rng.random(rows) < 0.5
    right = rng.random(rows) < accuracy
    return {"prediction": np.where(right, truth, ~truth).astype(int), "target": truth.astype(int)}


@drifted(_METRIC, small=0.78, large=0.6)
def accuracy_that_falls(rng: np.random.Generator, amount: float) -> Case:
    """Predictions and truth alone: shares of classes as ever, accuracy down from 0.85."""
    return Case(_pairs(rng, ROWS, 0.85), _pairs(rng, WINDOW, amount), PERFORMANCE, roles=REGRESSOR)


def _joint(rng: np.random.Generator, rows: int, correlation: float) -> dict[str, np.ndarray]:
    """Predictions and truth of one law each, whose correlation decides the error."""
    truth, other = rng.standard_normal((2, rows))
    return {
        "prediction": 100 + 10 * (correlation * truth + np.sqrt(1 - correlation**2) * other),
        "target": 100 + 10 * truth,
    }


@drifted(_METRIC, small=0.93, large=0.5)
def an_error_that_grows(rng: np.random.Generator, amount: float) -> Case:
    """Predictions and truth alone: each has its law as ever, their correlation falls from 0.95."""
    return Case(_joint(rng, ROWS, 0.95), _joint(rng, WINDOW, amount), PERFORMANCE, roles=REGRESSOR)


@drifted(_INPUTS, small=0.3, large=1.5)
def scores_that_follow_inputs(rng: np.random.Generator, amount: float) -> Case:
    """An input moves, and scores and truth move with it as they should."""
    made = inputs(rng, WINDOW)
    made["x0"] = made["x0"] + amount
    return Case(classified(rng, ROWS), classified(rng, WINDOW, frame=made), DATA, ("x0",), CLASSIFIER)


@drifted(_INPUTS, small=0.7, large=0.2)
def harder_inputs(rng: np.random.Generator, amount: float) -> Case:
    """Inputs crowd where the model is unsure: accuracy falls, and the concept stays."""
    made = {
        name: values * (amount if name in ("x0", "x1") else 1.0)
        for name, values in inputs(rng, WINDOW).items()
    }
    return Case(classified(rng, ROWS), classified(rng, WINDOW, frame=made), DATA, ("x0", "x1"), CLASSIFIER)


@drifted(_INPUTS, small=0.3, large=1.5)
def a_regressor_whose_inputs_move(rng: np.random.Generator, amount: float) -> Case:
    made = inputs(rng, WINDOW)
    made["x1"] = made["x1"] + amount
    return Case(regressed(rng, ROWS), regressed(rng, WINDOW, frame=made), DATA, ("x1",), REGRESSOR)


@drifted(_MODEL, small=0.5, large=2.0)
def scores_without_inputs(rng: np.random.Generator, amount: float) -> Case:
    """Only scores were logged."""

    def frame(rows: int, move: float) -> dict[str, np.ndarray]:
        return {"score": binary(rng, rng.standard_normal(rows) + move)["score"]}

    return Case(frame(ROWS, 0.0), frame(WINDOW, amount), MODEL, roles={"score": "score"})
