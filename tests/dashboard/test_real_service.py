"""The pages over the real use cases and the real server."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import numpy as np
import pyarrow as pa
import pytest
import uvicorn

from assay.domain.columns import Kind
from assay.domain.model import ModelSettings, Task
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from tests.dashboard import traffic

FIGURES = ("volume", "latency", "metric.roc_auc", "reliability", "scores", "confusion", "drift")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The address of a server with two weeks of flights, before and after their labels."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("real"), min_free_bytes=0)
    service = build_service(settings)
    rng = np.random.default_rng(3)
    service.put_model("flights", task=Task.BINARY, settings=ModelSettings(slices=("origin",)))
    rows = traffic.flights(rng, days=12, per_day=40)
    table = traffic.prediction_table(rows, rng, prefix="f", version_from=6)
    traffic.send(service, "flights", Kind.PREDICTIONS, table)
    upto = traffic.START + 12 * traffic.DAY
    traffic.send(service, "flights", Kind.LABELS, traffic.label_table(rows, rng, prefix="f", upto=upto))
    assert service.catch_up(timeout=60)
    app = create_app(service, settings)
    app.state.stopping = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield client, service
    app.state.stopping.set()
    server.should_exit = True
    thread.join(10)
    listener.close()
    service.close()


def test_pages_and_figures(real):
    client, _ = real
    assert "flights" in client.get("/").text
    page = client.get("/models/flights", params={"period": "all"})
    assert page.status_code == 200
    assert "480" in page.text
    assert "the first 480 predictions" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    for name in FIGURES:
        answer = client.get(f"/models/flights/figures/{name}.json", params={"period": "all"})
        assert answer.status_code == 200, name
        assert answer.json()["data"], name
    assert client.get("/nothing/here").status_code == 404


def test_slices_and_versions_add_up(real):
    client, _ = real

    def total(**params):
        figure = client.get("/models/flights/figures/volume.json", params={"period": "all", **params}).json()
        return sum(sum(trace["y"]) for trace in figure["data"] if trace["type"] == "bar")

    assert total() == 480
    assert sum(total(slice=f"origin:{name}") for name in ("EWR", "JFK", "LGA")) == 480
    assert total(version="v1") + total(version="v2") == 480


def test_news_come_over_the_stream(real):
    client, service = real

    def predict():
        time.sleep(0.3)
        rng = np.random.default_rng(4)
        rows = traffic.flights(rng, days=1, per_day=10)
        table = traffic.prediction_table(rows, rng, prefix="late", version_from=6)
        traffic.send(service, "flights", Kind.PREDICTIONS, table)

    with client.stream("GET", "/models/flights/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = (line for line in answer.iter_lines() if line.startswith("data:"))
        first = int(next(found).split()[1])
        thread = threading.Thread(target=predict)
        thread.start()
        second = int(next(found).split()[1])
        thread.join()
    assert second > first


def test_a_model_that_is_live_now_is_shown_by_the_minute(real):
    client, service = real
    now = time.time_ns() // 1000
    rng = np.random.default_rng(5)
    rows = traffic.flights(rng, days=1, per_day=50)
    table = traffic.prediction_table(rows, rng, prefix="n", version_from=6)
    moments = pa.array(np.sort(now - rng.integers(0, 1_200_000_000, 50))).cast(traffic.TIMESTAMP)
    place = table.column_names.index("timestamp")
    service.put_model("young", task=Task.BINARY)
    traffic.send(service, "young", Kind.PREDICTIONS, table.set_column(place, "timestamp", moments))
    assert service.catch_up(timeout=60)
    figure = client.get("/models/young/figures/volume.json").json()
    (bars,) = [trace for trace in figure["data"] if trace["type"] == "bar" and trace["name"] != "failed"][-1:]
    assert bars["width"][0] == pytest.approx(60_000 * 0.92)
    assert sum(sum(trace["y"]) for trace in figure["data"] if trace["type"] == "bar") == 50
