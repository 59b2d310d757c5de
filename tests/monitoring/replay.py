"""A small world to replay: predictions and labels in any order, and what a batch over them would say."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.time import DAY, HOUR, MINUTE
from assay.monitoring.intake.batch import Intake
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service

START = 1_700_006_400_000_000  # a midnight, in UTC


@dataclass
class Clock:
    now: int = START + 40 * DAY

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True)
class Prediction:
    id: str
    time: int
    version: str
    predicted: str
    score: float
    amount: float | None
    city: str
    region: str


@dataclass(frozen=True)
class Label:
    id: str
    actual: str
    observed: int


@dataclass
class World:
    """Everything sent so far, in the order of sending."""

    predictions: list[Prediction] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def truth(self) -> dict[str, str]:
        best: dict[str, tuple[int, str]] = {}
        for label in self.labels:
            candidate = (label.observed, label.actual)
            if label.id not in best or candidate > best[label.id]:
                best[label.id] = candidate
        return {name: actual for name, (_, actual) in best.items()}


def open_service(folder: Path, clock: Clock, **settings: object) -> Service:
    return build_service(Settings(data_dir=folder, min_free_bytes=0, **settings), worker=None, clock=clock)  # type: ignore[arg-type]


def flush(service: Service) -> None:
    """Move everything from the journal to the lake, as time would."""
    service._profiler._eraser._lake_writer.run(force=True)


def make_predictions(rng: random.Random, n: int, *, days: int = 3, prefix: str = "p") -> list[Prediction]:
    rows = []
    for i in range(n):
        score = rng.random()
        rows.append(
            Prediction(
                id=f"{prefix}{i}",
                time=START + rng.randrange(days * DAY // MINUTE) * MINUTE + rng.randrange(MINUTE),
                version=rng.choice(["v1", "v2"]),
                predicted="1" if score > 0.5 else "0",
                score=score,
                amount=None if rng.random() < 0.1 else rng.gauss(10, 3),
                city=rng.choice(["Rome", "Oslo", "Lima"]),
                region=rng.choice(["north", "south"]),
            )
        )
    return rows


def prediction_intake(rows: list[Prediction], now: int, model: str = "m") -> Intake:
    table = pa.table(
        {
            "prediction_id": pa.array([row.id for row in rows], pa.string()),
            "model_version": pa.array([row.version for row in rows], pa.string()),
            "timestamp": pa.array([row.time for row in rows], pa.int64()).cast(TIMESTAMP),
            "received_at": pa.array([now] * len(rows), pa.int64()).cast(TIMESTAMP),
            "prediction": pa.array([float(row.predicted) for row in rows], pa.float64()),
            "score": pa.array([row.score for row in rows], pa.float64()),
            "latency_ms": pa.array([5.0 + row.score for row in rows], pa.float64()),
            "n:amount": pa.array([row.amount for row in rows], pa.float64()),
            "s:city": pa.array([row.city for row in rows], pa.string()),
            "t:region": pa.array([row.region for row in rows], pa.string()),
        }
    )
    return Intake(model_id=model, kind=Kind.PREDICTIONS, table=table)


def label_intake(rows: list[Label], now: int, model: str = "m") -> Intake:
    table = pa.table(
        {
            "prediction_id": pa.array([row.id for row in rows], pa.string()),
            "actual": pa.array([float(row.actual) for row in rows], pa.float64()),
            "observed_at": pa.array([row.observed for row in rows], pa.int64()).cast(TIMESTAMP),
            "received_at": pa.array([now] * len(rows), pa.int64()).cast(TIMESTAMP),
        }
    )
    return Intake(model_id=model, kind=Kind.LABELS, table=table)


def labels_for(rng: random.Random, rows: list[Prediction]) -> list[Label]:
    """Truth for most rows: some twice, some corrected, some for predictions that never come."""
    labels = []
    for row in rows:
        if rng.random() < 0.15:
            continue
        actual = "1" if rng.random() < row.score else "0"
        observed = row.time + rng.randrange(-DAY, 2 * DAY)  # clocks differ by up to a day
        labels.append(Label(row.id, actual, observed))
        if rng.random() < 0.1:
            labels.append(Label(row.id, actual, observed))  # doubled
        if rng.random() < 0.1:
            labels.append(Label(row.id, rng.choice("01"), observed + HOUR))  # corrected
        if rng.random() < 0.05:
            labels.append(Label(row.id, rng.choice("01"), observed))  # two at once
    labels.append(Label("never-logged", "1", START))
    rng.shuffle(labels)
    return labels


def cut(rng: random.Random, rows: list, most: int) -> list[list]:
    """Cut a list into pieces of random length."""
    pieces, begin = [], 0
    while begin < len(rows):
        end = begin + rng.randint(1, most)
        pieces.append(rows[begin:end])
        begin = end
    return pieces


def arrays(world: World, start: int, end: int, version: str | None = None, region: str | None = None):
    """Rows of a window with their truth, as arrays: (actual or None, predicted, score)."""
    truth = world.truth()
    chosen = [
        row
        for row in world.predictions
        if start <= row.time < end
        and (version is None or row.version == version)
        and (region is None or row.region == region)
    ]
    actual = np.array([truth.get(row.id) for row in chosen], dtype=object)
    predicted = np.array([row.predicted for row in chosen], dtype=object)
    score = np.array([row.score for row in chosen])
    return chosen, actual, predicted, score
