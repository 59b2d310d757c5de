"""What an address asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.dashboard.view import MAX_WINDOWS, PRESETS, STEPS, View, parse_view
from assay.domain.answers import ModelView
from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, MINUTE, from_micros
from assay.errors import InvalidInput

NOW = 1_700_000_000_000_000


def model(first: int | None, last: int | None, **changes: object) -> ModelView:
    view = ModelView(
        model=Model("m"),
        versions=("v1",),
        slices={"a": ("1",), "a:b": ("2",)},
        first=None if first is None else from_micros(first // HOUR * HOUR),
        last=None if last is None else from_micros(last // HOUR * HOUR + HOUR),
        predictions=1,
        labelled=0,
        waiting_labels=0,
        orphan_labels=0,
        reference=None,
    )
    return replace(view, **changes)


ages = st.integers(0, 3_000 * DAY)


@given(ages, ages, st.sampled_from([*PRESETS, "2h", "3d", "1w", "400d"]), st.sampled_from(["", *STEPS]))
def test_every_period_is_cut_into_few_whole_windows(older, newer, period, step):
    last = NOW - min(older, newer)
    first = NOW - max(older, newer)
    view = parse_view({"period": period, "step": step}, model(first, last), now=NOW)
    windows = (view.end - view.start) / view.step
    assert windows == int(windows)
    assert 1 <= windows <= MAX_WINDOWS + 2
    assert view.start <= last <= view.end or period == "all" or view.end >= last
    if view.start < NOW - 48 * HOUR:
        assert view.step >= HOUR


def test_live_data_ends_now_and_history_at_its_newest_event():
    live = parse_view({"period": "7d"}, model(NOW - 90 * DAY, NOW - 2 * DAY), now=NOW)
    assert not live.at_newest
    assert live.end >= NOW
    past = parse_view({"period": "7d"}, model(NOW - 900 * DAY, NOW - 700 * DAY), now=NOW)
    assert past.at_newest
    assert abs(past.end - (NOW - 700 * DAY)) <= 2 * HOUR
    assert past.end - past.start >= 7 * DAY


def test_a_young_model_fills_the_page():
    view = parse_view({}, model(NOW - 20 * MINUTE, NOW), now=NOW)
    assert view.period == "30d"
    assert view.end - view.start <= 2 * HOUR
    assert view.step == MINUTE


def test_a_model_without_predictions_has_a_period():
    view = parse_view({"period": "all"}, model(None, None), now=NOW)
    assert view.start < view.end


def test_weeks_begin_on_monday():
    view = parse_view({"period": "all"}, model(NOW - 400 * DAY, NOW), now=NOW)
    assert view.step == 7 * DAY
    assert from_micros(view.start).weekday() == 0


def test_given_moments():
    view = parse_view({"start": "2023-01-01", "end": "2023-02-01T00:00+00:00"}, model(0, NOW), now=NOW)
    assert from_micros(view.start).isoformat() == "2023-01-01T00:00:00+00:00"
    assert from_micros(view.end).isoformat() == "2023-02-01T00:00:00+00:00"
    assert view.period == "custom"
    assert view.query(period="7d") == "period=7d"
    assert "start=2023-01-01" in view.query(version="v1")


@pytest.mark.parametrize(
    "params",
    [
        {"period": "fortnight"},
        {"period": "-3d"},
        {"step": "1y"},
        {"start": "yesterday"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31T23:59:59"},
        {"start": "2023-02-01", "end": "2023-01-01"},
        {"slice": "region"},
        {"slice": "region:north"},
    ],
)
def test_what_is_not_understood_is_said(params):
    with pytest.raises(InvalidInput, match=r".{20}"):
        parse_view(params, model(0, NOW), now=NOW)


def test_a_slice_key_may_hold_a_colon():
    assert parse_view({"slice": "a:b:2"}, model(0, NOW), now=NOW).slice == ("a:b", "2")
    assert parse_view({"slice": "a:c"}, model(0, NOW), now=NOW).slice == ("a", "c")


def test_the_period_before():
    view = View("7d", 10 * DAY, 17 * DAY, DAY, version="v", slice=("a", "1"))
    assert (view.previous.start, view.previous.end) == (3 * DAY, 10 * DAY)
    assert (view.previous.version, view.previous.slice) == ("v", ("a", "1"))


def test_the_default_is_left_out_of_addresses():
    view = parse_view({"version": "v 1&x", "slice": "a:1"}, model(0, NOW), now=NOW)
    assert view.query() == "version=v+1%26x&slice=a%3A1"
    assert view.query(version=None, slice=None) == "period=30d"


def test_small_lines_of_a_day_are_by_the_hour_and_all_others_as_the_charts():
    day = parse_view({"period": "24h"}, model(NOW - 9 * DAY, NOW), now=NOW)
    assert day.step == 15 * MINUTE
    assert day.for_lines == replace(day, step=HOUR)
    for period in ("2h", "7d", "30d", "all"):
        view = parse_view({"period": period}, model(NOW - 40 * DAY, NOW), now=NOW)
        assert view.for_lines is view
