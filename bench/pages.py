"""How long pages take, and how large they are: a thousand models, 500 features, ten million predictions."""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from assay.dashboard.names import feature_key, model_slug
from bench import bodies
from bench.ingest import ARROW
from bench.machine import cpu_seconds
from bench.report import Figure, at_most, plain
from bench.server import Server, running

_DAY_US = 86_400_000_000
_DAYS = 30
_BATCH = 20_000
_VALUES = 2_000_000
_AIM = 200.0
_LINES = "/feature-lines"
_CHROMIUM = Path("/usr/bin/chromium")


def _post(client: httpx.Client, server: Server, kind: str, table: pa.Table, model: str) -> None:
    """Send one batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    answer = client.post(
        f"{server.url}/api/v1/{kind}",
        params={"model_id": model},
        content=sink.getvalue().to_pybytes(),
        headers={"Content-Type": ARROW},
    )
    assert answer.is_success, answer.text[:500]


def _table(rows: int, features: int, *, start: int, end: int, mark: int) -> pa.Table:
    """Return predictions spread evenly over the stretch from `start` to `end`."""
    data = bodies.columns(rows, features, seed=mark % 7)
    data["prediction_id"] = np.array([f"{mark:08x}-{row:06d}" for row in range(rows)])
    times = np.linspace(start, end, rows, endpoint=False).astype(np.int64)
    data["tag.region"] = np.where(np.arange(rows) % 4 == 0, "north", "south")
    columns = {name: pa.array(values) for name, values in data.items()}
    return pa.table(columns | {"timestamp": pa.array(times, pa.timestamp("us", tz="UTC"))})


def _fill_model(
    client: httpx.Client, server: Server, model: str, *, rows: int, features: int, labelled: int
) -> None:
    """Log `rows` predictions of thirty days, and the truth of the first `labelled` of every batch."""
    end = time.time_ns() // 1_000 // _DAY_US * _DAY_US
    start = end - _DAYS * _DAY_US
    size = min(_BATCH, rows, _VALUES // features)
    batches = rows // size
    rng = np.random.default_rng(0)
    for number in range(batches):
        span = [start + (end - start) * place // batches for place in (number, number + 1)]
        table = _table(size, features, start=span[0], end=span[1], mark=number)
        _post(client, server, "predictions", table, model)
        if labelled:
            truth = rng.random(labelled) < table["score"].to_numpy()[:labelled]
            labels = {
                "prediction_id": table["prediction_id"].slice(0, labelled),
                "actual": truth.astype(float),
            }
            _post(client, server, "labels", pa.table(labels), model)


def _fill(server: Server, *, models: int, wide: int, rows: int) -> None:
    """Fill a server: one model of many rows, one of many features, and many small ones."""
    with httpx.Client(timeout=300) as client:
        _fill_model(client, server, "large", rows=rows, features=10, labelled=1_000)
        _fill_model(client, server, "wide", rows=min(60_000, rows), features=wide, labelled=1_000)
        for number in range(models - 2):
            _fill_model(client, server, f"model-{number:04d}", rows=200, features=3, labelled=100)
    server.settle(seconds=3_000)


def _addresses(server: Server, wide: int) -> dict[str, str]:
    """Addresses of the pages that are measured."""
    newest = httpx.get(f"{server.url}/api/v1/models/large/predictions", params={"limit": 1}, timeout=60)
    one = newest.json()["predictions"][0]["prediction_id"]
    return {
        "overview": "/",
        "overview, sorted by volume": "/?sort=predictions",
        "model of 10 features, 30 days": "/models/large",
        "model of 10 features, 24 hours": "/models/large?period=24h",
        f"model of {wide} features, 30 days": "/models/wide",
        f"table of {wide} features, 30 days": "/models/wide/features",
        f"table of {wide} features, 24 hours": "/models/wide/features?period=24h",
        "  its lines, after it": "/models/wide/feature-lines",
        "feature, 30 days": f"/models/large/features/{feature_key('f0')}",
        f"feature of {wide}, 30 days": f"/models/wide/features/{feature_key('f0')}",
        "predictions": "/models/large/predictions",
        "predictions that were wrong": "/models/large/predictions?outcome=wrong",
        "predictions of low confidence": "/models/large/predictions?below=0.6",
        "predictions by part of their id": "/models/large/predictions?contains=000777",
        "predictions by tag": "/models/large/predictions?slice=region:north",
        "one prediction": f"/models/large/predictions/{model_slug(one)}",
        "API: predictions": "/api/v1/models/large/predictions",
        "API: predictions that were wrong": "/api/v1/models/large/predictions?outcome=wrong",
        "API: predictions of low confidence": "/api/v1/models/large/predictions?below_confidence=0.6",
    }


def _read(server: Server, path: str) -> tuple[float, int, float]:
    """Milliseconds and bytes of one read of a page, and the milliseconds of processor that it took."""
    with httpx.Client(timeout=120, headers={"Accept-Encoding": "identity"}) as client:
        client.get(f"{server.url}/ready")  # making a client takes this program 25 ms, the server none
        before = cpu_seconds(server.process, alone=True)
        began = time.perf_counter()
        answer = client.get(server.url + path)
        took = (time.perf_counter() - began) * 1e3
        used = (cpu_seconds(server.process, alone=True) - before) * 1e3
    assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:300]}"
    return took, len(answer.content), used


def _first_reads(cache: Path, pages: dict[str, str]) -> Iterator[Figure]:
    """Read each page as the first of a server, and again; what only a page asks for after that page."""
    for name, path in pages.items():
        with running(cache) as server:
            _settle(server)
            if path.endswith(_LINES):
                _read(server, path.removesuffix(_LINES) + "/features")
            first, size, used = _read(server, path)
            again = statistics.median(_read(server, path)[0] for _ in range(5))
        yield at_most(f"{name}: first read on a fresh server", first, _AIM, "ms")
        yield plain("  processor time of it", f"{used:,.0f} ms")
        yield at_most("  read again", again, _AIM, "ms")
        if not path.startswith("/api/"):
            yield at_most("  HTML", size / 1e3, 100, "kB")


def _settle(server: Server) -> None:
    """Wait until the background work has started, which is no page's business."""
    used = server.cpu
    for _ in range(40):
        time.sleep(0.25)
        before, used = used, server.cpu
        if used - before < 0.02:
            return


def _browse(server: Server, paths: dict[str, str]) -> Iterator[Figure]:
    """First contentful paint and the time until all in sight is drawn, in a browser without cache."""
    from playwright.sync_api import sync_playwright

    paints = "JSON.stringify(performance.getEntriesByName('first-contentful-paint').map(p => p.startTime))"
    drawn = """[...document.querySelectorAll('[data-figure]')].every(item => item.dataset.drawn
        || item.getBoundingClientRect().top > innerHeight) && document.readyState === 'complete'
        && performance.getEntriesByName('first-contentful-paint').length"""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=["--no-sandbox"])
        for name, path in paths.items():
            seen, ready = [], []
            for _ in range(3):
                with contextlib.closing(chromium.new_context()) as context:
                    page = context.new_page()
                    began = time.perf_counter()
                    page.goto(server.url + path, wait_until="domcontentloaded")
                    while not page.evaluate(drawn):
                        page.wait_for_timeout(10)
                    ready.append(time.perf_counter() - began)
                    seen.append(json.loads(page.evaluate(paints))[0] / 1e3)
            yield at_most(f"{name}: first contentful paint", statistics.median(seen), 1.0, "s")
            yield at_most("  everything in sight drawn", statistics.median(ready), 2.0, "s")
        chromium.close()


def pages(*, quick: bool) -> Iterator[Figure]:
    """Pages over a full server: first read after a start, further reads, size, and in a browser."""
    models, wide, rows = (30, 100, 200_000) if quick else (1_000, 500, 10_000_000)
    cache = Path(".cache/bench") / f"pages-{models}-{wide}-{rows}"
    if not (cache / "filled").exists():
        cache.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        with running(cache) as server:
            _fill(server, models=models, wide=wide, rows=rows)
        (cache / "filled").touch()
        took = time.perf_counter() - began
        yield plain(f"  {models} models, {wide} features, {rows:,} predictions stored", f"{took:,.0f} s")
    with running(cache) as server:
        addresses = _addresses(server, wide)
    yield plain(f"  {models} models, {wide} features, {rows:,} predictions", _load())
    yield from _first_reads(cache, addresses)
    yield plain("  after that", _load())
    with running(cache) as server:
        page = httpx.get(f"{server.url}/models/wide", timeout=60).text
        found = sorted(set(re.findall(r'data-src="([^"]+)"', page)))
        took_figures: dict[str, float] = {}
        most: dict[str, Any] = {"name": "", "kB": 0.0}
        for source in found:
            milliseconds, size, _ = _read(server, f"/models/wide/figures/{source.replace('&amp;', '&')}")
            took_figures[source.partition("?")[0]] = milliseconds
            if size / 1e3 > most["kB"]:
                most = {"name": source.partition("?")[0], "kB": size / 1e3}
        if took_figures:
            slowest = max(took_figures, key=lambda name: took_figures[name])
            yield plain(f"slowest figure of the wide model ({slowest})", f"{took_figures[slowest]:,.0f} ms")
            yield plain(f"largest figure ({most['name']})", f"{most['kB']:,.0f} kB")
        if _CHROMIUM.exists():
            yield from _browse(server, {name: path for name, path in addresses.items() if _is_page(path)})


def _is_page(path: str) -> bool:
    """Whether an address is one that a browser shows."""
    return not path.startswith("/api/") and not path.endswith(_LINES)


def _load() -> str:
    """What else the machine had to do."""
    return f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
