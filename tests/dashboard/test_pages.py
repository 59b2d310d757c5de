"""The pages over HTTP: status, headers, size, and what a request reads."""

from __future__ import annotations

import asyncio
import re
import threading
from html.parser import HTMLParser

import httpx
import numpy as np
import pyarrow as pa
import pytest

from assay.dashboard.events import events
from assay.dashboard.names import model_path
from assay.dashboard.readings import Readings
from assay.dashboard.view import parse_view
from assay.domain.columns import Kind
from assay.domain.finding import Finding, FindingKind
from assay.domain.model import Task
from assay.errors import NotFound, StorageUnavailable
from tests.dashboard import traffic
from tests.dashboard.conftest import serve
from tests.dashboard.memory import MemoryService

VOID = {"meta", "link", "input", "br", "circle", "img", "hr"}


class Checker(HTMLParser):
    """Collects what the policy forbids, and tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if "id" in names:
            self.ids.append(names["id"])
        if tag == "style" or (tag == "script" and not (names.get("src") or "").startswith("/static/")):
            self.bad.append(tag)
        self.bad += [f"{tag} {name}" for name in names if name.startswith("on") or name == "style"]
        self.bad += [
            f"{tag} {value}"
            for name, value in attrs
            if name in ("href", "src", "action") and re.match(r"\s*(javascript|data|https?|//)", value or "")
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.bad.append(f"</{tag}>")


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    assert checker.bad == []
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    return checker


PAGES = [
    "/",
    "/?find=fl&task=binary&sort=predictions",
    "/?page=9",
    "/models/flights",
    "/models/flights?period=all&step=7d&version=v2&slice=origin%3AJFK",
    "/models/flights?start=2013-05-01&end=2013-06-01",
    "/models/support-tickets?period=24h",
    model_path("taxi eta/minutes"),
    model_path(traffic.HOSTILE[0]),
    model_path(traffic.HOSTILE[0]) + "?period=all",
]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_small_valid_and_strict(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.content) < 100_000
    checked(answer.text)
    policy = answer.headers["content-security-policy"]
    for rule in (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert rule in policy
    assert "unsafe-eval" not in policy
    assert re.findall(r"script-src ([^;]*)", policy) == ["'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_hostile_names_are_escaped(client):
    text = client.get(model_path(traffic.HOSTILE[0])).text
    assert "<script>document" not in text
    assert "<img src=x" not in text
    assert "\u202e" not in text
    assert "n" * 400 not in text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/models/nobody", 404, "There is no model"),
        ("/models/~!!", 404, "names no model"),
        ("/models/flights?period=soon", 400, "is not a duration"),
        ("/models/flights?slice=x", 400, "No slice"),
        ("/models/nobody/row", 404, "There is no model"),
        ("/static/secret.py", 404, "no such file"),
        ("/static/..%2froutes.py", 404, "Not Found"),
    ],
)
def test_errors_are_pages_for_people(client, path, status, said):
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models/flights/figures/nothing.json", 404),
        ("/models/nobody/figures/volume.json", 404),
        ("/models/flights/figures/volume.json?period=soon", 400),
    ],
)
def test_errors_of_figures_are_problem_details(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_a_store_that_does_not_answer_and_a_fault_nobody_foresaw(fresh):
    for site in serve(fresh):
        fresh.failure = StorageUnavailable("the database is locked")
        answer = httpx.get(f"{site.address}/models/x")
        assert answer.status_code == 503
        assert "The database is locked" in answer.text
        fresh.failure = RuntimeError("secret")
        answer = httpx.get(f"{site.address}/models/x")
        assert answer.status_code == 500
        assert "secret" not in answer.text


def test_figures_come_with_their_data_when_asked(client):
    path = "/models/flights/figures/metric.roc_auc.json"
    bare = client.get(path, params={"period": "all"})
    full = client.get(path, params={"period": "all", "table": "1", "theme": "dark"})
    assert "table" not in bare.json()["layout"]["meta"]
    assert "ROC AUC" in bare.json()["layout"]["meta"]["alt"]
    assert len(full.json()["layout"]["meta"]["table"]["rows"]) > 40
    assert len(bare.content) < 100_000


def test_every_line_has_few_points(client):
    for name in ("volume", "latency", "metric.accuracy", "drift", "reliability", "scores", "confusion"):
        figure = client.get(f"/models/flights/figures/{name}.json", params={"period": "all", "step": "1d"})
        for trace in figure.json()["data"]:
            assert len(trace["x"]) <= 2 * 400 + 50, name


def test_static_files_are_kept_for_ever_under_their_hash(client):
    page = client.get("/models/flights").text
    found = re.findall(r'(?:src|href|data-plotly)="(/static/([a-z.]+)\?v=[0-9a-f]+)"', page)
    assert {name for _, name in found} >= {
        "assay.css",
        "figures.js",
        "icon.svg",
        "live.js",
        "page.js",
        "plotly.css",
        "plotly.min.js",
        "theme.js",
    }
    for url, _ in found:
        answer = client.get(url)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(url.split("?")[0]).headers["cache-control"] == "no-cache"


def test_provisional_reference_rebuild_and_findings_are_said(fresh):
    traffic.fill_multiclass(fresh, model_id="m")
    fresh.rows["m"].progress = 0.42
    finding = Finding("m", FindingKind.TYPE_CLASH, "x", "x came as <b>text</b>", 0, 0, count=3)
    fresh.rows["m"].findings = (finding,)
    for site in serve(fresh):
        text = httpx.get(f"{site.address}/models/m").text
        checked(text)
        assert "the first 2,400 predictions" in text
        assert "provisional" in text
        assert "42.0%" in text
        assert "x came as &lt;b&gt;text" in text


def test_an_empty_server_says_what_to_do(fresh):
    for site in serve(fresh):
        text = httpx.get(site.address).text
        checked(text)
        assert f"assay.open(&#34;{site.address}&#34;)" in text or f'assay.open("{site.address}")' in text
        fresh.put_model("declared")
        assert httpx.get(f"{site.address}/models/declared").status_code == 200
        assert "declared" in httpx.get(site.address).text


def test_many_models_are_paged(fresh):
    for place in range(70):
        fresh.put_model(f"m{place:03}")
    for site in serve(fresh):
        first = httpx.get(site.address).text
        assert "m029" in first
        assert "m030" not in first
        assert "/?page=2" in first
        assert "m069" in httpx.get(f"{site.address}/?page=3").text


def test_names_of_ten_kilobytes_and_hundreds_of_features(fresh):
    name = "ü" * 5_000
    fresh.put_model(name, task=Task.BINARY)
    rng = np.random.default_rng(1)
    rows = traffic.flights(rng, days=3, per_day=20)
    table = traffic.prediction_table(rows, rng, prefix="w", version_from=9)
    for place in range(60):
        column = f"n:{place:03}" + "x" * 9_000
        table = table.append_column(
            column, pa.array(rng.normal(size=rows.n) + (place == 7) * np.arange(rows.n))
        )
    traffic.send(fresh, name, Kind.PREDICTIONS, table)
    for site in serve(fresh):
        answer = httpx.get(site.address + model_path(name), timeout=30)
        assert answer.status_code == 200
        assert len(answer.content) < 100_000
        checked(answer.text)
        listed = httpx.get(site.address + model_path(name) + "/features", timeout=30)
        assert len(listed.content) < 100_000
        checked(listed.text)
        assert "Next 30" in listed.text
        figure = httpx.get(site.address + model_path(name) + "/figures/drift.json", timeout=30).json()
        assert len(figure["layout"]["yaxis"]["ticktext"]) == 40
        assert httpx.get(site.address, timeout=30).status_code == 200


# -- readings -------------------------------------------------------------------------------------


@pytest.fixture
def small() -> MemoryService:
    service = MemoryService()
    traffic.fill_regression(service, model_id="eta")
    service.calls.clear()
    return service


def test_the_same_windows_are_read_once_until_something_changes(small):
    readings = Readings(small)
    view = parse_view({"period": "all"}, small.model("eta"), now=traffic.START)
    first = readings.windows("eta", view)
    assert readings.windows("eta", view) is first
    assert small.calls == ["metrics"]
    small.rows["eta"].revision += 1
    assert readings.windows("eta", view) == first
    assert small.calls == ["metrics", "metrics"]


def test_answers_grow_old(small):
    now = [0.0]
    readings = Readings(small, max_age=30, clock=lambda: now[0])
    view = parse_view({"period": "all"}, small.model("eta"), now=traffic.START)
    readings.windows("eta", view)
    now[0] = 31.0
    readings.windows("eta", view)
    assert small.calls == ["metrics", "metrics"]


def test_requests_at_the_same_time_share_one_reading(small):
    readings = Readings(small)
    view = parse_view({"period": "all"}, small.model("eta"), now=traffic.START)
    gate = threading.Event()
    original = small.metrics

    def slow(*args, **given):
        gate.wait(5)
        return original(*args, **given)

    small.metrics = slow
    found = []
    threads = [threading.Thread(target=lambda: found.append(readings.windows("eta", view))) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert all(item is found[0] for item in found)
    assert small.calls == ["metrics"]


def test_a_failure_is_not_kept(small):
    readings = Readings(small)
    view = parse_view({"period": "all"}, small.model("eta"), now=traffic.START)
    original = small.metrics

    def broken(*args, **given):
        raise StorageUnavailable("busy")

    small.metrics = broken
    with pytest.raises(StorageUnavailable):
        readings.windows("eta", view)
    small.metrics = original
    assert readings.windows("eta", view)


def test_only_so_many_answers_are_kept(small):
    readings = Readings(small, size=2)
    for period in ("24h", "7d", "all"):
        readings.windows("eta", parse_view({"period": period}, small.model("eta"), now=traffic.START))
    assert len(readings._kept) == 2


# -- events ---------------------------------------------------------------------------------------


async def collect(revisions, **given):
    """Run a stream over given revisions until they are used up."""
    left = list(revisions)

    def revision():
        item = left.pop(0)
        if isinstance(item, Exception):
            raise item
        return item

    async def sleep(_seconds):
        await asyncio.sleep(0)

    stream = events(revision, lambda: not left, sleep=sleep, **given)
    return [item async for item in stream]


def test_events_tell_changes_only():
    found = asyncio.run(collect([5, 5, 6, 6, 9]))
    assert found == ["retry: 2000\n\n"] + [f"event: revision\ndata: {number}\n\n" for number in (5, 6, 9)]


def test_events_tell_trouble_once_and_recover():
    down = StorageUnavailable("secret place")
    found = asyncio.run(collect([1, down, down, 1]))
    assert [item.split("\n")[0] for item in found[1:]] == [
        "event: revision",
        "event: trouble",
        "event: revision",
    ]
    assert "secret" not in "".join(found)


def test_a_silent_stream_stays_alive_and_ends():
    found = asyncio.run(collect([1] * 50, heartbeat=10.0))
    assert found.count(": alive\n\n") == 4
    assert len(asyncio.run(collect([1] * 50, lifetime=5.0))) == 2


def test_the_stream_of_an_unknown_model_says_so(client):
    with client.stream("GET", "/models/nobody/events") as answer:
        lines = iter(answer.iter_lines())
        assert next(line for line in lines if line.startswith("event")) == "event: trouble"


def test_unknown_models_are_not_found():
    with pytest.raises(NotFound):
        Readings(MemoryService()).model("x")
