"""What a call of the logger costs the code that predicts: the server up, gone, or late and failing."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import assay
from bench.report import Figure, at_most, plain
from bench.server import running

_FEATURES = 20

# In a process of its own, so that it does not share the interpreter's lock with what is measured.
_SLOW = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(2)
        self.send_error(500)
    def log_message(self, *_): pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def _nobody() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def _slow() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", _SLOW], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@contextlib.contextmanager
def _up() -> Iterator[str]:
    with running() as server:
        yield server.url


@contextlib.contextmanager
def _folder() -> Iterator[str]:
    cache = Path(".cache/bench")
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as folder:
        yield folder


def _call(logger: assay.PredictionLogger) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    features = {f"feature_{n}": "alpha" if n % 5 == 4 else float(rng.normal()) for n in range(_FEATURES)}
    return lambda: logger.log(features, score=0.25, prediction=1, latency_ms=8.5, tags={"region": "eu"})


def _run(
    call: Callable[[], object], *, seconds: float, threads: int, rate: float
) -> tuple[np.ndarray, float]:
    """Microseconds of each call, and calls a second; `rate` is over all threads, 0 for no pause at all."""
    taken: list[list[int]] = [[] for _ in range(threads)]
    start = threading.Barrier(threads + 1)

    def work(mine: list[int], first: int) -> None:
        clock = time.perf_counter_ns
        start.wait()
        began = time.perf_counter()
        turn = first
        while (now := time.perf_counter()) < began + seconds:
            if rate:
                due = began + turn / rate
                turn += threads
                if due > now:
                    time.sleep(due - now)
            before = clock()
            call()
            mine.append(clock() - before)

    workers = [threading.Thread(target=work, args=(mine, number)) for number, mine in enumerate(taken)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - began
    found = np.concatenate([np.array(mine) for mine in taken]) / 1e3
    return found, len(found) / elapsed


def calls(*, quick: bool) -> Iterator[Figure]:
    """A call with twenty features, at a thousand calls a second and as many as there can be."""
    logging.getLogger("assay.client.logger").setLevel(logging.ERROR)
    seconds = 2.0 if quick else 10.0
    servers = {"up": _up, "gone": _nobody, "2 s late, then 500": _slow, "none: a folder": _folder}
    for name, server in servers.items():
        for threads in (1, 8):
            for rate in (1_000.0, 0.0):
                with server() as where, assay.open(where) as monitor:
                    logger = monitor.logger(model="bench", version="1", exit_seconds=0.2)
                    call = _call(logger)
                    for _ in range(1_000):
                        call()
                    taken, speed = _run(call, seconds=seconds, threads=threads, rate=rate)
                    p50, p99, p999 = np.quantile(taken, [0.5, 0.99, 0.999])
                    what = f"{threads} thread{'s' * (threads > 1)}, {'1,000/s' if rate else 'full speed'}"
                    yield at_most(f"server {name}; {what}: p99", float(p99), 50, "µs")
                    yield plain("  p50, p99.9, slowest", f"{p50:.1f}, {p999:.1f}, {taken.max():,.0f} µs")
                    stats = logger.stats
                    yield plain(
                        "  calls/s; queued, dropped",
                        f"{speed:,.0f}; {stats.queued:,}, {stats.dropped_total:,}",
                    )
