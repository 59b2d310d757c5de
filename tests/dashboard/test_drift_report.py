"""A verdict as a file: what is in it, what cannot be, and how a browser without a network shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.dashboard.report import drift_document
from assay.domain.drift_report import DriftReport
from assay.errors import StorageError
from tests.dashboard import traffic
from tests.dashboard.test_every_page import axe
from tests.dashboard.test_report import Read, unpacked

READY = "'ready' in document.documentElement.dataset"


def frames(shift: float) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Frames with hostile names and categories, gaps, and one value that can be recognised."""
    rng = np.random.default_rng(7)
    sides = []
    for n, moved in ((4000, 0.0), (900, shift)):
        side = {name: rng.normal(size=n) for name in traffic.HOSTILE}
        side["amount"] = rng.normal(10 + moved, 2, n)
        side["plan"] = rng.choice([traffic.HOSTILE[1], "b"], n)
        side["user"] = np.array([f"user-{place}" for place in rng.permutation(n)])
        side["gap"] = np.where(rng.random(n) < 0.1 + moved / 5, np.nan, rng.normal(size=n))
        side[traffic.HOSTILE[0]] += moved
        sides.append(side)
    sides[1]["plan"][:200] = traffic.HOSTILE[0]
    return sides[0], sides[1]


@pytest.fixture(scope="module")
def drifted() -> DriftReport:
    return assay.detect_drift(*frames(1.0))


@pytest.fixture(scope="module")
def calm() -> DriftReport:
    before, _ = frames(0.0)
    return assay.detect_drift(before, {name: values[:800] for name, values in before.items()})


@pytest.fixture(scope="module")
def read(drifted) -> Read:
    return Read(drift_document(drifted, reference="reference.parquet", current="</title>x.csv").html)


def test_it_says_what_was_found_and_how_sure_that_is(read, drifted):
    headings = [attrs["id"] for attrs in read.names("h2") if "id" in attrs]
    assert headings == ["findings", "features", "distributions", "gaps", "tests", "method"]
    text = re.sub(r"\s+", " ", " ".join(read.words))
    assert "The inputs have drifted, with severity" in text
    for finding in drifted.findings:
        assert finding.split(": ", 1)[1][:60] in text
    for word in ("chi square", "independent rows", "Benjamini", "level 0.01", "900 against 4,000", "MISSING"):
        assert word.lower() in text.lower()
    assert read.faults == []
    assert read.open == []


def test_every_chart_has_its_sentence_and_its_table(read, drifted):
    figures = json.loads(unpacked(read, "figures"))
    drifted_names = [one.feature for one in drifted.ranked if one.drifted]
    assert len(drifted_names) == 4
    assert list(figures) == ["effects", *(f"distribution-{place}" for place in range(4))]
    plots = [attrs for attrs in read.names("div") if attrs.get("role") == "img"]
    assert all(len(attrs["aria-label"]) > 40 for attrs in plots)
    assert len(read.names("details")) == len(figures)
    for key, name in zip(list(figures)[1:], drifted_names, strict=True):
        bars = drifted.distribution(name).bars
        drawn = max(len(trace["x"]) for trace in figures[key]["figure"]["data"])
        assert drawn >= len(bars)


def test_names_are_text_and_no_row_is_in_it(drifted, read):
    document = drift_document(drifted, current=traffic.HOSTILE[0], reference=traffic.HOSTILE[1])
    own = document.html.replace(read.texts["library"], "")
    for name in traffic.HOSTILE[:2]:
        assert name not in own
    assert {tag for tag, _ in read.tags} & {"img", "iframe", "object"} == set()
    assert not any(key.startswith("on") for _, attrs in read.tags for key in attrs)
    everything = own + unpacked(read, "figures")
    amounts = frames(1.0)[0]["amount"].tolist()
    assert sum(repr(value) in everything for value in amounts) < 60, "ends of bars, not rows"
    assert len(re.findall(r"user-\d+", everything)) < 200, "categories that are shown, not rows"
    assert len(document.html) - document.library_bytes < 300_000


def test_the_policy_is_that_of_reports(drifted):
    document = drift_document(drifted)
    assert document.policy.startswith("default-src 'none'; script-src 'sha256-")
    assert f'content="{document.policy}"'.replace("'", "&#39;") in document.html
    addresses = [
        value
        for _, attrs in Read(document.html).tags
        for key, value in attrs.items()
        if key in ("src", "href", "action")
    ]
    assert all(value.startswith("#") for value in addresses)


def test_no_drift_shows_what_came_nearest(calm):
    read = Read(drift_document(calm).html)
    text = " ".join(read.words)
    assert "No drift in 13 features and outputs" in text
    assert "Nearest to an alarm" in text
    assert len(json.loads(unpacked(read, "figures"))) == 3


def test_500_features_stay_small():
    rng = np.random.default_rng(3)
    before = {f"x{place}": rng.normal(size=400) for place in range(500)}
    after = {name: rng.normal(1.5, 1, 200) for name in before}
    document = drift_document(assay.detect_drift(before, after))
    assert len(document.html) - document.library_bytes < 1_000_000
    assert len(json.loads(unpacked(Read(document.html), "figures"))) == 13


def test_a_report_from_json_has_no_distributions_and_is_whole(drifted):
    read = Read(drift_document(replace(drifted, profiles=None)).html)
    assert list(json.loads(unpacked(read, "figures"))) == ["effects"]
    assert read.faults == []


def test_it_is_written_whole_or_not_at_all(drifted, tmp_path):
    path = assay.write_drift_report(drifted, tmp_path / "drift.html", reference="then", current="now")
    assert [one.name for one in tmp_path.iterdir()] == ["drift.html"]
    assert path.read_text().startswith("<!doctype html>")
    with pytest.raises(StorageError, match=r"cannot be written to '.*nowhere"):
        assay.write_drift_report(drifted, tmp_path / "nowhere" / "x.html")


@pytest.fixture(scope="module")
def file(drifted, tmp_path_factory) -> Path:
    return assay.write_drift_report(drifted, tmp_path_factory.mktemp("drift") / "drift.html")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_without_a_network_draws_it_and_finds_no_barrier(file, offline, theme):
    visit = offline(file, theme=theme)
    visit.until(READY)
    drawn = visit.page.evaluate(
        "[...document.querySelectorAll('[data-figure] .plot')].filter(plot => "
        "plot.querySelector('.scatterlayer path, .barlayer path')).length"
    )
    assert drawn == visit.page.locator("[data-figure]").count() == 5
    assert (visit.requests, visit.console) == ([file.as_uri()], [])
    assert visit.page.title() == "Drift: current · Assay"
    visit.page.evaluate(axe())
    found = visit.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.browser
def test_it_fits_a_phone_and_paper(file, offline):
    visit = offline(file, width=390)
    visit.until(READY)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    content = visit.page.pdf(format="A4")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 9
    assert visit.console == []
