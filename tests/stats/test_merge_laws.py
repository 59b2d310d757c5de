"""The law of summaries: however rows are cut and merged again, the result is that of all rows at once."""

from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stats.cases import CASES, classes, numbers, scores
from tests.stats.laws import assert_same, fold, parts_of

from assay.stats.summaries import (
    CategoricalSummary,
    Categories,
    ClassificationSummary,
    Column,
    FeatureProfile,
    Reference,
    RegressionSummary,
    TrafficSummary,
)

every_case = pytest.mark.parametrize("name", sorted(CASES))


@every_case
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_cut_in_any_order_gives_the_whole(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    rows = data.draw(st.lists(case.row, max_size=30))
    parts = data.draw(parts_of(rows))
    whole = case.of(rows)
    assert_same(fold(data, [case.of(part) for part in parts]), whole)


@every_case
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_bytes_read_back(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    summary = case.of(data.draw(st.lists(case.row, max_size=30)))
    written = summary.to_bytes()
    read = case.read(written)
    assert_same(read, summary, rel=0, floor=0)
    assert read.to_bytes() == written
    assert_same(read + case.of([]), summary, rel=0, floor=0)


@given(data=st.data(), limit=st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_new_categories_are_exact_however_bounded(data: st.DataObject, limit: int) -> None:
    rows = data.draw(st.lists(st.integers(0, 12).map(str), max_size=40))
    categories = Categories(("0", "1"))
    with patch("assay.stats.summaries.categorical.MAX_NEW", limit):
        parts = [CategoricalSummary.of(part, categories) for part in data.draw(parts_of(rows))]
        merged = fold(data, parts)
        assert_same(merged, CategoricalSummary.of(rows, categories))
    counts = Counter(rows)
    assert len(merged.new) == min(limit, len(counts.keys() - {"0", "1"}))
    assert all(counts[name] == count for name, count in merged.new.items())
    assert merged.n == len(rows)


@given(data=st.data(), limit=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_features_bound_their_categories_alike(data: st.DataObject, limit: int) -> None:
    rows = data.draw(st.lists(st.integers(0, 12).map(str), max_size=40))
    reference = Reference.of({"x": Column.categorical(["0"])})

    def of(part: list[str]) -> FeatureProfile:
        columns = {"x": Column.categorical(part)} | {f"u{value}": Column.categorical(part) for value in part}
        return FeatureProfile.of(columns, reference, rows=len(part))

    with (
        patch("assay.stats.summaries.categorical.MAX_NEW", limit),
        patch("assay.stats.summaries.feature_profile.MAX_NEW", limit),
        patch("assay.stats.summaries.feature_profile.MAX_UNKNOWN", limit),
    ):
        parts = [of(part) for part in data.draw(parts_of(rows))]
        assert_same(FeatureProfile.merge_many(parts).features["x"], of(rows).features["x"])
        merged = fold(data, parts)
        assert_same(merged.features["x"], of(rows).features["x"])
        assert len(merged.unknown_features) <= limit


@given(data=st.data(), limit=st.integers(1, 5), exact=st.booleans())
@settings(max_examples=60, deadline=None)
def test_classes_are_exact_however_bounded(data: st.DataObject, limit: int, exact: bool) -> None:
    many = st.integers(0, 9).map(str)
    row = st.tuples(many | st.none(), many | st.none(), scores)
    rows = data.draw(st.lists(row, max_size=40))

    def of(part: list[tuple[str | None, str | None, float]]) -> ClassificationSummary:
        columns = [[one[i] for one in part] for i in range(3)]
        return ClassificationSummary.of(*columns, exact=exact)

    with (
        patch("assay.stats.summaries.classification.MAX_CLASSES", limit),
        patch("assay.stats.summaries.scores.MAX_CLASSES", limit),
        patch("assay.stats.summaries.classes.union.__defaults__", (limit,)),
    ):
        merged = fold(data, [of(part) for part in data.draw(parts_of(rows))])
        assert_same(merged, of(rows))
    assert len(merged.classes) <= limit
    kept = set(merged.classes)
    pairs = Counter((a, p) for a, p, _ in rows if a in kept and p in kept)
    for pair, count in merged.confusion.items():
        if None not in pair:
            assert pairs[pair] == count
    assert merged.correct == sum(a == p for a, p, _ in rows if a is not None and p is not None)


@given(rows=st.lists(st.tuples(classes, classes, scores), max_size=30), exact=st.booleans())
@settings(max_examples=60, deadline=None)
def test_labels_that_come_later_give_the_same_outcomes(rows: list[tuple], exact: bool) -> None:
    actual, predicted, score = ([row[i] for row in rows] for i in range(3))
    whole = ClassificationSummary.of(actual, predicted, score, exact=exact)
    before = ClassificationSummary.of([None] * len(rows), predicted, score, exact=exact)
    after = ClassificationSummary.of(actual, predicted, score, exact=exact, late=True)
    assert_same(before + after, whole)


@given(rows=st.lists(st.tuples(numbers, numbers), max_size=30))
@settings(max_examples=60, deadline=None)
def test_truths_that_come_later_give_the_same_errors(rows: list[tuple[float, float]]) -> None:
    actual, predicted = [row[0] for row in rows], [row[1] for row in rows]
    before = RegressionSummary.of([float("nan")] * len(rows), predicted)
    after = RegressionSummary.of(actual, predicted, late=True)
    assert_same(before + after, RegressionSummary.of(actual, predicted))


def test_exact_scores_merged_with_counted_ones_are_counted() -> None:
    rows = [("1", "1", 0.25), ("0", "1", 0.75)]
    columns = [[row[i] for row in rows] for i in range(3)]
    exact, counted = (ClassificationSummary.of(*columns, exact=flag) for flag in (True, False))
    assert_same(exact + counted, counted + counted)


def test_error_types_beyond_the_limit_still_count_as_errors() -> None:
    many = [f"error {i}" for i in range(80)]
    summary = TrafficSummary.of(timestamps=range(80), errors=many)
    assert len(summary.error_types) == 50
    assert summary.errors == 80
    halves = TrafficSummary.of(timestamps=range(40), errors=many[:40]) + TrafficSummary.of(
        timestamps=range(40, 80), errors=many[40:]
    )
    assert_same(halves, summary)
