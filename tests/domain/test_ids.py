"""UUIDs of version 7."""

from __future__ import annotations

import uuid

import pytest

from assay.domain.ids import new_ids


@pytest.mark.parametrize("count", [1, 8, 9, 1_000])
def test_they_are_uuids_of_version_7_with_the_clock_in_them(count: int) -> None:
    now = 1_772_366_400_123_456
    ids = new_ids(count, now=now).to_pylist()
    assert len(set(ids)) == count
    for text in ids:
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 7
        assert parsed.variant == uuid.RFC_4122
        assert parsed.int >> 80 == now // 1_000


def test_few_and_many_are_made_alike() -> None:
    def entropy(size: int) -> bytes:
        return (bytes(range(1, 11)) * size)[:size]

    few = new_ids(2, now=5_000_000, entropy=entropy).to_pylist()
    many = new_ids(20, now=5_000_000, entropy=entropy).to_pylist()
    assert set(many) == set(few)
    assert len(set(few)) == 1
