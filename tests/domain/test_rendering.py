"""How results show themselves, whatever their names and numbers are."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.answers import Calibration, IngestAnswer, MetricWindow, PartHealth, Rejected, ServiceHealth
from assay.domain.rendering import Table, number, plain, share
from assay.stats.metrics import Estimate

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=200)


def window(**metrics):
    estimates = {name: Estimate(name, value, 10, low=0.1, high=0.9) for name, value in metrics.items()}
    return MetricWindow(START, END, 20, 10, 0.5, estimates)


def test_a_window_shows_value_interval_and_coverage():
    text = repr(window(accuracy=0.75, roc_auc=None))
    assert "50% labelled" in text
    assert text.splitlines()[2].split() == ["accuracy", "0.75", "0.1", "to", "0.9", "10"]
    assert "–" in text.splitlines()[3]


def test_columns_of_figures_end_in_one_place():
    lines = Table("t", ("name", "n"), [("a", "1"), ("b", "1,000")]).text().splitlines()
    assert len({len(line) for line in lines[1:]}) == 1


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the base class's signature
        self.tags.add(tag)


@given(name=ANY_TEXT)
def test_no_name_steers_a_terminal_or_a_page(name):
    table = Table(name, ("name", name), [(name, "1")], [name])
    text = table.text()
    assert text.replace("\n", "").isprintable()
    assert len(text.split("\n")) == 4
    parser = Tags()
    parser.feed(table.html())
    assert parser.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "small"}


@given(value=st.floats() | st.none())
def test_every_number_is_written(value):
    text = number(value)
    assert text
    if value is not None and math.isfinite(value) and value:
        assert float(text.replace(",", "")) == pytest.approx(value, rel=1e-2)


def test_a_share_is_never_rounded_to_all():
    assert share(0.99999) == "99.9%"
    assert share(1.0) == "100%"
    assert share(0.123) == "12.3%"


def test_plain_values_are_json():
    calibration = Calibration(
        START, END, 3, 2, 0.5, ((0.1, 0.0, 2),), {("1", "0"): 2}, (0.0, 1.0), {"1": (2,)}
    )
    health = ServiceHealth(False, (PartHealth("disk", "failed", "full", {"free": 0.0}),))
    for answer in (calibration, health, window(accuracy=0.5)):
        assert json.loads(json.dumps(answer.to_dict())) == answer.to_dict()
    assert calibration.to_dict()["confusion"] == [{"actual": "1", "predicted": "0", "n": 2}]
    assert "not ready" in repr(health)


def test_what_was_rejected_is_shown():
    answer = IngestAnswer("m", 1, rejected=(Rejected(3, "bad", "x must be a number"),), rejected_total=1)
    assert "item 3: x must be a number" in repr(answer)


def test_nested_values_become_plain():
    assert plain({1: (START, {"a"})}) == {"1": ["2024-01-01T00:00:00+00:00", ["a"]]}
