"""Traffic of models with outputs and truth: binary, of several classes, and regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.monitoring.drift.stored_traffic import traffic

CLASSES = ("bus", "car", "tram")

Rows = dict[str, Any]


def binary(
    hours: range, *, seed: int = 3, lift: float = 0.0, flip: float = 0.0, **more: Any
) -> tuple[Rows, Rows]:
    """Scored rows and their labels: scores that `lift` raises, truth that `flip` takes off its score."""
    rows = traffic(hours, seed=seed, season=0.0, **more)
    rng = np.random.default_rng((seed, hours.start, 1))
    score = np.clip(rng.beta(2, 3, len(rows["amount"])) + lift, 0, 1)
    truth = rng.random(score.size) < np.clip(score + flip, 0, 1)
    rows |= {"score": score, "prediction": (score > 0.5).astype(int)}
    return rows, {"prediction_id": rows["prediction_id"], "actual": truth.astype(int)}


def several(
    hours: range, *, seed: int = 3, lift: float = 0.0, flip: float = 0.0, **more: Any
) -> tuple[Rows, Rows]:
    """Rows with the probabilities of three classes, and their labels.

    `lift` makes the first class more probable, and as true; of a share `flip` of the rows the truth is
    drawn without regard to the probabilities.
    """
    rows = traffic(hours, seed=seed, season=0.0, **more)
    rng = np.random.default_rng((seed, hours.start, 2))
    size = len(rows["amount"])
    chances = rng.dirichlet((1.0, 1.0, 1.0), size) * (1 - lift) + lift * np.array([1.0, 0.0, 0.0])
    truth = (rng.random((size, 1)) > np.cumsum(chances, axis=1)[:, :2]).sum(axis=1)
    loose = rng.random(size) < flip
    truth[loose] = rng.integers(0, 3, loose.sum())
    names = np.array(CLASSES)
    rows |= {f"probability.{name}": chances[:, place] for place, name in enumerate(CLASSES)}
    rows["prediction"] = names[chances.argmax(axis=1)]
    return rows, {"prediction_id": rows["prediction_id"], "actual": names[truth]}


def regression(
    hours: range, *, seed: int = 3, lift: float = 0.0, off: float = 0.0, noise: float = 1.0, **more: Any
) -> tuple[Rows, Rows]:
    """Numbers and their truth: `lift` raises both, `off` the truth alone, `noise` spreads the truth."""
    rows = traffic(hours, seed=seed, season=0.0, **more)
    rng = np.random.default_rng((seed, hours.start, 3))
    size = len(rows["amount"])
    prediction = rng.normal(10.0 + lift, 2.0, size)
    truth = prediction + off + noise * rng.normal(size=size)
    rows["prediction"] = prediction
    return rows, {"prediction_id": rows["prediction_id"], "actual": truth}
