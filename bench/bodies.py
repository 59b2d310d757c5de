"""Bodies of requests, made beforehand; ``@@@@@@@@`` in them becomes the number of the request."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

MARK = b"@@@@@@@@"


def columns(rows: int, features: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Features (every fifth is text, the others floats), and what else a prediction has."""
    rng = np.random.default_rng(seed)
    result: dict[str, np.ndarray] = {
        "prediction_id": np.array([f"{MARK.decode()}-{row:06d}" for row in range(rows)]),
        "prediction": rng.integers(0, 2, rows).astype(float),
        "score": rng.random(rows).round(6),
        "latency_ms": rng.lognormal(2, 0.5, rows).round(3),
    }
    for number in range(features):
        if number % 5 == 4:
            result[f"feature.f{number}"] = rng.choice(["alpha", "beta", "gamma", "delta"], rows)
        else:
            result[f"feature.f{number}"] = rng.normal(size=rows).round(6)
    return result


def as_json(rows: int, features: int) -> bytes:
    data = {name: values.tolist() for name, values in columns(rows, features).items()}
    items = []
    for row in range(rows):
        item: dict[str, object] = {"features": {}}
        for name, values in data.items():
            target = item["features"] if name.startswith("feature.") else item
            target[name.removeprefix("feature.")] = values[row]  # type: ignore[index]
        items.append(item)
    return json.dumps({"model_id": "bench", "model_version": "1", "predictions": items}).encode()


def as_arrow(rows: int, features: int, *, span: tuple[int, int] | None = None, seed: int = 0) -> bytes:
    """`span`: event times (µs) from and to; without it the server's clock counts."""
    data = {name: pa.array(values) for name, values in columns(rows, features, seed=seed).items()}
    if span is not None:
        times = np.linspace(*span, rows, endpoint=False).astype(np.int64)
        data["timestamp"] = pa.array(times, pa.timestamp("us", tz="UTC"))
    table = pa.table(data).replace_schema_metadata({"model_id": "bench", "model_version": "1"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
