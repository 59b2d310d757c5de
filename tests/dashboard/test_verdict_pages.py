"""The verdict and the estimates on the pages."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace

import pytest

from assay.dashboard.names import feature_key, model_path
from assay.dashboard.readings import Readings
from assay.dashboard.verdict_windows import together
from assay.dashboard.view import parse_view
from assay.domain.drift_report import FeatureVerdict
from assay.domain.time import DAY, to_micros
from assay.figures.drift_statistics import ranked
from assay.figures.names import shown
from assay.figures.verdicts import against_floor, beyond_chance_of
from tests.dashboard.traffic import HOSTILE

VIEW = {"period": "30d"}
FLIGHTS = "/models/flights"


@pytest.fixture(scope="module")
def view(demo):
    newest = int(demo.model("flights").last.timestamp() * 1e6)
    return parse_view(VIEW, demo.model("flights"), now=newest)


@pytest.fixture(scope="module")
def verdict(demo, view):
    return demo.drift_report("flights", view.whole)


def panel(text: str, name: str) -> str:
    return text[text.index(f'id="{name}"') :]


def test_the_verdict_is_one_sentence_with_what_to_look_at(client, verdict):
    assert verdict.drift_detected
    page = client.get(f"{FLIGHTS}/verdict", params=VIEW)
    assert page.status_code == 200
    assert len(page.content) < 100_000
    said = panel(page.text, "verdict-panel")
    assert html.escape(verdict.summary, quote=False) in html.unescape(
        said
    ) or verdict.summary in html.unescape(said)
    assert f"severity {verdict.drift_severity:.0f}" in said
    assert verdict.drift_type.value.replace("_", " ").lower() in said
    for name in verdict.affected_features[:5]:
        assert f'href="features/{feature_key(name)}?' in said
        assert verdict.features[name].finding in html.unescape(said)


def test_the_models_page_leads_to_it(client):
    text = client.get(FLIGHTS, params=VIEW).text
    assert re.search(r'id="verdict-panel" data-panel="verdict\?period=30d"', text)
    assert f'<noscript><p><a href="{FLIGHTS}/verdict?period=30d">' in text


def test_every_feature_is_judged_on_the_page(client, verdict):
    text = html.unescape(client.get(f"{FLIGHTS}/verdict", params=VIEW).text)
    table = text[text.index('id="judged"') :]
    order = [table.index(f"features/{feature_key(one.feature)}?") for one in verdict.ranked]
    assert order == sorted(order)
    assert table.count(">drifted<") == sum(one.drifted for one in verdict.features.values())


def test_findings_are_marked_on_the_map(client, demo, view):
    figure = client.get(f"{FLIGHTS}/figures/drift.json", params={**VIEW, "table": "1"}).json()
    heat = next(trace for trace in figure["data"] if trace["type"] == "heatmap")
    marks = next(
        (trace for trace in figure["data"] if trace.get("marker", {}).get("symbol") == "diamond"), None
    )
    readings = Readings(demo)
    windows = readings.verdicts("flights", view)
    names = ranked([readings.drift("flights", view)])
    assert figure["layout"]["meta"]["keys"] == [feature_key(name) for name in names]
    assert [shown(name, limit=24) for name in names] == figure["layout"]["yaxis"]["ticktext"]
    drifted = [
        (row, column)
        for row, name in enumerate(names)
        for column, one in enumerate(windows)
        if one.features[name].drifted
    ]
    assert drifted
    assert [(y, heat["x"].index(x)) for x, y in zip(marks["x"], marks["y"], strict=True)] == drifted
    for row, name in enumerate(names):
        for column, one in enumerate(windows):
            ratio = against_floor(one.features[name])
            expected = min(6.0, ratio) if ratio is not None and beyond_chance_of(one, name) else 0.0
            if ratio is not None and one.n_current:
                assert heat["z"][row][column] == pytest.approx(expected, abs=1e-3)
    cells = [cell for row in figure["layout"]["meta"]["table"]["rows"] for cell in row[1:]]
    assert sum(cell.endswith("◆") for cell in cells) == len(drifted)
    assert f"{len(drifted)} findings" in figure["layout"]["meta"]["alt"]
    assert "drift_report(" in figure["layout"]["meta"]["python"]


def test_the_map_as_csv_has_the_verdicts(client, demo, view):
    answer = client.get(f"{FLIGHTS}/figures/drift.csv", params=VIEW)
    rows = [row for row in csv.DictReader(io.StringIO(answer.text)) if "drifted" in row["statistic"]]
    windows = Readings(demo).verdicts("flights", view)
    assert len(rows) == sum(len(one.features) for one in windows)
    found = {(row["start"], row["feature"]): row for row in rows}
    for one in windows:
        for name, of in one.features.items():
            row = found[one.start.isoformat(), name]
            assert row["statistic"] == ("drifted" if of.drifted else "not drifted")
            assert float(row["value"]) == of.effect
            assert float(row["bound"]) == of.floor


def test_a_features_page_has_its_evidence_and_its_history(client, demo, view, verdict):
    name = verdict.affected_features[0]
    key = feature_key(name)
    page = client.get(f"{FLIGHTS}/features/{key}", params=VIEW)
    assert f'data-panel="features/{key}/verdict?period=30d"' in page.text
    assert 'id="fig-distribution"' in page.text
    assert "feature.verdict.json" in page.text
    part = client.get(f"{FLIGHTS}/features/{key}/verdict", params=VIEW)
    assert part.status_code == 200
    said = html.unescape(panel(part.text, "feature-verdict"))
    assert verdict.features[name].finding in said
    for one in verdict.features[name].evidence:
        assert one.statistic.replace("_", " ") in said
    windows = Readings(demo).verdicts("flights", view)
    figure = client.get(
        f"{FLIGHTS}/figures/feature.verdict.json", params={**VIEW, "feature": key, "table": "1"}
    ).json()
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    for place, one in enumerate(windows):
        drawn = [(bar["y"][place], bar["name"] != "no drift") for bar in bars if bar["y"][place] is not None]
        ratio = against_floor(one.features[name]) if one.n_current else None
        assert drawn == ([] if ratio is None else [(pytest.approx(ratio), one.features[name].drifted)])
    assert all(bool(bar["marker"]["pattern"]["shape"]) == (bar["name"] != "no drift") for bar in bars)
    rows = list(
        csv.DictReader(
            io.StringIO(
                client.get(f"{FLIGHTS}/figures/feature.verdict.csv", params={**VIEW, "feature": key}).text
            )
        )
    )
    assert [row["drifted"] for row in rows] == [str(int(one.features[name].drifted)) for one in windows]


def test_a_feature_that_nobody_knows(client):
    assert client.get(f"{FLIGHTS}/features/nobody/verdict").status_code == 404


@pytest.mark.parametrize("name", [HOSTILE[0], HOSTILE[5], HOSTILE[8]])
def test_hostile_names_are_shown_harmlessly(client, name):
    path = model_path(HOSTILE[0])
    for address in (f"{path}/verdict", f"{path}/features/{feature_key(name)}/verdict"):
        page = client.get(address)
        assert page.status_code == 200
        assert len(page.content) < 100_000
        assert "<script>document" not in page.text
        assert "<img src=x" not in page.text


def test_the_list_of_models_is_sorted_by_the_verdict(client, demo):
    text = client.get("/", params={"sort": "drift"}).text
    assert 'aria-sort="descending"><a href="/?sort=drift">Drift' in text
    newest = demo.newest_drift(["flights"])["flights"]
    row = client.get(f"{FLIGHTS}/row").text
    expected = (
        f"severity {newest.drift_severity:.0f}" if newest.drift_detected else newest.status.replace("_", " ")
    )
    assert expected in row


def test_estimates_stand_beneath_the_realised_metric(client, demo, view):
    name = "metric.roc_auc"
    figure = client.get(f"{FLIGHTS}/figures/{name}.json", params={**VIEW, "table": "1"}).json()
    result = Readings(demo).estimate("flights", view)
    assert result.refusal is None
    (line,) = [trace for trace in figure["data"] if trace.get("name", "").startswith("estimated")]
    values = [chunk.metrics["roc_auc"].value for chunk in result.chunks]
    assert any(value is not None for value in values)
    assert line["y"] == [None if value is None else pytest.approx(value) for value in values]
    band = next(trace for trace in figure["data"] if trace.get("fill") == "toself")
    assert max(y for y in band["y"] if y is not None) == pytest.approx(
        max(one.metrics["roc_auc"].high for one in result.chunks if one.metrics["roc_auc"].high is not None)
    )
    meta = figure["layout"]["meta"]
    assert meta["note"].startswith("Estimates without labels: learnt from the labels of 2013-03-")
    assert "estimate = monitor.estimate(" in meta["python"]
    assert "/estimate?" in meta["api"]
    assert "Estimated without labels" in meta["alt"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{FLIGHTS}/figures/{name}.csv", params=VIEW).text)))
    assert [float(row["estimated"]) if row["estimated"] else None for row in rows] == values
    by_start = {chunk.start: chunk for chunk in result.chunks}
    for window in demo.metrics("flights", view.cut):
        assert by_start[window.start].n_labelled == window.n_labelled


def test_a_refusal_is_said(client):
    meta = client.get(f"{FLIGHTS}/figures/metric.accuracy.json", params={"slice": "origin:JFK"}).json()
    assert "note" in meta["layout"]["meta"]
    young = client.get("/models/support-tickets/figures/metric.accuracy.json").json()
    assert young["layout"]["meta"]["note"].startswith(
        "Not estimated without labels: estimates are learnt from"
    )
    assert "data-note" in client.get("/models/support-tickets").text
    assert "data-note" in client.get(FLIGHTS).text


def test_effects_over_floors():
    one = FeatureVerdict("x", "feature", False, 0.0, 0.05, 0.1, 0.5, "")
    assert against_floor(one) == 0.5
    assert against_floor(None) is None
    assert against_floor(FeatureVerdict("x", "feature", False, 0.0, float("nan"), 0.1, None, "")) is None
    assert against_floor(FeatureVerdict("x", "feature", False, 0.0, 0.1, 0.0, None, "")) is None


def test_windows_of_verdicts_are_those_of_the_map(demo, view):
    readings = Readings(demo)
    names = tuple(demo.model("flights").reference.features)
    for params in ({"period": "24h"}, {"period": "45d", "step": "7d"}):
        other = parse_view(params, demo.model("flights"), now=view.end)
        drift = readings.drift_windows("flights", other, names)
        verdicts = readings.verdicts("flights", other)
        starts = [one.start for one in drift]
        assert verdicts
        assert {one.start for one in verdicts} <= set(starts), params
        assert [one.end - one.start for one in verdicts] == [drift[0].end - drift[0].start] * len(verdicts)


def test_wider_windows_show_the_gravest_of_their_days(demo, verdict, view):
    days = demo.closed_verdicts("flights", replace(view.whole, step=DAY))
    starts = range(view.start, view.end, 7 * DAY)
    weeks = together(days[::-1], starts, 7 * DAY)
    assert [to_micros(one.start) for one in weeks] == list(starts)
    for week in weeks:
        own = [one for one in days if week.start <= one.start < week.end]
        assert week.n_current == sum(one.n_current for one in own)
        for name, one in week.features.items():
            assert one.drifted == any(day.features[name].drifted for day in own)
            assert one.severity == max(day.features[name].severity for day in own)
    assert together([], starts, DAY) == []
    assert together(days, range(0), DAY) == []
