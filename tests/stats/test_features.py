"""Profiles of features: the same as their features' own summaries; references that keep what they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.stats.laws import assert_same

from assay.errors import InvalidInput
from assay.stats.summaries import (
    CategoricalSummary,
    Categories,
    Column,
    FeatureProfile,
    NumericCells,
    NumericSummary,
    Reference,
)
from assay.stats.summaries.texts import encode_texts


def sample(n: int, seed: int = 0) -> dict[str, Column]:
    rng = np.random.default_rng(seed)
    return {
        "x": Column.numeric(np.append(rng.normal(size=n - 2), [math.nan, math.inf])),
        "": Column.numeric(rng.integers(0, 5, n - 1), missing=1),
        "word\n<b>": Column.categorical(rng.choice(["a", "b", "c"], n)),
    }


def test_a_profile_holds_each_features_summary() -> None:
    reference, columns = Reference.of(sample(300)), sample(400, seed=1)
    profile = FeatureProfile.of(columns, reference)
    assert list(profile.features) == ["x", "", "word\n<b>"]
    for name in ("x", ""):
        column, cells = columns[name], reference.features[name]
        assert isinstance(cells, NumericCells)
        expected = NumericSummary.of(column.values, cells, missing=column.missing)
        assert_same(profile.features[name], expected, rel=0, floor=0)
    categories = reference.features["word\n<b>"]
    assert isinstance(categories, Categories)
    word = columns["word\n<b>"]
    expected_word = CategoricalSummary.of((word.codes, word.dictionary), categories)
    assert_same(profile.features["word\n<b>"], expected_word)
    assert all(summary.rows == 400 for summary in profile.features.values())


def test_absent_unknown_and_mistyped_features_are_counted() -> None:
    reference = Reference.of({"x": Column.numeric([1.0, 2.0]), "w": Column.categorical(["a", "b"])})
    columns = {
        "x": Column.categorical(["1", None, "3"]),
        "y": Column.numeric([1.0], missing=2),
        "z": Column.categorical(["q", None, None]),
    }
    profile = FeatureProfile.of(columns, reference)
    x, w = profile.features["x"], profile.features["w"]
    assert (x.n, x.missing, x.mistyped) == (0, 1, 2)
    assert (w.n, w.missing, w.mistyped) == (0, 3, 0)
    assert profile.unknown_features == {"y": 1, "z": 1}
    numbers = FeatureProfile.of({"w": Column.numeric([1.0, 2.0], missing=1)}, reference)
    assert (numbers.features["w"].mistyped, numbers.features["w"].missing) == (2, 1)
    both = profile + numbers
    assert both.rows == 6
    assert all(summary.rows == 6 for summary in both.features.values())


def test_columns_of_different_length_are_refused() -> None:
    reference = Reference.of({"x": Column.numeric([1.0])})
    with pytest.raises(InvalidInput, match="rows"):
        FeatureProfile.of({"x": Column.numeric([1.0]), "y": Column.numeric([1.0, 2.0])}, reference)
    with pytest.raises(InvalidInput, match="rows"):
        FeatureProfile.of({"x": Column.numeric([1.0])}, reference, rows=2)


def test_profiles_under_other_references_do_not_merge_or_read() -> None:
    a, b = Reference.of(sample(100)), Reference.of(sample(100, seed=1))
    with pytest.raises(InvalidInput, match="different references"):
        a.profile.merge(b.profile)
    with pytest.raises(InvalidInput, match="another reference"):
        FeatureProfile.from_bytes(a.profile.to_bytes(), b)
    with pytest.raises(InvalidInput, match="no profiles"):
        FeatureProfile.merge_many([])


def test_a_reference_reads_back_and_keeps_its_id() -> None:
    reference = Reference.of(sample(5000))
    read = Reference.from_bytes(reference.to_bytes())
    assert read.id == reference.id
    assert len(reference.id) == 32
    assert (read.rows, read.provisional) == (5000, False)
    assert_same(read.profile.features["x"], reference.profile.features["x"], rel=0, floor=0)
    profile = FeatureProfile.of(sample(50), reference)
    assert_same(FeatureProfile.from_bytes(profile.to_bytes(), read).features["x"], profile.features["x"])


def test_a_references_id_tells_references_apart() -> None:
    column = Column.numeric([1.0, 2.0, 2.0])
    ids = {
        Reference.of({"x": column}).id,
        Reference.of({"x": column}, provisional=True).id,
        Reference.of({"y": column}).id,
        Reference.of({"x": Column.numeric([1.0, 1.0, 2.0])}).id,
        Reference.of({"x": Column.categorical(["1", "2", "2"])}).id,
        Reference.of({}, rows=3).id,
    }
    assert len(ids) == 6
    assert Reference.of({"x": column}).id == Reference.of({"x": Column.numeric([2.0, 1.0, 2.0])}).id


def test_the_reference_profile_is_that_of_its_rows() -> None:
    columns = sample(3000)
    reference = Reference.of(columns)
    again = FeatureProfile.of(columns, reference)
    assert again.to_bytes() == reference.profile.to_bytes()


def test_no_features_and_no_rows() -> None:
    reference = Reference.of({}, rows=7)
    profile = FeatureProfile.of({"x": Column.numeric([1.0])}, reference)
    assert FeatureProfile.from_bytes(profile.to_bytes(), reference).rows == 1
    assert Reference.from_bytes(reference.to_bytes()).rows == 7
    empty = Reference.of({"x": Column.numeric([]), "w": Column.categorical([])})
    later = FeatureProfile.of({"x": Column.numeric([1.0]), "w": Column.categorical(["a"])}, empty)
    read = FeatureProfile.from_bytes((later + FeatureProfile.empty(empty)).to_bytes(), empty)
    assert read.features["x"].n == 1
    assert read.features["w"].new == {"a": 1}


def test_threads_give_what_one_thread_gives() -> None:
    rng = np.random.default_rng(0)
    columns = {f"f{i}": Column.numeric(rng.normal(size=60_000)) for i in range(6)}
    reference = Reference.of(columns)
    for name, column in columns.items():
        alone = NumericCells.from_values(column.values)
        assert reference.features[name] == alone
        assert_same(reference.profile.features[name], NumericSummary.of(column.values, alone), rel=0, floor=0)


def test_only_the_most_frequent_categories_are_named() -> None:
    values = ["often"] * 3 + [f"id {i}" for i in range(50)]
    categories = Categories.from_values(values, max_categories=10)
    assert categories.size == 10
    assert "often" in categories.names
    assert not categories.complete
    assert Categories.from_values(values).complete
    summary = CategoricalSummary.of(values, categories)
    assert (summary.n, summary.unnamed) == (53, 41)


def test_long_texts_stay_apart() -> None:
    texts = ["x" * 5000 + "1", "x" * 5000 + "2", "\ud800"]
    categories = Categories.from_values(texts)
    assert categories.size == 3
    assert max(map(len, categories.names)) < 256
    assert CategoricalSummary.of(texts, categories).counts.tolist() == [1, 1, 1]


def test_texts_become_codes() -> None:
    for values in (["b", None, "a"], np.array(["b", None, "a"], dtype=object), ["b", math.nan, "a"]):
        codes, names = encode_texts(values)
        assert codes.tolist() == [0, -1, 1]
        assert names == ["b", "a"]
    assert encode_texts(np.array(["b", "a", "b"]))[0].tolist() == [1, 0, 1]
    assert encode_texts((np.array([0, -1], dtype=np.int8), ["q"]))[0].tolist() == [0, -1]
    for bad in ([1], [b"x"], (np.array([1]), ["q"]), (np.array([-2]), ["q"])):
        with pytest.raises(InvalidInput):
            encode_texts(bad)
