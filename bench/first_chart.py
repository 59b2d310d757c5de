"""From `make demo` to the first chart that shows something, as a visitor with a browser sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.report import Figure, at_most

ROOT = Path(__file__).parents[1]
CHROMIUM = "/usr/bin/chromium"
MODEL = "flight-delays"
AIM = 60.0

# A line with points, bars, or a map's cells.
_DRAWN = (
    "[...document.querySelectorAll('[data-figure] .plot')].filter(plot => plot.querySelector("
    "'.scatterlayer .points path, .scatterlayer .js-line, .barlayer .point path, .heatmaplayer image'"
    ")).length"
)


def first_chart(*, quick: bool) -> Iterator[Figure]:
    """Time, from the start of `make demo` in an environment that is installed."""
    del quick  # it is short enough
    with _demo() as (address, began, process):
        client = httpx.Client(base_url=address, timeout=10)
        _wait(lambda: client.get("/ready").is_success, process)
        yield at_most("make demo: the server answers", time.perf_counter() - began, AIM, "s")
        _wait(lambda: _predictions(client) > 0, process)
        yield at_most("make demo: first prediction to be read", time.perf_counter() - began, AIM, "s")
        with _browser() as page:
            page.goto(f"{address}/models/{MODEL}", wait_until="domcontentloaded")
            _wait(lambda: _charts(page) > 0, process)
            yield at_most("make demo: first chart in the browser", time.perf_counter() - began, AIM, "s")


@contextmanager
def _demo() -> Iterator[tuple[str, float, subprocess.Popen[bytes]]]:
    """Run `make demo` on a free port; give its address, when it was started, and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.NamedTemporaryFile(prefix="first-chart-", suffix=".log") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            ["make", "demo", f"PORT={port}"],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield f"http://localhost:{port}", began, process
        except RuntimeError:
            print(Path(log.name).read_text(errors="replace")[-2_000:])
            raise
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


@contextmanager
def _browser() -> Iterator[Any]:
    """Give a page of headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def _predictions(client: httpx.Client) -> int:
    """Predictions of the model that the profiles hold; 0 while there is no such model."""
    answer = client.get(f"/api/v1/models/{MODEL}")
    return int(answer.json()["predictions"]) if answer.is_success else 0


def _charts(page: Any) -> int:
    """Charts with something in them; 0 while one page makes way for the next."""
    from playwright.sync_api import Error

    try:
        return int(page.evaluate(_DRAWN))
    except Error:
        return 0


def _wait(true: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float = 180.0) -> None:
    """Return once it is true; what does not answer yet is asked again."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError("the demonstration has ended")
        try:
            if true():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"not within {seconds:.0f} seconds")
