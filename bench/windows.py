"""Whether an analysis costs the same after many predictions, and whether the background work keeps up."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator

import httpx

from bench import bodies
from bench.ingest import ARROW, load
from bench.report import Figure, at_most, plain
from bench.server import Server, running

_DAY_US = 86_400_000_000
_DAYS = 30
_LOADED_AT_ONCE = 20_000


def _fill(server: Server, rows: int, *, first: int) -> float:
    """Send rows over thirty days of event time; return the seconds until all are in the profiles."""
    end = time.time_ns() // 1_000 // _DAY_US * _DAY_US
    start = end - _DAYS * _DAY_US
    batches = rows // _LOADED_AT_ONCE
    began = time.perf_counter()
    with httpx.Client(timeout=120) as client:
        for number in range(batches):
            span = tuple(start + (end - start) * place // batches for place in (number, number + 1))
            body = bodies.as_arrow(_LOADED_AT_ONCE, 20, span=(span[0], span[1]), seed=number % 7)
            body = body.replace(bodies.MARK, b"%08x" % (first + number))
            answer = client.post(
                f"{server.url}/api/v1/predictions", content=body, headers={"Content-Type": ARROW}
            )
            assert answer.json()["accepted"] == _LOADED_AT_ONCE, answer.text[:500]
    server.settle(seconds=1_200)
    return time.perf_counter() - began


def _analyze(server: Server, *, seconds: float) -> tuple[float, float]:
    """p50 and p99 (ms) of analyses, one after the other."""
    took = []
    body = json.dumps({"model_id": "bench", "analysis_period": "30d"})
    with httpx.Client(timeout=60) as client:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until or len(took) < 20:
            began = time.perf_counter()
            answer = client.post(
                f"{server.url}/api/v1/performance/analyze",
                content=body,
                headers={"Content-Type": "application/json"},
            )
            took.append((time.perf_counter() - began) * 1e3)
            assert answer.status_code == httpx.codes.OK, answer.text[:500]
    took.sort()
    return statistics.median(took), took[int(0.99 * (len(took) - 1))]


def analyses(*, quick: bool) -> Iterator[Figure]:
    """Analysis of thirty days with twenty features, early and late."""
    small, large = (100_000, 500_000) if quick else (1_000_000, 10_000_000)
    seconds = 2.0 if quick else 15.0
    with running() as server:
        began = _fill(server, small, first=0)
        yield plain(f"  {small:,} predictions x 20 stored and profiled", f"{small / began:,.0f}/s")
        p50, before = _analyze(server, seconds=seconds)
        yield plain(f"analyze 30 days after {small:,}: p50, p99", f"{p50:.1f}, {before:.1f} ms")
        began = _fill(server, large - small, first=1 << 20)
        yield plain(f"  {large - small:,} more", f"{(large - small) / began:,.0f}/s")
        p50, after = _analyze(server, seconds=seconds)
        yield plain(f"analyze 30 days after {large:,}: p50, p99", f"{p50:.1f}, {after:.1f} ms")
        yield at_most(f"  p99 after {large:,}", after, 50, "ms")
        yield at_most("  ratio to the smaller one", after / before, 1.3, "x")
        yield plain("  server's memory", f"{server.resident / 1e6:,.0f} MB")


def keep_up(*, quick: bool) -> Iterator[Figure]:
    """100,000 predictions a second for three minutes: lag and memory over time."""
    seconds = 10.0 if quick else 180.0
    rows = 5_000
    body = bodies.as_arrow(rows, 10)
    samples: list[tuple[float, float, int]] = []
    with running() as server:
        done = threading.Event()

        def watch() -> None:
            began = time.perf_counter()
            while not done.wait(2.0):
                figures = server.figures()
                samples.append((time.perf_counter() - began, figures["lag_seconds"], server.resident))

        watcher = threading.Thread(target=watch)
        watcher.start()
        result = load(server, body, ARROW, seconds=seconds, rate=100_000 / rows, connections=4)
        figures = server.figures()
        done.set()
        watcher.join()
        assert not result["failures"], result["failures"]
        yield plain(
            f"accepted over {seconds:.0f} s (Arrow, {rows:,} x 10)",
            f"{result['accepted'] / result['seconds']:,.0f}/s",
        )
        yield at_most("  lag of the profiles at the end", figures["lag_seconds"], 10, "s")
        memory = [resident for _, _, resident in samples]
        yield at_most("  memory, most", max(memory) / 1e6, 1_000, "MB")
        thirds = [memory[len(memory) * place // 4] / 1e6 for place in (1, 2, 3)]
        yield plain(
            "  memory after 1/4, 1/2, 3/4, at the end",
            ", ".join(f"{one:,.0f}" for one in [*thirds, memory[-1] / 1e6]) + " MB",
        )
        yield plain("  most lag on the way", f"{max(lag for _, lag, _ in samples):.1f} s")
        yield plain("  time until nothing was left to do", f"{server.settle():.1f} s")
