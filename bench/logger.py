"""What a call of the logger costs the code that predicts: the server up, gone, or late and failing."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
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


@dataclass(frozen=True)
class _Taken:
    """Microseconds of each call: on the wall, of its own thread's processor time, and of the comparison."""

    wall: np.ndarray
    own: np.ndarray
    other: np.ndarray
    speed: float


def _python(microseconds: float) -> Callable[[], object]:
    """A loop of so long, without lock or queue: what happens to it happens to any code in Python."""

    def spin(turns: int) -> None:
        for _ in range(turns):
            pass

    best = min(timeit.repeat(lambda: spin(1_000), number=20, repeat=20)) / 20 / 1_000
    return partial(spin, max(1, round(microseconds / 1e6 / best)))


def _run(
    call: Callable[[], object], other: Callable[[], object], *, seconds: float, threads: int, rate: float
) -> _Taken:
    """Time `call` and, in turn with it, `other`; `rate` is of each a second, in all threads, 0: no pause."""
    taken: list[list[tuple[int, int]]] = [[] for _ in range(threads)]
    others: list[list[int]] = [[] for _ in range(threads)]
    start = threading.Barrier(threads + 1)

    def work(number: int) -> None:
        clock, own = time.perf_counter_ns, time.thread_time_ns
        mine, theirs = taken[number], others[number]
        start.wait()
        began = time.perf_counter()
        turn = number
        ours = bool(number % 2)
        while (now := time.perf_counter()) < began + seconds:
            if rate:
                due = began + turn / (2 * rate)
                turn += threads
                if due > now:
                    time.sleep(due - now)
            ours = not ours
            if ours:
                first, before = own(), clock()
                call()
                after, last = clock(), own()
                mine.append((after - before, last - first))
            else:
                before = clock()
                other()
                theirs.append(clock() - before)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - began
    found = np.concatenate([np.array(mine) for mine in taken]) / 1e3
    compared = np.concatenate([np.array(theirs) for theirs in others]) / 1e3
    return _Taken(found[:, 0], found[:, 1], compared, len(found) / elapsed)


def _usual(call: Callable[[], object]) -> float:
    """Microseconds that a call takes while nothing else runs."""
    return min(timeit.repeat(call, number=100, repeat=10)) / 100 * 1e6


def calls(*, quick: bool) -> Iterator[Figure]:
    """A call with twenty features, at a thousand calls a second and as many as there can be.

    Judged is what the logger takes: its thread's processor time, and the time on the wall beyond that of a
    Python loop of the same length, run in turn with it. Threads at full speed wait for the interpreter's
    lock, five milliseconds each, whatever they do.
    """
    logging.getLogger("assay.client.logger").setLevel(logging.ERROR)
    seconds = 2.0 if quick else 10.0
    servers = {"up": _up, "gone": _nobody, "2 s late, then 500": _slow, "none: a folder": _folder}
    for name, server in servers.items():
        for threads in (1, 8):
            for rate in (1_000.0, 0.0):
                with server() as where, assay.open(where) as monitor:
                    logger = monitor.logger(model="bench", version="1", exit_seconds=0.2)
                    call = _call(logger)
                    other = _python(_usual(call))
                    found = _run(call, other, seconds=seconds, threads=threads, rate=rate)
                    yield from _figures(f"server {name}; {threads} thread{'s' * (threads > 1)}", found, rate)
                    stats = logger.stats
                    yield plain(
                        "  calls/s; queued, dropped",
                        f"{found.speed:,.0f}; {stats.queued:,}, {stats.dropped_total:,}",
                    )


def _figures(what: str, found: _Taken, rate: float) -> Iterator[Figure]:
    """What one run has shown."""
    p50, p99, p999 = np.quantile(found.wall, [0.5, 0.99, 0.999])
    o50, o99, o999 = np.quantile(found.other, [0.5, 0.99, 0.999])
    yield at_most(
        f"{what}, {'1,000/s' if rate else 'full speed'}: own p99",
        float(np.quantile(found.own, 0.99)),
        50,
        "µs",
    )
    yield at_most("  p99 on the wall, beyond that of Python", float(p99 - o99), 50, "µs")
    yield plain("  on the wall: p50, p99, p99.9", f"{p50:.1f}, {p99:.1f}, {p999:,.1f} µs")
    yield plain("  a Python loop as long: p50, p99, p99.9", f"{o50:.1f}, {o99:.1f}, {o999:,.1f} µs")
