"""A window is covered once, by few buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.time import DAY, HOUR, MINUTE, Granularity
from assay.errors import InvalidInput
from assay.monitoring.coverage import cover, plan_steps, snap

moments = st.integers(0, 3 * 366 * DAY)


@given(moments, moments, st.sampled_from([Granularity.MINUTE, Granularity.HOUR]))
def test_the_pieces_join_up_and_are_aligned(a, b, finest):
    start, end = sorted((finest.floor(a), finest.floor(b)))
    pieces = cover(start, end, finest)
    at = start
    for piece in pieces:
        assert piece.start == at < piece.end
        assert piece.granularity.floor(piece.start) == piece.start
        assert piece.granularity.floor(piece.end) == piece.end
        at = piece.end
    assert at == end or start == end
    assert len(pieces) <= 7


@given(moments, moments)
def test_few_buckets_are_read(a, b):
    start, end = sorted((Granularity.HOUR.floor(a), Granularity.HOUR.floor(b)))
    buckets = 0
    for piece in cover(start, end, Granularity.HOUR):
        at = piece.start
        while at < piece.end:
            at = piece.granularity.next(at)
            buckets += 1
    assert buckets <= 2 * 23 + 2 * 30 + 36


@given(moments, moments, moments)
def test_snapping_only_widens(a, b, since):
    start, end = sorted((a, b + 1))
    if start == end:
        end += 1
    low, high = snap(start, end, Granularity.MINUTE, minutes_since=since)
    assert low <= start < end <= high
    assert start - low < HOUR
    assert high - end < HOUR
    if Granularity.HOUR.floor(start) >= since:
        assert start - low < MINUTE


def test_an_empty_window_is_refused():
    with pytest.raises(InvalidInput, match="empty"):
        snap(10, 10, Granularity.HOUR, minutes_since=0)


def test_steps_are_refused_where_nothing_is_stored_for_them():
    with pytest.raises(InvalidInput, match="multiple of one hour"):
        plan_steps(0, DAY, 90 * MINUTE, Granularity.HOUR)
    with pytest.raises(InvalidInput, match="at most 5000"):
        plan_steps(0, 5001 * HOUR, HOUR, Granularity.HOUR)


def test_a_step_of_days_reads_days_only_where_they_begin_at_midnight():
    assert plan_steps(0, 3 * DAY, DAY, Granularity.HOUR)[0] is Granularity.DAY
    assert plan_steps(HOUR, 3 * DAY + HOUR, DAY, Granularity.HOUR)[0] is Granularity.HOUR
