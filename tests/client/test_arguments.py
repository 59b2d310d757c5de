"""Times, slices and settings, as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from assay.client.arguments import settings_of
from assay.domain.time import DAY
from assay.domain.window import micros_of, pair_of
from assay.errors import InvalidInput


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 2, tzinfo=UTC),
        datetime(1970, 1, 2),  # noqa: DTZ001 - a time without zone is UTC
        datetime(1970, 1, 2, 5, tzinfo=timezone(timedelta(hours=5))),
        "1970-01-02",
        "1970-01-02T00:00Z",
        "1970-01-02T02:00:00+02:00",
    ],
)
def test_one_moment_in_many_ways(moment):
    assert micros_of("start", moment) == DAY


@pytest.mark.parametrize("moment", ["yesterday", "2024-13-01", 17, ""])
def test_what_is_no_time_is_refused(moment):
    with pytest.raises(InvalidInput, match="start"):
        micros_of("start", moment)


def test_slices():
    assert pair_of("slice", None) is None
    assert pair_of("slice", ("a", "b:c")) == ("a", "b:c")
    assert pair_of("slice", "a:b:c") == ("a", "b:c")
    with pytest.raises(InvalidInput, match="tag:value"):
        pair_of("slice", "region")


def test_settings():
    assert settings_of({"label_horizon": "2d", "slices": ["a"]}) == {
        "label_horizon": 2 * DAY,
        "slices": ("a",),
    }
    with pytest.raises(InvalidInput, match="positive_class"):
        settings_of({"positiv_class": "1"})
    with pytest.raises(InvalidInput, match="list"):
        settings_of({"slices": "region"})
