"""Made-up traffic for the pages: a year of flights on which a model goes wrong, and some smaller models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import ModelSettings, Task
from assay.domain.time import DAY, HOUR, to_micros
from assay.monitoring.intake.batch import Intake
from assay.monitoring.service import Service

START = to_micros(datetime(2013, 3, 1, tzinfo=UTC))
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"' onmouseover='document.title=1'",
    "../../etc/passwd",
    "__proto__",
    "\u202egnp.exe\u202c",
    "<b>bold</b> <a href='javascript:document.title=1'>x</a> &lt;i&gt; $x^2$ %{x}",
    "emoji 🛫 ‍ and \u0007 bell\nline",
    "n" * 10_000,
)
CARRIERS = np.array(["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX"])
ORIGINS = np.array(["EWR", "JFK", "LGA"])


@dataclass(frozen=True)
class Flights:
    """Rows of flights: columns by name, and what came true."""

    columns: dict[str, np.ndarray]
    times: np.ndarray
    actual: np.ndarray
    score: np.ndarray

    @property
    def n(self) -> int:
        return len(self.times)


def flights(rng: np.random.Generator, *, days: int, per_day: int, first_day: int = 0) -> Flights:
    """Flights from `first_day` on; from day 90 to 170 the world changes and the model does not know."""
    n = days * per_day
    day = np.sort(rng.integers(first_day, first_day + days, n))
    hour = np.clip(rng.normal(13.5, 4.2, n), 5, 22.9)
    times = START + day * DAY + (hour * HOUR).astype(np.int64)
    season = np.sin((day + 10) / 365 * 2 * np.pi - 0.3)
    storm = np.exp(-(((day - 125) / 28.0) ** 2))
    weekly = np.sin(day / 7 * 2 * np.pi)
    temperature = 45 + 32 * season + rng.normal(0, 6, n)
    wind = np.abs(rng.normal(9 + 1.2 * weekly, 4, n))
    visibility = np.clip(10 - rng.exponential(0.6 + 1.1 * storm, n), 0, 10)
    pressure = rng.normal(1017, 7, n) - 4 * storm
    distance = rng.choice([187, 500, 760, 1020, 1400, 2475], n, p=[0.1, 0.2, 0.25, 0.2, 0.15, 0.1]) * 1.0
    shift = np.clip((day - 60) / 250, 0, 1)[:, None]
    weights = (1 - shift) * np.array([18, 16, 16, 14, 10, 8, 6, 6, 4, 2]) / 100
    weights = weights + shift * np.array([12, 20, 22, 12, 7, 6, 4, 4, 8, 5]) / 100
    carrier = CARRIERS[(rng.random(n)[:, None] > np.cumsum(weights, 1)).sum(1).clip(0, 9)]
    origin = ORIGINS[rng.choice(3, n, p=[0.36, 0.33, 0.31])]
    known = (
        -2.6
        + 0.16 * (hour - 13)
        + 0.05 * (wind - 9)
        + 0.25 * (10 - visibility)
        + 0.4 * np.isin(carrier, ["EV", "MQ"])
    )
    score = 1 / (1 + np.exp(-(1.6 * known + 1.3)))
    real = known * (1 - 0.55 * storm) * 1.6 + 1.3 + 0.35 * storm
    actual = (rng.random(n) < 1 / (1 + np.exp(-real))).astype(float)
    missing = rng.random(n) < (0.01 + 0.25 * (day > 230))
    return Flights(
        columns={
            "n:dep_hour": np.floor(hour),
            "n:temperature": temperature,
            "n:wind_speed": np.where(missing, np.nan, wind),
            "n:visibility": visibility,
            "n:pressure": pressure,
            "n:distance": distance,
            "s:carrier": carrier,
            "s:origin": origin,
            "n:weekday": (day % 7).astype(float),
            "b:holiday": (day % 47 < 2),
        },
        times=times,
        actual=actual,
        score=score,
    )


def feature_table(rows: Flights) -> dict[str, pa.Array]:
    """Columns of the features; NaN stands for a missing value."""
    return {
        name: pa.array(values, from_pandas=True) if name.startswith("n:") else pa.array(values.tolist())
        for name, values in rows.columns.items()
    }


def prediction_table(rows: Flights, rng: np.random.Generator, *, prefix: str, version_from: int) -> pa.Table:
    day = (rows.times - START) // DAY
    latency = rng.lognormal(1.4, 0.35, rows.n) * (1 + 4.0 * ((day > 195) & (day < 203)))
    failed = rng.random(rows.n) < np.where((day > 195) & (day < 203), 0.06, 0.002)
    return pa.table(
        {
            "prediction_id": pa.array([f"{prefix}{place}" for place in range(rows.n)]),
            "model_version": pa.array(np.where(day >= version_from, "v2", "v1").tolist()),
            "timestamp": pa.array(rows.times).cast(TIMESTAMP),
            "received_at": pa.array(rows.times).cast(TIMESTAMP),
            "prediction": pa.array(np.where(failed, np.nan, rows.score > 0.5), from_pandas=True),
            "score": pa.array(np.where(failed, np.nan, rows.score), from_pandas=True),
            "latency_ms": pa.array(latency),
            "error_type": pa.array([("Timeout" if bad else None) for bad in failed], pa.string()),
            "t:origin": pa.array(rows.columns["s:origin"].tolist()),
            **feature_table(rows),
        }
    )


def label_table(rows: Flights, rng: np.random.Generator, *, prefix: str, upto: int) -> pa.Table:
    """Labels a day late, some later, some never: those observed before `upto`."""
    observed = rows.times + DAY + (rng.exponential(0.5, rows.n) * DAY).astype(np.int64)
    there = (observed < upto) & (rng.random(rows.n) > 0.02)
    places = np.flatnonzero(there)
    return pa.table(
        {
            "prediction_id": pa.array([f"{prefix}{place}" for place in places]),
            "actual": pa.array(rows.actual[there]),
            "observed_at": pa.array(observed[there]).cast(TIMESTAMP),
            "received_at": pa.array(observed[there]).cast(TIMESTAMP),
        }
    )


def send(service: Service, model_id: str, kind: Kind, table: pa.Table) -> None:
    service.submit(Intake(model_id=model_id, kind=kind, table=table)).result(timeout=60)


def fill_flights(
    service: Service, *, model_id: str = "flights", days: int = 306, per_day: int = 120, seed: int = 7
) -> None:
    """Replay the flights with their labels, against a reference from the two months before."""
    rng = np.random.default_rng(seed)
    service.put_model(model_id, task=Task.BINARY, settings=ModelSettings(slices=("origin",)))
    send_one_model(service, rng, model_id, days=days, per_day=per_day)
    past = flights(rng, days=59, per_day=per_day, first_day=-59)
    service.put_reference(model_id, pa.table(feature_table(past)), name="January and February 2013")
    service.catch_up(timeout=120)


def send_one_model(
    service: Service, rng: np.random.Generator, model_id: str, *, days: int, per_day: int
) -> None:
    rows = flights(rng, days=days, per_day=per_day)
    send(service, model_id, Kind.PREDICTIONS, prediction_table(rows, rng, prefix="f", version_from=140))
    labels = label_table(rows, rng, prefix="f", upto=START + days * DAY)
    send(service, model_id, Kind.LABELS, labels)
    service.catch_up(timeout=120)


def fill_multiclass(service: Service, *, model_id: str = "support-tickets", seed: int = 8) -> None:
    """A model of four classes; its first predictions are its provisional reference."""
    rng = np.random.default_rng(seed)
    rows = flights(rng, days=40, per_day=60)
    classes = np.array(["billing", "bug", "question", "spam"])
    truth = classes[rng.integers(0, 4, rows.n)]
    guess = np.where(rng.random(rows.n) < 0.8, truth, classes[rng.integers(0, 4, rows.n)])
    service.put_model(model_id, task=Task.MULTICLASS)
    table = prediction_table(rows, rng, prefix="t", version_from=999)
    table = table.drop_columns(["prediction", "score"]).append_column(
        "prediction_class", pa.array(guess.tolist())
    )
    send(service, model_id, Kind.PREDICTIONS, table)
    labels = label_table(rows, rng, prefix="t", upto=START + 40 * DAY)
    places = [int(name[1:]) for name in labels.column("prediction_id").to_pylist()]
    labels = labels.drop_columns(["actual"]).append_column("actual_class", pa.array(truth[places].tolist()))
    send(service, model_id, Kind.LABELS, labels)
    service.catch_up(timeout=120)


TOPICS = ["question", "<b>bug</b>", "billing & more"]
LABELLED = 500


def classes_and_chances(*, rows: int = 700, seed: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """True classes and the probabilities of each, calibrated; no class is as frequent as another."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([1.6, 1.0, 0.5], rows)
    drawn = [rng.choice(len(TOPICS), p=row) for row in chances]
    return np.array(TOPICS)[drawn], chances


def fill_probabilities(service: Service, *, model_id: str = "topics") -> None:
    """A model of three classes with their probabilities; the first `LABELLED` rows have their truth."""
    truth, chances = classes_and_chances()
    ids = [f"c{place}" for place in range(len(truth))]
    times = pa.array(START + np.arange(len(ids)) * (HOUR // 4)).cast(TIMESTAMP)
    columns = {
        "prediction_id": ids,
        "timestamp": times,
        "received_at": times,
        "model_version": ["v1"] * len(ids),
        "prediction_class": np.array(TOPICS)[chances.argmax(axis=1)].tolist(),
    }
    columns |= {f"p:{name}": chances[:, place] for place, name in enumerate(TOPICS)}
    send(service, model_id, Kind.PREDICTIONS, pa.table(columns))
    labels = {"prediction_id": ids[:LABELLED], "actual_class": truth[:LABELLED].tolist()}
    labels |= {"observed_at": times[:LABELLED], "received_at": times[:LABELLED]}
    send(service, model_id, Kind.LABELS, pa.table(labels))


def fill_regression(service: Service, *, model_id: str = "taxi eta/minutes", seed: int = 9) -> None:
    """A regression whose name needs care in addresses."""
    rng = np.random.default_rng(seed)
    rows = flights(rng, days=20, per_day=80)
    service.put_model(model_id, task=Task.REGRESSION)
    truth = rows.columns["n:distance"] / 40 + rng.normal(0, 3, rows.n)
    table = prediction_table(rows, rng, prefix="e", version_from=999).drop_columns(["prediction", "score"])
    table = table.append_column("prediction", pa.array(rows.columns["n:distance"] / 41))
    send(service, model_id, Kind.PREDICTIONS, table)
    labels = label_table(rows, rng, prefix="e", upto=START + 20 * DAY)
    places = [int(name[1:]) for name in labels.column("prediction_id").to_pylist()]
    labels = labels.set_column(labels.column_names.index("actual"), "actual", pa.array(truth[places]))
    send(service, model_id, Kind.LABELS, labels)
    service.catch_up(timeout=120)


def fill_hostile(service: Service, *, seed: int = 10) -> str:
    """A model whose every name is an attack; returns its name."""
    rng = np.random.default_rng(seed)
    model_id = HOSTILE[0]
    rows = flights(rng, days=6, per_day=60)
    table = prediction_table(rows, rng, prefix="h", version_from=3)
    names = {"n:dep_hour", "n:temperature", "n:wind_speed", "n:visibility", "n:pressure", "n:distance"}
    renamed = dict(zip(sorted(names), (f"n:{name}" for name in HOSTILE), strict=False))
    renamed |= {"s:carrier": f"s:{HOSTILE[6]}", "s:origin": f"s:{HOSTILE[7]}", "n:weekday": f"n:{HOSTILE[8]}"}
    table = table.rename_columns([renamed.get(name, name) for name in table.column_names])
    guess = [HOSTILE[place % 3 + 3] for place in range(rows.n)]
    table = table.drop_columns(["prediction", "score", "model_version", "t:origin"])
    table = table.append_column("prediction_class", pa.array(guess))
    table = table.append_column(
        "model_version", pa.array([HOSTILE[place % 2 + 1] for place in range(rows.n)])
    )
    table = table.append_column(f"t:{HOSTILE[1]}", pa.array([HOSTILE[place % 4] for place in range(rows.n)]))
    service.put_model(model_id, task=Task.MULTICLASS, settings=ModelSettings(slices=(HOSTILE[1],)))
    send(service, model_id, Kind.PREDICTIONS, table)
    labels = label_table(rows, rng, prefix="h", upto=START + 6 * DAY)
    truth = [guess[int(name[1:])] for name in labels.column("prediction_id").to_pylist()]
    labels = labels.drop_columns(["actual"]).append_column("actual_class", pa.array(truth))
    send(service, model_id, Kind.LABELS, labels)
    service.catch_up(timeout=120)
    return model_id
