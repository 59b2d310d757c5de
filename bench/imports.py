"""How many events of a serving platform a second are acknowledged, each after its fsync."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from bench.bodies import MARK
from bench.ingest import JSON, load
from bench.report import Figure, at_least, at_most, plain
from bench.server import running

_PATH = "/api/v1/import/kserve"
_BATCH = "application/cloudevents-batch+json"
_EVENTS = 10_000
_DATA: dict[str, Any] = {
    "request": {"instances": [[6.8, 2.8, 4.8, 1.4, 0.5, 3.1, 2.2, 9.7, 1.5, 0.25]]},
    "response": {"predictions": [1]},
}


def _attributes(side: str, call: str) -> dict[str, str]:
    """Attributes of an event, as KServe's logger names them."""
    return {
        "specversion": "1.0",
        "id": call,
        "type": f"org.kubeflow.serving.inference.{side}",
        "source": "http://localhost:9081/",
        "inferenceservicename": "bench",
        "namespace": "prod",
        "component": "predictor",
        "endpoint": "default",
        "time": "2026-01-05T10:00:00.123456Z",
    }


def _turns(folder: Path) -> list[tuple[str, str]]:
    """Headers and the file of the body of the two events of a call."""
    turns = []
    for side, data in _DATA.items():
        file = folder / side
        file.write_text(json.dumps(data))
        headers = {f"Ce-{name.title()}": value for name, value in _attributes(side, MARK.decode()).items()}
        turns.append(("".join(f"{name}: {value}\r\n" for name, value in headers.items()), str(file)))
    return turns


def _batch(first: int) -> bytes:
    """A batch of events, calls in order, each response after its request."""
    return json.dumps(
        [
            {**_attributes(side, f"{first}-{call}"), "data": data}
            for call in range(_EVENTS // 2)
            for side, data in _DATA.items()
        ]
    ).encode()


def imports(*, quick: bool) -> Iterator[Figure]:
    """Single events over connections that are kept alive, and batches of ten thousand."""
    seconds, runs = (3.0, 1) if quick else (10.0, 3)
    rates, medians, tails, batches, spent = [], [], [], [], ""
    with tempfile.TemporaryDirectory() as folder:
        turns = _turns(Path(folder))
        for _ in range(runs):
            with running() as server:
                plan: dict[str, Any] = {"path": _PATH, "turns": turns, "connections": 32}
                load(server, b"", JSON, seconds=2.0, first=1 << 28, **plan)
                server.settle()
                cpu = server.cpu
                result = load(server, b"", JSON, seconds=seconds, **plan)
                spent = f"server {(server.cpu - cpu) / result['seconds']:.2f} cores, "
                spent += f"load generator {result['cpu'] / result['seconds']:.2f}"
                assert not result["failures"], result["failures"]
                missing = result["requests"] // 2 - result["accepted"]
                assert abs(missing) <= 1, missing  # of the last call, one event may be left over
                rates.append(result["requests"] / result["seconds"])
                medians.append(result["p50_ms"])
                tails.append(result["p99_ms"])
            with running() as server:
                took = [_seconds(server.url, _batch(number)) for number in range(2 if quick else 4)]
                batches.append(_EVENTS / statistics.median(took[1:]))
    yield at_least("single events, 32 connections", statistics.median(rates), 2_000)
    yield plain("  where the time goes", spent)
    yield plain("  request p50", f"{statistics.median(medians):.1f} ms")
    yield at_most("  request p99", statistics.median(tails), 100, "ms")
    yield at_least(f"events in requests of {_EVENTS:,}", statistics.median(batches), 10_000)


def _seconds(url: str, body: bytes) -> float:
    """Seconds until a batch is acknowledged."""
    started = time.perf_counter()
    answer = httpx.post(url + _PATH, content=body, headers={"Content-Type": _BATCH}, timeout=120)
    elapsed = time.perf_counter() - started
    assert answer.json()["accepted"] == _EVENTS // 2, answer.text[:500]
    return elapsed
