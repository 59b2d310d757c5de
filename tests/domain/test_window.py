"""What a reader asks for is read once, and written again as it was meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.time import DAY, HOUR, MINUTE, SECOND, duration_text, parse_duration
from assay.domain.window import EVERYTHING, WindowQuery
from assay.errors import InvalidInput

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MICROS = st.integers(-(10**15), 4 * 10**15)
DURATIONS = st.builds(  # those that somebody can have written: numbers have nine digits at most
    lambda number, unit: number * unit, st.integers(1, 36_500), st.sampled_from([SECOND, MINUTE, HOUR, DAY])
) | st.integers(1, 10**9 - 1).map(lambda seconds: seconds * SECOND)


@given(
    window=st.builds(
        lambda start, length, step, version, pair: WindowQuery(start, start + length, step, version, pair),
        MICROS,
        st.integers(1, 10**15),
        st.none() | DURATIONS,
        st.none() | NAMES,
        st.none() | st.tuples(NAMES, NAMES),
    )
)
def test_what_is_written_for_a_window_is_read_as_that_window(window: WindowQuery) -> None:
    assert WindowQuery.of(**window.arguments()) == window


@given(DURATIONS)
def test_a_written_duration_is_read_as_the_same(micros: int) -> None:
    assert parse_duration(duration_text(micros)) == micros


def test_times_and_slices_may_be_written_in_several_ways() -> None:
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    written = [moment, "2024-03-01T12:00", moment.astimezone(timezone(timedelta(hours=5)))]
    assert len({WindowQuery.of(start=one, slice="region:a:b") for one in written}) == 1
    assert WindowQuery.of(slice="region:a:b") == WindowQuery.of(slice=("region", "a:b"))


def test_bounds_that_are_not_given_are_those_of_what_is_stored() -> None:
    first, last, now = 10 * DAY, 20 * DAY, 90 * DAY
    assert EVERYTHING.bounds(first, last, now=now) == (first, last)
    assert EVERYTHING.bounds(None, None, now=now) == (now - DAY, now)
    assert WindowQuery(period=HOUR).bounds(first, last, now=now) == (last - HOUR, last)
    assert WindowQuery(period=HOUR, end=15 * DAY).bounds(first, last, now=now) == (15 * DAY - HOUR, 15 * DAY)
    assert WindowQuery(start=12 * DAY).bounds(first, last, now=now) == (12 * DAY, last)
    with pytest.raises(InvalidInput, match="empty"):
        WindowQuery(start=21 * DAY).bounds(first, last, now=now)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"period": "7d", "start": "2024-01-01"}, "not both"),
        ({"start": "2024-01-02", "end": "2024-01-01"}, "empty"),
        ({"start": "soon"}, "no time"),
        ({"step": "often"}, "no duration|not a duration"),
        ({"slice": "region"}, "tag:value"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, str], match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        WindowQuery.of(**given)


def test_a_duration_has_the_largest_unit_that_fits() -> None:
    assert [duration_text(one) for one in (DAY, 36 * HOUR, 90 * MINUTE, SECOND)] == ["1d", "36h", "90m", "1s"]
