"""No drift: a model's scores and predictions, and the truth, all as they were."""

from __future__ import annotations

import numpy as np

from bench.drift.case import Case, same
from bench.drift.cases.models import CLASSIFIER, REGRESSOR, binary, classified, inputs, regressed, sigmoid

_THEME = "models"
_ROWS, _WINDOW = 5_000, 1_500


@same(_THEME)
def a_classifier(rng: np.random.Generator) -> Case:
    return Case(classified(rng, _ROWS), classified(rng, _WINDOW), roles=CLASSIFIER)


@same(_THEME)
def a_classifier_of_rare_events(rng: np.random.Generator) -> Case:
    return Case(classified(rng, 20_000, level=-5.0), classified(rng, 5_000, level=-5.0), roles=CLASSIFIER)


@same(_THEME)
def an_overconfident_classifier(rng: np.random.Generator) -> Case:
    """Its scores are too near to 0 and 1, in both frames alike."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = classified(rng, rows)
        return made | {"score": sigmoid(2.5 * np.log(made["score"] / (1 - made["score"])))}

    return Case(frame(_ROWS), frame(_WINDOW), roles=CLASSIFIER)


@same(_THEME)
def labels_that_are_late(rng: np.random.Generator) -> Case:
    """The reference has all of its labels, the window's younger half has few. That is how labels come."""
    after = classified(rng, _WINDOW)
    young = np.arange(_WINDOW) >= _WINDOW // 2
    truth = np.where(young & (rng.random(_WINDOW) < 0.8), np.nan, after["target"])
    before = classified(rng, _ROWS)
    return Case(
        before | {"target": before["target"].astype(float)}, after | {"target": truth}, roles=CLASSIFIER
    )


@same(_THEME)
def three_classes(rng: np.random.Generator) -> Case:
    """Predicted and true classes by name, and no score."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = inputs(rng, rows)
        votes = np.stack([made["x0"], made["x1"], made["x2"]]) + 0.0
        noisy = votes + rng.gumbel(size=votes.shape)
        names = np.array(["cat", "dog", "owl"], dtype=object)
        return made | {"prediction": names[votes.argmax(0)], "target": names[noisy.argmax(0)]}

    return Case(frame(_ROWS), frame(_WINDOW), roles={"prediction": "prediction", "target": "target"})


@same(_THEME)
def a_regressor(rng: np.random.Generator) -> Case:
    return Case(regressed(rng, _ROWS), regressed(rng, _WINDOW), roles=REGRESSOR)


@same(_THEME)
def a_regressor_with_outliers(rng: np.random.Generator) -> Case:
    """Errors of Student's t with two degrees of freedom: a single row can double the squared error."""

    def frame(rows: int) -> dict[str, np.ndarray]:
        made = regressed(rng, rows)
        return made | {"target": made["prediction"] + rng.standard_t(2, rows)}

    return Case(frame(_ROWS), frame(_WINDOW), roles=REGRESSOR)


@same(_THEME)
def predictions_and_truth_alone(rng: np.random.Generator) -> Case:
    def frame(rows: int) -> dict[str, np.ndarray]:
        truth = rng.random(rows) < 0.4
        right = rng.random(rows) < 0.85
        return {"prediction": np.where(right, truth, ~truth).astype(int), "target": truth.astype(int)}

    return Case(frame(_ROWS), frame(_WINDOW), roles={"prediction": "prediction", "target": "target"})


@same(_THEME)
def scores_alone(rng: np.random.Generator) -> Case:
    def frame(rows: int) -> dict[str, np.ndarray]:
        return {"score": binary(rng, rng.standard_normal(rows))["score"]}

    return Case(frame(_ROWS), frame(_WINDOW), roles={"score": "score"})
