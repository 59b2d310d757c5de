"""Behind every figure: its numbers as CSV, and calls of the API and of Python that give the same numbers."""

from __future__ import annotations

import csv
import html
import io
import re
import shlex
import socket
import threading
import time
from urllib.parse import quote, urlsplit

import httpx
import numpy as np
import pytest
import sklearn.metrics as sk
import uvicorn

from assay.dashboard.csv_data import text, written
from assay.dashboard.names import feature_key, model_path
from assay.domain.columns import Kind
from assay.domain.model import ModelSettings, Task
from assay.figures.names import shown
from assay.figures.numbers import value_text
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from tests.dashboard import traffic
from tests.dashboard.traffic import HOSTILE

WHOLE = ("reliability", "scores", "confusion")
OVER_TIME = (
    "volume",
    "latency",
    "stages",
    "metric.roc_auc",
    "metric.accuracy",
    "metric.error_rate",
    "metric.ece",
)
OF_FEATURE = ("feature.distribution", "feature.drift", "feature.values", "feature.gaps", "feature")
VIEW = {"period": "all", "step": "1d", "slice": "origin:JFK", "version": "v2"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real server with two weeks of flights."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("real"), min_free_bytes=0)
    service = build_service(settings)
    rng = np.random.default_rng(3)
    service.put_model("flights", task=Task.BINARY, settings=ModelSettings(slices=("origin",)))
    rows = traffic.flights(rng, days=14, per_day=60)
    table = traffic.prediction_table(rows, rng, prefix="f", version_from=6)
    table = table.append_column("inference_ms", table.column("latency_ms"))
    traffic.send(service, "flights", Kind.PREDICTIONS, table)
    labels = traffic.label_table(rows, rng, prefix="f", upto=traffic.START + 30 * traffic.DAY)
    traffic.send(service, "flights", Kind.LABELS, labels)
    traffic.fill_hostile(service)
    traffic.fill_probabilities(service)
    traffic.fill_regression(service, model_id="eta")
    assert service.catch_up(timeout=60)
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(service, settings)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
        yield client
    running.should_exit = True
    thread.join(10)
    listener.close()
    service.close()


def figure_of(client, model, name, **params):
    answer = client.get(f"{model_path(model)}/figures/{name}.json", params={**VIEW, "table": "1", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows_of(client, model, name, **params):
    answer = client.get(f"{model_path(model)}/figures/{name}.csv", params={**VIEW, **params})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return list(csv.DictReader(io.StringIO(answer.text)))


def asked(client, figure):
    """What the figure's two snippets give: the document of the API, and the answer in Python."""
    words = shlex.split(figure["layout"]["meta"]["api"])
    assert set(words[::3]) == {"curl"}
    assert set(words[1::3]) == {"-s"}
    for also in words[5::3]:  # what stands beside it: verdicts, estimates
        assert httpx.get(also, timeout=30).status_code == 200, also
    parts = urlsplit(words[2])
    assert f"{parts.scheme}://{parts.netloc}" == str(client.base_url).rstrip("/")
    answer = httpx.get(words[2], timeout=30)
    assert answer.status_code == 200, answer.text
    names: dict = {}
    exec(compile(figure["layout"]["meta"]["python"], "snippet", "exec"), names)  # noqa: S102 - our own line
    names["monitor"].close()
    return answer.json(), names["answer"]


def drawn(figure, name, axis="y"):
    return next(trace[axis] for trace in figure["data"] if trace.get("name") == name)


def column_of(rows, name):
    return [float(row[name]) if row[name] else None for row in rows]


def same(first, second):
    pairs = list(zip(first, second, strict=True))
    assert pairs
    for a, b in pairs:
        assert (a is None) == (b is None)
        assert a is None or a == pytest.approx(b, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", OVER_TIME)
def test_figures_over_time(server, name):
    figure = figure_of(server, "flights", name)
    document, answer = asked(server, figure)
    metric = {"volume": "volume", "latency": "latency_p95", "stages": "latency_inference_p95"}.get(
        name, name.removeprefix("metric.")
    )
    ours = [
        window["metrics"][metric]["value"] if metric in window["metrics"] else None
        for window in document["windows"]
    ]
    theirs = [window.metrics[metric].value if metric in window.metrics else None for window in answer]
    same(ours, theirs)
    table = figure["layout"]["meta"]["table"]["rows"]
    assert len(table) == len(answer) > 5
    if name == "volume":
        shown = [
            sum(bars) for bars in zip(*(t["y"] for t in figure["data"] if t["type"] == "bar"), strict=True)
        ]
    elif name == "stages":
        shown = drawn(figure, "inference")
    elif name == "latency":
        shown = drawn(figure, "p95")
    else:  # the pointer's trace holds every value
        shown = next(trace["y"] for trace in figure["data"] if "text" in trace)
    same(shown, ours)
    kept = rows_of(server, "flights", name)
    column = "predictions" if name == "volume" else metric
    same(column_of(kept, column), ours)
    assert kept[0]["start"].endswith("+00:00")


def test_calibration(server):
    figure = figure_of(server, "flights", "reliability")
    document, answer = asked(server, figure)
    same([item["score"] for item in document["bins"]], [bin_[0] for bin_ in answer.bins])
    same(figure["data"][1]["y"], [bin_[1] for bin_ in answer.bins])
    same(
        [float(row["share_positive"]) for row in rows_of(server, "flights", "reliability")],
        figure["data"][1]["y"],
    )


def test_failures_by_type(server):
    everything = {"slice": "", "version": ""}
    figure = figure_of(server, "flights", "error_types", **everything)
    document, (answer,) = asked(server, figure)
    assert answer.error_types["Timeout"] > 0
    assert document["windows"][0]["error_types"] == answer.error_types
    assert figure["data"][0]["x"] == list(answer.error_types.values())
    kept = {
        row["error_type"]: int(row["n"]) for row in rows_of(server, "flights", "error_types", **everything)
    }
    assert kept == answer.error_types


def test_scores_and_confusion(server):
    figure = figure_of(server, "flights", "scores")
    _, answer = asked(server, figure)
    same(drawn(figure, "truth 1"), answer.score_counts["1"])
    same([int(row["1"]) for row in rows_of(server, "flights", "scores")], answer.score_counts["1"])
    figure = figure_of(server, "flights", "confusion")
    _, answer = asked(server, figure)
    kept = {
        (row["truth"], row["predicted"]): int(row["n"]) for row in rows_of(server, "flights", "confusion")
    }
    assert kept == answer.confusion
    assert sum(int(cell) for row in figure["layout"]["meta"]["table"]["rows"] for cell in row[1:]) == sum(
        kept.values()
    )


def test_probabilities_of_several_classes(server):
    everything = {"slice": "", "version": ""}
    truth, chances = traffic.classes_and_chances()
    labelled = slice(0, traffic.LABELLED)
    names = sorted(set(truth), key=lambda name: (-np.count_nonzero(truth[labelled] == name), name))
    figure = figure_of(server, "topics", "scores", **everything)
    document, answer = asked(server, figure)
    assert list(answer.class_scores) == names
    assert list(document["class_scores"]) == names
    for place, name in enumerate(names):
        column = chances[:, traffic.TOPICS.index(name)]
        known, own = column[labelled], truth[labelled] == name
        groups = (known[own], known[~own], column[traffic.LABELLED :])
        expected = [np.histogram(group, bins=np.linspace(0, 1, 51))[0].tolist() for group in groups]
        rows = rows_of(server, "topics", "scores", **everything, **{"class": name} if place else {})
        assert [[int(row[key]) for row in rows] for key in ("own", "others", "unlabelled")] == expected
        assert [list(answer.class_scores[name].own), list(answer.class_scores[name].others)] == expected[:2]
        drawing = figure_of(server, "topics", "scores", **everything, **{"class": name})
        assert name in drawing["layout"]["meta"]["alt"] or "<" in name
        same(drawn(drawing, "another truth"), np.array(expected[1]) / sum(expected[1]))


def test_metrics_of_several_classes_are_scikit_learns(server):
    truth, chances = (part[: traffic.LABELLED] for part in traffic.classes_and_chances())
    (found,) = server.get("/api/v1/models/topics/metrics", params={"period": "90d"}).json()["windows"]
    values = {name: one["value"] for name, one in found["metrics"].items()}
    guess = np.array(traffic.TOPICS)[chances.argmax(axis=1)]
    order = sorted(traffic.TOPICS)
    sorted_chances = chances[:, [traffic.TOPICS.index(name) for name in order]]
    assert values["log_loss"] == pytest.approx(sk.log_loss(truth, sorted_chances, labels=order), rel=1e-9)
    assert values["precision"] == pytest.approx(sk.precision_score(truth, guess, average="weighted"))
    expected = sk.roc_auc_score(truth, sorted_chances, multi_class="ovr", labels=order)
    assert values["roc_auc"] == pytest.approx(expected, abs=0.005)  # probabilities are counted in 200 cells
    assert found["metrics"]["ece"]["n"] == traffic.LABELLED


def test_the_page_of_several_classes_offers_each(server):
    page = server.get("/models/topics", params={"class": traffic.TOPICS[2]}).text
    for name in traffic.TOPICS:
        assert f">{html.escape(shown(name, limit=40))}</option>" in page
    assert page.count('<option value="">') == 2  # the first class and the window, both by default
    assert re.search(rf'<option value="{re.escape(html.escape(traffic.TOPICS[2]))}" selected>', page)
    assert 'id="fig-reliability"' in page
    assert f"class={quote(traffic.TOPICS[2])}" in page
    report = server.get("/models/topics/report.html").text
    assert all(f"Probability of {html.escape(name)}" in report for name in traffic.TOPICS)


def test_means_of_a_regression(server):
    everything = {"slice": "", "version": ""}
    figure = figure_of(server, "eta", "means", **everything)
    document, answer = asked(server, figure)
    means = [window.metrics["mean_truth"].value for window in answer]
    same([window["metrics"]["mean_truth"]["value"] for window in document["windows"]], means)
    same(drawn(figure, "truth"), means)
    rows = rows_of(server, "eta", "means", **everything)
    same(column_of(rows, "mean_truth"), means)
    gaps = [window.metrics["mean_error"].value for window in answer]
    guess = column_of(rows, "mean_prediction")
    same(gaps, [None if a is None else a - b for a, b in zip(guess, means, strict=True)])


def test_drift_of_all_features(server):
    figure = figure_of(server, "flights", "drift")
    document, answer = asked(server, figure)
    assert len(document["windows"]) == len(answer)
    names = figure["layout"]["yaxis"]["ticktext"]
    table = figure["layout"]["meta"]["table"]["rows"]
    kept = {
        (row["start"], row["feature"]): float(row["value"])
        for row in rows_of(server, "flights", "drift")
        if row["statistic"] == "jensen_shannon" and row["value"]
    }
    for place, window in enumerate(answer):
        for row, name in enumerate(names):
            value = window.features[name].statistics["jensen_shannon"].value
            if value is not None:
                assert kept[window.start.isoformat(), name] == pytest.approx(value, abs=1e-12)
                assert table[row][1 + place].removesuffix(" ◆") == value_text(value, "ratio")


@pytest.mark.parametrize("name", OF_FEATURE)
@pytest.mark.parametrize("feature", ["wind_speed", "carrier"])
def test_figures_of_a_feature(server, name, feature):
    figure = figure_of(server, "flights", name, feature=feature_key(feature))
    document, answer = asked(server, figure)
    assert document["feature"] == answer.feature == feature
    assert [bar["current"] for bar in document["bars"]] == [bar.current for bar in answer.bars]
    kept = rows_of(server, "flights", name, feature=feature_key(feature))
    if name == "feature.distribution":
        assert [int(row["current"]) for row in kept] == [bar.current for bar in answer.bars]
        if feature == "carrier":
            same(drawn(figure, "this period"), [bar.current / answer.current.n for bar in answer.bars])
        assert sum(bar.current for bar in answer.bars) == answer.current.n
    elif name == "feature.drift":
        shown = drawn(figure, "Jensen-Shannon")
        same(shown, [window.drift.statistics["jensen_shannon"].value for window in answer.windows])
        same(column_of(kept, "jensen_shannon"), shown)
    elif name == "feature.gaps":
        same(drawn(figure, "missing"), [window.values.missing_share for window in answer.windows])
    elif name == "feature.values" and feature == "wind_speed":
        same(drawn(figure, "median"), [window.values.quantiles["p50"] for window in answer.windows])
        same(column_of(kept, "mean"), [window.values.mean for window in answer.windows])


@pytest.mark.parametrize("feature", [*HOSTILE[:6], HOSTILE[8]])
def test_snippets_of_hostile_names_run(server, feature):
    page = server.get(f"{model_path(HOSTILE[0])}/features/{feature_key(feature)}")
    assert page.status_code == 200
    assert "<script>document" not in page.text
    assert len(page.content) < 100_000
    figure = figure_of(
        server,
        HOSTILE[0],
        "feature.distribution",
        feature=feature_key(feature),
        step="",
        slice="",
        version="",
    )
    document, answer = asked(server, figure)
    assert document["feature"] == answer.feature == feature
    snippet = figure["layout"]["meta"]["python"]
    assert snippet.isprintable() or set(snippet) - {"\n"} <= {
        char for char in snippet if char.isprintable() or char == "\n"
    }


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\uff1d1", "\uff0b1"]
)
def test_no_name_is_a_formula(name):
    assert text(name).startswith("'")
    (row,) = csv.reader(io.StringIO(written([[name, -1.5, None]])))
    assert row == [f"'{name}", "-1.5", ""]


def test_numbers_are_not_rounded():
    value = 0.1 + 0.2
    assert float(next(csv.reader(io.StringIO(written([[value]]))))[0]) == value
