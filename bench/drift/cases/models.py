"""Models whose scores are what one declares them to be: a logistic one and a linear one over six inputs."""

from __future__ import annotations

import numpy as np

from bench.drift.draw import columns, normal

CLASSIFIER = {"prediction": "prediction", "target": "target", "score": "score"}
REGRESSOR = {"prediction": "prediction", "target": "target"}
WEIGHTS = np.array([1.2, -0.9, 0.6, 0.4, 0.0, 0.0])


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def inputs(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    return columns(rng, rows, normal, len(WEIGHTS))


def linear(frame: dict[str, np.ndarray], weights: np.ndarray = WEIGHTS) -> np.ndarray:
    return sum(weight * frame[f"x{number}"] for number, weight in enumerate(weights))  # type: ignore[return-value]


def binary(rng: np.random.Generator, logit: np.ndarray) -> dict[str, np.ndarray]:
    """Score, predicted class and truth of a calibrated classifier with these logits."""
    score = sigmoid(logit)
    truth = rng.random(len(logit)) < score
    return {"score": score, "prediction": (score >= 0.5).astype(int), "target": truth.astype(int)}


def classified(
    rng: np.random.Generator, rows: int, *, level: float = 0.0, frame: dict[str, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Inputs (or those given), and what a calibrated classifier and the world make of them."""
    made = inputs(rng, rows) if frame is None else frame
    return made | binary(rng, level + linear(made))


def regressed(
    rng: np.random.Generator, rows: int, *, frame: dict[str, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Inputs (or those given), a model's predictions, and a truth with errors that grow with x4."""
    made = inputs(rng, rows) if frame is None else frame
    prediction = 50 + 5 * linear(made)
    error = rng.standard_normal(rows) * (1 + 0.5 * (made["x4"] > 0))
    return made | {"prediction": prediction, "target": prediction + error}
