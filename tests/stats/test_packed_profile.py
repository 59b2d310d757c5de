"""Profiles left as they were written: any part of them is what the whole says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stats.laws import assert_same

from assay.errors import InvalidInput
from assay.stats.summaries import Column, FeatureProfile, Reference
from assay.stats.summaries.codec import Kind, Reader, Writer
from assay.stats.summaries.encoded_ints import EncodedInts
from assay.stats.summaries.packed_profile import PackedProfile

counts = st.one_of(
    st.lists(st.integers(0, 300), min_size=1, max_size=70),  # dense
    st.lists(st.sampled_from([0, 0, 1, 70_000]), min_size=1, max_size=70),  # a bitmap
    st.dictionaries(st.integers(0, 900), st.integers(1, 9), max_size=4).map(
        lambda kept: [kept.get(place, 0) for place in range(901)]  # gaps
    ),
)


def encoded(values: list[int]) -> EncodedInts:
    writer = Writer()
    writer.ints(values)
    return Reader(writer.finish(Kind.PROFILE), Kind.PROFILE).encoded_ints(size=len(values))


@given(counts, st.data())
def test_parts_ranks_and_sums_of_encoded_counts_are_those_of_the_array(
    values: list[int], data: st.DataObject
) -> None:
    written, array = encoded(values), np.array(values)
    ends = st.integers(0, len(values))
    low, high = sorted((data.draw(ends), data.draw(ends)))
    offsets = np.array([0, *sorted(data.draw(st.lists(ends, max_size=5))), len(values)])
    assert written.dense().tolist() == values
    assert written.cut(low, high).tolist() == values[low:high]
    expected = [int(array[a:b].sum()) for a, b in itertools.pairwise(offsets)]
    assert written.sums(offsets).tolist() == expected
    total = np.ones(len(values), dtype=np.int64)
    written.add_to(total)
    assert (total - 1).tolist() == values


def test_a_bitmap_with_bits_beyond_its_end_is_read_as_far_as_it_goes() -> None:
    bits = np.array([0b10100111], dtype=np.uint8)
    assert EncodedInts.set_bits(bits, 5) == 2
    written = EncodedInts(5, np.array([7, 9], dtype=np.uint8), bits=bits)
    assert written.dense().tolist() == [7, 0, 9, 0, 0]
    assert written.sums(np.array([0, 1, 5])).tolist() == [7, 9]


def columns(n: int, seed: int) -> dict[str, Column]:
    rng = np.random.default_rng(seed)
    return {
        "x": Column.numeric(rng.normal(size=n)),
        "none": Column.numeric([], missing=n),
        "word": Column.categorical(rng.choice(["a", "b", f"new-{seed}"], n)),
        "few": Column.numeric(rng.integers(0, 3, n)),
        f"unknown-{seed}": Column.numeric(rng.normal(size=n)),
    }


def test_some_features_of_stored_profiles_are_those_of_the_profiles_and_merge_alike() -> None:
    reference = Reference.of({k: v for k, v in columns(900, 0).items() if not k.startswith("unknown")})
    profiles = [FeatureProfile.of(columns(n, seed), reference) for seed, n in enumerate((3, 40, 700), 1)]
    packed = [PackedProfile.from_bytes(one.to_bytes(), reference.layout) for one in profiles]
    whole = FeatureProfile.merge_many(profiles)
    assert FeatureProfile.merge_many(packed).to_bytes() == whole.to_bytes()
    assert FeatureProfile.merge_many([packed[0], *profiles[1:]]).to_bytes() == whole.to_bytes()
    part = reference.layout.part(["few", "word"])
    cut = FeatureProfile.merge_many([FeatureProfile.cut(one, part) for one in packed])
    assert list(cut.features) == ["few", "word"]
    assert (cut.rows, cut.unknown_features) == (whole.rows, whole.unknown_features)
    for name, summary in cut.features.items():
        assert_same(summary, whole.features[name], rel=0, floor=0)
    assert set(cut.features["word"].new) == {"new-1", "new-2", "new-3"}  # type: ignore[union-attr]


def test_a_packed_profile_that_does_not_add_up_is_refused() -> None:
    reference = Reference.of({"x": Column.numeric([1.0, 2.0])})
    profile = FeatureProfile.of({"x": Column.numeric([1.0])}, reference)
    wrong = FeatureProfile(
        profile.layout, 1, profile.cells * 2, profile.tallies, profile.moments, profile.new, {}
    )
    with pytest.raises(InvalidInput, match="add up"):
        PackedProfile.from_bytes(wrong.to_bytes(), reference.layout)
    other = Reference.of({"x": Column.numeric([1.0, 3.0])})
    with pytest.raises(InvalidInput, match="another reference"):
        PackedProfile.from_bytes(profile.to_bytes(), other.layout)


def test_a_references_id_is_that_of_its_stored_bytes() -> None:
    reference = Reference.of(columns(50, 3), provisional=True)
    again = Reference.from_bytes(reference.to_bytes())
    assert again.id == reference.id
    assert Reference(again.layout, again.profile, again.provisional).id == reference.id


def test_many_profiles_are_added_up_in_threads_to_the_same() -> None:
    rng = np.random.default_rng(0)
    columns = {f"f{place}": Column.numeric(rng.normal(size=2_000)) for place in range(40)}
    reference = Reference.of(columns)
    stored = [
        FeatureProfile.of(
            {name: Column.numeric(rng.normal(size=300)) for name in columns}, reference
        ).to_bytes()
        for _ in range(31)
    ]
    packed = [PackedProfile.from_bytes(data, reference.layout) for data in stored]
    assert reference.layout.size * len(packed) > 1 << 21
    merged = FeatureProfile.merge_many(packed)
    total = np.zeros(reference.layout.size, dtype=np.int64)
    for data in stored:
        total += FeatureProfile.from_bytes(data, reference).cells
    assert (merged.cells == total).all()
    assert merged.rows == 31 * 300
    some = reference.layout.part(["f7", "f3"])
    assert merged.part(some).features["f3"].counts.tolist() == merged.features["f3"].counts.tolist()
    assert (
        merged.part(some).to_dict()
        == FeatureProfile.merge_many([FeatureProfile.cut(one, some) for one in packed]).to_dict()
    )
