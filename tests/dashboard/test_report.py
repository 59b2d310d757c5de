"""The report as a file: what is in it, what cannot be, and how it comes to the disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import stat
from datetime import UTC, datetime
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assay
from assay.dashboard.names import model_path
from assay.dashboard.readings import Readings
from assay.dashboard.report import report_document, report_html, write_report
from assay.dashboard.report.chart import changes
from assay.domain.columns import Kind
from assay.domain.model import Task
from assay.errors import InvalidInput, NotFound, StorageError
from tests.dashboard import traffic
from tests.dashboard.memory import MemoryService

ALL = {"period": "all"}
ANY_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)
CLOSED = {"meta", "path", "circle", "br"}


class Read(HTMLParser):
    """Everything that a browser would make of a file."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, str] = {}
        self.words: list[str] = []
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in CLOSED:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            key = self.tags[-1][1].get("id") or f"{self.open[-1]}{len(self.texts)}"
            self.texts[key] = self.texts.get(key, "") + data
        else:
            self.words.append(data)

    def names(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def unpacked(read: Read, name: str) -> str:
    return gzip.decompress(base64.b64decode(read.texts[name])).decode()


@pytest.fixture(scope="module")
def readings(demo):
    return Readings(demo)


@pytest.fixture(scope="module")
def document(readings):
    return report_document(readings, "flights", ALL)


@pytest.fixture(scope="module")
def read(document):
    return Read(document.html)


def test_it_has_the_sections_of_the_page(read):
    headings = [attrs.get("id") for attrs in read.names("h2")]
    wanted = ["quality", "traffic", "outcomes", "drift", "features", "findings", "method"]
    assert [name for name in headings if name] == wanted
    text = " ".join(read.words)
    for word in (
        "ROC AUC",
        "Reliability",
        "Confusion matrix",
        "Scores",
        "Latency",
        "temperature",
        "95% interval",
    ):
        assert word in text
    for word in ("January and February 2013", f"Assay {assay.__version__}", "17,8", "its end excluded"):
        assert word in text
    assert read.faults == []
    assert read.open == []


def test_every_chart_has_its_sentence_and_its_table(read):
    charts = [attrs for attrs in read.names("figure") if "data-figure" in attrs]
    figures = json.loads(unpacked(read, "figures"))
    assert [attrs["data-figure"] for attrs in charts] == list(figures)
    assert len(charts) == 22
    plots = [attrs for attrs in read.names("div") if attrs.get("role") == "img"]
    assert all(len(attrs["aria-label"]) > 25 for attrs in plots)
    assert len(read.names("caption")) == len(charts) + 1
    assert len(read.names("details")) == len(charts)


def test_the_numbers_are_those_of_the_figures_of_the_page(client, read):
    figures = json.loads(unpacked(read, "figures"))
    for theme in ("light", "dark"):
        answer = client.get(
            f"{model_path('flights')}/figures/metric.accuracy.json", params={**ALL, "theme": theme}
        )
        theirs = answer.json()
        ours = figures["metric-accuracy"]["figure"]
        if theme == "dark":
            for path, value in figures["metric-accuracy"]["dark"]:
                place = ours
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = value
        assert ours["data"] == theirs["data"]
        assert ours["layout"]["font"] == theirs["layout"]["font"]


def test_it_is_small_and_holds_no_row(readings, document, read, demo):
    assert len(document.html) - document.library_bytes < 2_000_000
    many = report_document(readings, "flights", {"period": "90d", "step": "6h"})
    assert len(many.html) - many.library_bytes < 2_000_000, "360 windows"
    figures = unpacked(read, "figures")
    for row in range(0, demo.rows["flights"].predictions.num_rows, 997):
        assert f'"f{row}"' not in figures
        assert f">f{row}<" not in document.html


def test_the_policy_lets_only_its_own_scripts_and_styles_work(document, read):
    (policy,) = [a["content"] for a in read.names("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == document.policy
    assert policy.startswith("default-src 'none'; ")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert "unsafe" not in rules["script-src"] + rules["style-src"]
    assert not {"connect-src", "frame-src"} & rules.keys()
    scripts = [attrs for attrs in read.names("script") if attrs.get("type") != "text/plain"]
    assert len(scripts) == 1
    texts = [text for name, text in read.texts.items() if name not in ("figures", "library")]
    texts.append(unpacked(read, "library"))
    for text in texts:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    addresses = [
        value for _, attrs in read.tags for name, value in attrs.items() if name in ("src", "href", "action")
    ]
    assert all(value.startswith("#") for value in addresses)
    assert "http://" not in " ".join(read.texts[name] for name in read.texts if name.startswith("s"))


def test_what_is_chosen_is_said(readings):
    html = report_document(
        readings, "flights", {"period": "90d", "version": "v2", "slice": "origin:JFK"}
    ).html
    text = " ".join(Read(html).words)
    assert re.search(r"version\s+v2", text)
    assert re.search(r"origin\s+:\s+JFK", text)
    with pytest.raises(InvalidInput, match="duration"):
        report_document(readings, "flights", {"period": "soon"})
    with pytest.raises(NotFound):
        report_document(readings, "nobody", {})


@pytest.mark.parametrize("model", ["support-tickets", "taxi eta/minutes"])
def test_other_tasks_have_their_own_charts(readings, model):
    read = Read(report_document(readings, model, ALL).html)
    keys = [attrs.get("data-figure") for attrs in read.names("figure")]
    assert ("confusion" in keys) == (model == "support-tickets")
    assert "reliability" not in keys
    assert "metric-mae" in keys or "metric-f1_score_macro" in keys


def test_without_labels_or_predictions_it_says_so(fresh):
    traffic.fill_regression(fresh, model_id="eta")
    fresh.rows["eta"].labels = {}
    html = report_document(Readings(fresh), "eta", ALL).html
    assert "No labels in this period yet" in html
    assert 'data-figure="volume"' in html
    html = report_document(Readings(fresh), "eta", {"start": "2001-01-01", "end": "2001-02-01"}).html
    assert "No predictions in this period" in html
    assert "data-figure" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    fresh.put_model("new", task=Task.BINARY)
    assert "No prediction has come yet" in report_document(Readings(fresh), "new", {}).html


def test_hostile_names_stay_text(readings):
    html = report_document(readings, traffic.HOSTILE[0], ALL).html
    read = Read(html)
    plain = Read(report_document(readings, "support-tickets", ALL).html)
    assert {tag for tag, _ in read.tags} <= {tag for tag, _ in plain.tags}
    assert {name for _, attrs in read.tags for name in attrs} <= {
        name for _, attrs in plain.tags for name in attrs
    } | {"hidden"}
    assert read.faults == []
    text = " ".join(read.words)
    assert "</script><script>document.title='owned'</script>" in text
    assert "../../etc/passwd" in text
    assert "\u202e" not in html


def small(name: str) -> MemoryService:
    """A model of one day whose every name is `name`."""
    service = MemoryService()
    service.put_model(name, task=Task.MULTICLASS)
    times = [traffic.START + hour * 3_600_000_000 for hour in range(8)]
    service_rows = pa.table(
        {
            "prediction_id": [f"p{place}" for place in range(8)],
            "model_version": [name] * 8,
            "timestamp": pa.array(times).cast(traffic.TIMESTAMP),
            "received_at": pa.array(times).cast(traffic.TIMESTAMP),
            "prediction_class": [name, "other"] * 4,
            "error_type": pa.nulls(8, pa.string()),
            "latency_ms": [float(place) for place in range(8)],
            f"n:{name}": [float(place) for place in range(8)],
            f"s:{name}2": [name, "b"] * 4,
        }
    )
    traffic.send(service, name, Kind.PREDICTIONS, service_rows)
    labels = pa.table({"prediction_id": [f"p{place}" for place in range(8)], "actual_class": [name] * 8})
    traffic.send(service, name, Kind.LABELS, labels)
    return service


@pytest.fixture(scope="module")
def expected():
    return Read(report_document(Readings(small("plain")), "plain", {**ALL, "version": "plain"}).html)


@given(name=ANY_TEXT)
@settings(max_examples=8, deadline=None)
def test_no_name_makes_an_element(expected, name):
    read = Read(report_document(Readings(small(name)), name, {**ALL, "version": name}).html)
    assert {tag for tag, _ in read.tags} <= {tag for tag, _ in expected.tags}
    assert {key for _, attrs in read.tags for key in attrs} <= {key for _, a in expected.tags for key in a}
    assert read.faults == []
    assert [attrs.get("id") for attrs in read.names("figure")] == [
        attrs.get("id") for attrs in expected.names("figure")
    ]


@given(
    light=st.recursive(
        st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=12,
    ),
    dark=st.recursive(
        st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=12,
    ),
)
def test_changes_turn_one_value_into_the_other(light, dark):
    made = json.loads(json.dumps({"root": light}))
    for path, value in changes({"root": light}, {"root": dark}):
        place = made
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    assert made == {"root": dark}


def test_over_http_it_comes_with_its_policy(client):
    answer = client.get(f"{model_path('flights')}/report.html", params={"period": "30d"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-disposition" not in answer.headers
    policy = answer.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    kept = client.get(f"{model_path(traffic.HOSTILE[0])}/report.html", params={"download": "1", **ALL})
    assert re.fullmatch(
        r'attachment; filename="assay-[A-Za-z0-9_-]{1,60}-\d{4}-\d\d-\d\d\.html"',
        kept.headers["content-disposition"],
    )
    assert client.get("/models/nobody/report.html").status_code == 404
    assert client.get("/models/flights/report.html?period=soon").status_code == 400


@pytest.fixture(scope="module")
def monitor(tmp_path_factory):
    with assay.open(tmp_path_factory.mktemp("report") / "data") as monitor:
        rows = range(300)
        monitor.configure("fraud", task="binary", slices=["region"])
        monitor.log(
            model="fraud",
            version="v1",
            predictions={
                "prediction_id": [f"p-{row}" for row in rows],
                "timestamp": [datetime(2024, 3, 1 + row // 100, row % 24, tzinfo=UTC) for row in rows],
                "score": [(row * 37 % 100) / 100 for row in rows],
                "prediction": [row * 37 % 100 > 50 for row in rows],
                "amount, in EUR": [float(row) for row in rows],
                "region": ["eu" if row % 2 else "us" for row in rows],
            },
            tags=["region"],
        )
        monitor.label(
            model="fraud",
            labels={"prediction_id": [f"p-{row}" for row in rows], "actual": [row % 2 for row in rows]},
        )
        yield monitor


def test_a_monitor_writes_it(monitor, tmp_path):
    path = tmp_path / "report.html"
    assert assay.write_report is write_report
    assert write_report(monitor, "fraud", path, period="30d") == path
    text = " ".join(Read(path.read_text()).words)
    assert "amount, in EUR" in text, "a name with a comma"
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == stat.S_IMODE(_fresh(tmp_path).stat().st_mode) & 0o077
    sliced = report_html(
        monitor, "fraud", start=datetime(2024, 3, 2, tzinfo=UTC), slice="region:eu", version="v1"
    )
    assert re.search(r"region\s+:\s+eu", " ".join(Read(sliced).words))


def _fresh(folder):
    path = folder / "fresh"
    path.write_text("")
    return path


def test_an_old_file_is_replaced_whole_or_kept(monitor, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(NotFound):
        write_report(monitor, "nobody", path)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_report(monitor, "fraud", path)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"], "nothing is left beside it"
    monkeypatch.undo()
    write_report(monitor, "fraud", path)
    assert path.read_text().startswith("<!doctype html>")


def test_a_folder_that_is_not_there_is_said(monitor, tmp_path):
    with pytest.raises(StorageError, match=r"nowhere.*No such file"):
        write_report(monitor, "fraud", tmp_path / "nowhere" / "report.html")
