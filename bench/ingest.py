"""How many predictions a second are acknowledged, each after its fsync."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import bodies
from bench.machine import commit_rate
from bench.report import Figure, at_least, at_most, plain
from bench.server import Server, running

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"


def load(server: Server, body: bytes, kind: str, **plan: Any) -> dict[str, Any]:
    """Run the load generator once and return what it measured."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        plan = {
            "url": server.url,
            "path": "/api/v1/predictions",
            "type": kind,
            "body": file.name,
            "rate": 0,
            "connections": 4,
            **plan,
        }
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def _spent(before: dict[str, float], after: dict[str, float], result: dict[str, Any], cpu: float) -> str:
    """Shares of the time that the parts of the server took."""
    seconds = result["seconds"]
    parts = {
        "journal": after["journal_seconds"] - before["journal_seconds"],
        # The worker tells its figures now and then; a young one may not have told any yet.
        "profiles": after.get("worker_profile_seconds", 0.0) - before.get("worker_profile_seconds", 0.0),
        "lake": after.get("worker_lake_seconds", 0.0) - before.get("worker_lake_seconds", 0.0),
    }
    if "http_decode_seconds" in after:
        parts = {"decode": after["http_decode_seconds"] - before["http_decode_seconds"], **parts}
    shares = ", ".join(f"{name} {value / seconds:.0%}" for name, value in parts.items())
    cores = f"server {cpu / seconds:.2f} cores, load generator {result['cpu'] / seconds:.2f}"
    commits = (after["journal_commits"] - before["journal_commits"]) / seconds
    return f"{shares} of wall time; {cores}; {commits:,.0f} commits/s"


def _rate(
    name: str, body: bytes, kind: str, aim: float, *, seconds: float, runs: int, **plan: Any
) -> Iterator[Figure]:
    """Median rate over some runs, each on a server of its own that starts empty."""
    rates, results = [], []
    for _ in range(runs):
        with running() as server:
            load(server, body, kind, seconds=min(2.0, seconds), first=1 << 28, **plan)
            server.settle()
            before, cpu = server.figures(), server.cpu
            result = load(server, body, kind, seconds=seconds, **plan)
            after, cpu = server.figures(), server.cpu - cpu
            assert not result["failures"], result["failures"]
            rates.append(result["accepted"] / result["seconds"])
            results.append((result, _spent(before, after, result, cpu), after["lag_rows"]))
    rate = statistics.median(rates)
    result, spent, lag = results[rates.index(min(rates, key=lambda one: abs(one - rate)))]
    yield at_least(name, rate, aim)
    if runs > 1:
        yield plain("  of runs", ", ".join(f"{one:,.0f}" for one in rates))
    yield plain("  where the time goes", spent)
    yield plain("  rows not yet in the profiles at the end", f"{lag:,.0f}")
    yield plain("  request p50, p99", f"{result['p50_ms']:.1f}, {result['p99_ms']:.1f} ms")


def batches(*, quick: bool) -> Iterator[Figure]:
    """JSON and Arrow batches."""
    seconds, runs = (3.0, 1) if quick else (10.0, 3)
    folder = Path(".cache/bench")
    folder.mkdir(parents=True, exist_ok=True)
    yield plain("disk: appends of 4 KiB with fsync", f"{commit_rate(folder):,.0f}/s")
    body = bodies.as_json(1_000, 10)
    yield plain("JSON body of 1,000 x 10", f"{len(body) / 1e3:,.0f} kB")
    yield from _rate("JSON, batches of 1,000 x 10", body, JSON, 100_000, seconds=seconds, runs=runs)
    body = bodies.as_arrow(10_000, 10)
    yield plain("Arrow body of 10,000 x 10", f"{len(body) / 1e3:,.0f} kB")
    yield from _rate("Arrow, batches of 10,000 x 10", body, ARROW, 500_000, seconds=seconds, runs=runs)


def singles(*, quick: bool) -> Iterator[Figure]:
    """One prediction a request."""
    seconds, runs = (3.0, 1) if quick else (10.0, 3)
    body = bodies.as_json(1, 10)
    rates, latencies = [], []
    for _ in range(runs):
        with running() as server:
            load(server, body, JSON, seconds=2.0, connections=32, first=1 << 28)
            result = load(server, body, JSON, seconds=seconds, connections=32)
            assert not result["failures"], result["failures"]
            rates.append(result["requests"] / result["seconds"])
            result = load(
                server, body, JSON, seconds=seconds, connections=32, rate=rates[-1] / 2, first=1 << 29
            )
            latencies.append(result["p99_ms"])
    yield at_least("single predictions, 32 connections", statistics.median(rates), 2_000)
    yield at_most("  p99 at half that load", statistics.median(latencies), 25, "ms")
