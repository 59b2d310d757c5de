"""Names, numbers and spark lines as they are shown."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.dashboard.names import model_from_slug, model_path, model_slug
from assay.dashboard.spark import HEIGHT, WIDTH, spark
from assay.errors import NotFound
from assay.figures.names import plotly_text, shown
from assay.figures.numbers import count_text, interval_text, share_text, short_count, span_text, value_text
from tests.dashboard.traffic import HOSTILE

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(NAMES)
def test_an_address_stands_for_one_model(name):
    slug = model_slug(name)
    assert model_from_slug(slug) == name
    assert slug not in (".", "..")
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~=")
    assert model_path(name) == f"/models/{slug}"


@pytest.mark.parametrize("name", [".", "..", "~", "a/b", "%2e", "a b", "ü", "-x"])
def test_names_that_browsers_would_rewrite_are_encoded(name):
    assert model_slug(name).startswith("~")


@pytest.mark.parametrize("slug", ["~", "~a", "~!!", "~_w", "~/w"])
def test_a_broken_address_is_not_found(slug):
    if slug == "~":
        assert model_from_slug(slug) == ""
        return
    with pytest.raises(NotFound, match="names no model"):
        model_from_slug(slug)


@given(NAMES, st.integers(3, 80))
def test_shown_names_are_short_and_visible(name, limit):
    text = shown(name, limit=limit)
    assert len(text) <= limit
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text)
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    if len(name) <= limit and name.isalnum():
        assert text == name


@given(NAMES)
def test_plotly_reads_no_tags_and_no_tex(name):
    text = plotly_text(name, limit=10_000)
    assert not set(text) & set("<>$")
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&#36;", "$"), ("&amp;", "&")):
        text = text.replace(entity, char)
    assert text == shown(name, limit=10_000)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_recognisable(name):
    assert shown(name)[:3].replace("\N{REPLACEMENT CHARACTER}", "") in name


@given(st.floats(0, 1))
def test_only_nothing_and_all_are_shown_as_such(share):
    assert (share_text(share) == "0%") == (share == 0)
    assert (share_text(share) == "100%") == (share == 1)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["ratio", "share", "ms", "number"]))
def test_every_value_has_a_text(value, unit):
    text = value_text(value, unit)
    assert text
    assert (text == "–") == (not math.isfinite(value))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.00012345, "number", "0.000123"),
        (1234.5, "number", "1,234"),
        (12.345, "ms", "12.3 ms"),
        (2500.0, "ms", "2.50 s"),
        (0.5, "ratio", "0.500"),
        (-0.062, "change", "-6.2 pp"),
        (0.0001, "change", "0"),
        (-3.2e9, "number", "-3.2e+09"),
    ],
)
def test_values(value, unit, text):
    assert value_text(value, unit) == text


def test_intervals_say_their_unit_once():
    assert interval_text(0.1, 0.2, "ratio") == "0.100 – 0.200"
    assert interval_text(900, 1100, "ms") == "900 ms – 1.10 s"
    assert interval_text(0, 0.01, "share") == "0 – 1.0%"


@given(st.integers(0, 10**12))
def test_counts(count):
    assert int(count_text(count).replace(",", "")) == count
    assert len(short_count(count)) <= 8


def test_spans():
    day = datetime(2013, 12, 30, tzinfo=UTC)
    assert span_text(day, day + timedelta(days=4)) == "30 Dec 2013 – 2 Jan 2014"
    assert span_text(day, day + timedelta(minutes=15)) == "30 Dec 2013, 00:00 – 00:15"
    assert span_text(day, day + timedelta(days=9, hours=5)) == "30 Dec 2013 – 8 Jan 2014"


@given(st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=500), st.booleans())
def test_spark_lines_stay_in_their_box(values, zero):
    drawn = spark(values, zero=zero)
    finite = [value for value in values if value is not None and math.isfinite(value)]
    assert bool(drawn.line) == bool(finite)
    points = [pair.split(",") for pair in re.sub("[MLh]", " ", drawn.line.replace("h0", "")).split()]
    assert len(points) <= 60
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in points)


def test_a_gap_in_a_spark_line_stays_a_gap():
    drawn = spark([1.0, 2.0, None, 1.0, 3.0])
    assert drawn.line.count("M") == 2
    assert "h0" not in drawn.line


def test_a_point_between_gaps_is_a_dot():
    drawn = spark([1.0, None, 2.0, None])
    assert drawn.line.count("h0") == 2
    assert drawn.area.count("Z") == 2
