"""JSON records: types, faults item by item, what is assumed."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime

import pytest

from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS, Kind, is_dynamic
from assay.errors import InvalidInput, TooLarge, Unreadable
from assay.monitoring.intake.json_body import read_json
from tests.monitoring.intake.bodies import NOW, codes, context, read_labels, read_predictions


def test_every_field_of_a_prediction_arrives_in_its_column() -> None:
    item = {
        "prediction_id": "p",
        "model_version": "v2",
        "timestamp": "2026-02-01T10:00:00+02:00",
        "features": {"n": 1, "x": 1.5, "s": "a", "b": True, "null": None},
        "prediction": "late",
        "score": 0.5,
        "probabilities": {"late": 0.5, "on time": 0.5},
        "confidence": 0.9,
        "latency_ms": 4,
        "preprocessing_ms": 1,
        "inference_ms": 2,
        "postprocessing_ms": 1,
        "error_type": "Timeout",
        "tags": {"region": "eu", "shift": 3},
        "action_raw": 0.25,
        "action_discretized": 1,
        "position_before": 0,
        "position_after": 1,
        "position_change": 1,
        "fold_id": 7,
    }
    # Twice: one item alone goes another way than several.
    for items in ([item], [item, item | {"prediction_id": "q"}]):
        table = read_predictions(items).table
        row = table.to_pylist()[0]
        assert row["timestamp"] == datetime(2026, 2, 1, 8, tzinfo=UTC)
        assert row["received_at"] == datetime.fromtimestamp(NOW / 1e6, tz=UTC)
        expected = {
            "prediction_id": "p",
            "model_version": "v2",
            "prediction_class": "late",
            "score": 0.5,
            "confidence": 0.9,
            "latency_ms": 4.0,
            "preprocessing_ms": 1.0,
            "inference_ms": 2.0,
            "postprocessing_ms": 1.0,
            "error_type": "Timeout",
            "action_raw": 0.25,
            "action_discretized": "1",
            "position_before": 0.0,
            "position_after": 1.0,
            "position_change": 1.0,
            "fold_id": "7",
            "n:n": 1,
            "n:x": 1.5,
            "s:s": "a",
            "b:b": True,
            "t:region": "eu",
            "t:shift": "3",
            "p:late": 0.5,
            "p:on time": 0.5,
        }
        assert {name: row[name] for name in row if name not in ("timestamp", "received_at")} == expected
        for field in table.schema:
            if not is_dynamic(field.name):
                assert field.type == PREDICTION_FIELDS[field.name]


def test_every_field_of_a_label_arrives_in_its_column() -> None:
    item = {
        "prediction_id": "p",
        "actual": True,
        "return": 0.01,
        "reward": -1,
        "observed_at": "2026-02-01T10:00:00Z",
    }
    for items in ([item], [item, {"prediction_id": 5, "actual": "late"}]):
        table = read_labels(items).table
        row = table.to_pylist()[0]
        assert (row["actual"], row["return"], row["reward"]) == (1.0, 0.01, -1.0)
        assert row["observed_at"] == datetime(2026, 2, 1, 10, tzinfo=UTC)
        assert all(field.type == LABEL_FIELDS[field.name] for field in table.schema)
    assert table.column("prediction_id").to_pylist() == ["p", "5"]
    assert table.column("actual_class").to_pylist() == [None, "late"]


def test_a_type_clash_becomes_a_second_column() -> None:
    values = [1, "a", 1.5, True, None, 2**70]
    intake = read_predictions([{"features": {"x": value}} for value in values])
    table = intake.table
    assert intake.rejected_total == 0
    assert table.column("n:x").to_pylist() == [1.0, None, 1.5, None, None, float(2**70)]
    assert table.column("s:x").to_pylist() == [None, "a", None, None, None, None]
    assert table.column("b:x").to_pylist() == [None, None, None, True, None, None]


@pytest.mark.parametrize("values", [[0.5, True], [True, 0.5], [1, True], [True, 1], [0.5, 1, False]])
def test_a_boolean_is_no_number(values: list[object]) -> None:
    table = read_predictions([{"features": {"x": value}} for value in values]).table
    expected = [None if isinstance(value, bool) else value for value in values]
    assert table.column("n:x").to_pylist() == expected
    assert table.column("b:x").to_pylist() == [value if isinstance(value, bool) else None for value in values]
    assert codes(read_predictions([{"score": 0.5}, {"score": True}])) == {1: "not_a_number"}


def test_whole_numbers_stay_whole_and_huge_ones_become_floats() -> None:
    table = read_predictions([{"features": {"a": 2**62, "b": 2**63, "c": 10**400}}] * 2).table
    row = table.to_pylist()[0]
    assert row["n:a"] == 2**62
    assert row["n:b"] == float(2**63)
    assert row["n:c"] == math.inf


@pytest.mark.parametrize("count", [1, 3])
def test_nan_and_infinity_are_kept(count: int) -> None:
    item = {"features": {"x": math.nan, "y": -math.inf}, "score": math.nan, "prediction": math.inf}
    table = read_predictions([item] * count).table
    row = table.to_pylist()[-1]
    assert math.isnan(row["n:x"])
    assert row["n:y"] == -math.inf
    assert math.isnan(row["score"])
    assert row["prediction"] == math.inf


def test_text_that_looks_like_nan_does_not_confuse() -> None:
    table = read_predictions([{"features": {"x": "NaN, Infinity", "y": math.nan}}]).table
    assert table.column("s:x").to_pylist() == ["NaN, Infinity"]


GOOD = {"prediction_id": "good", "features": {"x": 1}}
BAD = [
    ({"features": {"x": [1]}}, "wrong_type", "'x' in 'features' is a list"),
    ({"features": {"x": {"y": 1}}}, "wrong_type", "'x' in 'features' is an object"),
    ({"features": [1]}, "wrong_type", "a list"),
    ({"features": 5}, "wrong_type", "features must be an object, not 5"),
    ({"tags": "eu"}, "wrong_type", "tags must be an object"),
    ({"score": "0.5"}, "not_a_number", "score must be a number, not '0.5'"),
    ({"score": {}}, "wrong_type", "score must be a single value"),
    ({"latency_ms": False}, "not_a_number", "latency_ms"),
    ({"probabilities": {"a": "b"}}, "not_a_number", "probability of 'a'"),
    ({"prediction_id": ""}, "empty", "prediction_id is empty"),
    ({"prediction_id": 1.5}, "not_text", "prediction_id must be text"),
    ({"prediction_id": "a\0b"}, "not_text", "NUL"),
    ({"prediction_id": "a" * 10_241}, "too_long", "10241 bytes"),
    ({"prediction_id": "é" * 5_121}, "too_long", "10242 bytes"),
    ({"model_version": ""}, "empty", "model_version is empty"),
    ({"error_type": True}, "not_text", "error_type must be text"),
    ({"features": {"": 1}}, "bad_name", "the name of a feature is empty"),
    ({"features": {"a\0": 1}}, "bad_name", "NUL"),
    ({"tags": {"x" * 10_241: "y"}}, "bad_name", "the name of a tag is 10241 bytes long"),
    ({"tags": {"x": "y\0"}}, "not_text", "tag 'x' holds a NUL"),
    ({"unknown": 1}, "unknown_field", "there is no field 'unknown'"),
    ({"prediction_class": "x"}, "unknown_field", "prediction_class"),
    ({"received_at": "2026-01-01T00:00:00Z"}, "unknown_field", "received_at"),
    ({"timestamp": "yesterday"}, "bad_timestamp", "'yesterday' is no timestamp"),
    ({"timestamp": 1_700_000_000}, "bad_timestamp", "1700000000 is no timestamp"),
    ({"timestamp": "2026-02-30T00:00:00Z"}, "bad_timestamp", "is no timestamp"),
    ({"timestamp": "1969-12-31T23:59:59Z"}, "bad_timestamp", "1970"),
    ({"timestamp": "2200-01-01T00:00:00Z"}, "bad_timestamp", "2199"),
    ({"timestamp": "0001-01-01T00:00:00+23:59"}, "bad_timestamp", "1970"),
    ({"timestamp": "2026-03-02T12:00:01Z"}, "future_timestamp", "more than a day ahead"),
    (5, "wrong_type", "an item must be an object, not 5"),
    (None, "wrong_type", "an item must be an object"),
    ([], "wrong_type", "a list"),
]


@pytest.mark.parametrize(("bad", "code", "words"), BAD)
def test_a_bad_item_is_told_and_the_good_ones_are_kept(bad: object, code: str, words: str) -> None:
    intake = read_predictions([GOOD, bad, GOOD | {"prediction_id": "good 2"}])
    assert codes(intake) == {1: code}
    assert words in intake.rejected[0].message
    assert intake.table.column("prediction_id").to_pylist() == ["good", "good 2"]
    assert intake.table.column("n:x").to_pylist() == [1, 1]
    assert intake.index is not None
    assert intake.index.tolist() == [0, 2]
    alone = read_predictions([bad])
    assert codes(alone) == {0: code}
    assert alone.table.num_rows == 0


@pytest.mark.parametrize("text", ["\\ud800", "\\udc00x"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    # The second item has NaN, so that Python's json, which lets such texts through, reads the body.
    items = [
        f'{{"prediction_id": "{text}"}}',
        '{"prediction_id": "b", "score": NaN}',
        f'{{"prediction_id": "c", "features": {{"x": "{text}"}}}}',
        f'{{"prediction_id": "d", "prediction": "{text}"}}',
        f'{{"prediction_id": "e", "tags": {{"{text}": "x"}}}}',
    ]
    body = f'{{"model_id": "m", "predictions": [{", ".join(items)}]}}'
    intake = read_json(Kind.PREDICTIONS, body.encode(), context())
    assert intake.table.column("prediction_id").to_pylist() == ["b"]
    assert codes(intake) == {0: "not_text", 2: "not_text", 3: "not_text", 4: "bad_name"}


def test_a_column_of_bad_items_alone_leaves_no_column() -> None:
    intake = read_predictions([GOOD, {"features": {"only": 1}, "score": "x"}])
    assert "n:only" not in intake.table.column_names


def test_bad_labels() -> None:
    items = [
        {"prediction_id": "a", "actual": 1},
        {"actual": 1},
        {"prediction_id": None, "actual": 1},
        {"prediction_id": "b"},
        {"prediction_id": "c", "actual": None},
        {"prediction_id": "d", "actual": []},
        {"prediction_id": "e", "reward": 2},
        {"prediction_id": "f", "features": {}},
    ]
    intake = read_labels(items)
    assert intake.table.column("prediction_id").to_pylist() == ["a", "e"]
    assert codes(intake) == {
        1: "missing_id",
        2: "missing_id",
        3: "no_outcome",
        4: "no_outcome",
        5: "wrong_type",
        7: "wrong_type",
    }


def test_a_thousand_are_listed_and_all_are_counted() -> None:
    intake = read_predictions([{"score": "x"}] * 1_500 + [{}])
    assert len(intake.rejected) == 1_000
    assert intake.rejected_total == 1_500
    assert intake.table.num_rows == 1


def test_missing_ids_are_made_unique() -> None:
    intake = read_predictions([{}, {"prediction_id": "mine"}, *[{}] * 50])
    ids = intake.table.column("prediction_id").to_pylist()
    assert ids[1] == "mine"
    assert len(set(ids)) == 52


def test_times_without_zone_and_from_the_future_are_counted() -> None:
    stamps = ["2026-02-01T00:00:00", "2026-02-01", "2026-03-02T00:00:00Z", "2026-03-01T12:00:30Z", None]
    intake = read_predictions([{"timestamp": stamp} for stamp in stamps])
    assert (intake.naive_timestamps, intake.future_timestamps) == (2, 1)
    assert intake.notes == (
        "2 timestamps had no zone and were read as UTC",
        "1 timestamps are from the future, by up to a day; they were kept",
    )
    alone = read_predictions([{"timestamp": "2026-02-01T00:00:00"}])
    assert alone.naive_timestamps == 1


def test_versions() -> None:
    items = [{"model_version": "v1"}, {}, {"model_version": None}]
    assert read_predictions(items).table.column("model_version").to_pylist() == ["v1", "default", "default"]
    table = read_predictions(items, model_version="v9").table
    assert table.column("model_version").to_pylist() == ["v1", "v9", "v9"]
    assert read_predictions([{}], model_version="v9").table.column("model_version").to_pylist() == ["v9"]


UNREADABLE = [
    b"",
    b"{",
    b"nonsense",
    b'{"model_id": "m"} x',
    b"\xff\xfe",
    b'{"model_id": "\xff"}',
    b'{"model_id": "m", "predictions": [{"features": {"x": 1]}]}',
]
WRONG_SHAPE = [
    b"[]",
    b"5",
    b"{}",
    b'{"model_id": "m"}',
    b'{"model_id": 5, "predictions": []}',
    b'{"model_id": "", "predictions": []}',
    b'{"model_id": "m", "predictions": {}}',
    b'{"model_id": "m", "predictions": [], "columns": {}}',
    b'{"model_id": "m", "labels": []}',
    b'{"model_id": "m", "predictions": [], "extra": 1}',
    b'{"model_id": "m\\u0000", "predictions": [{}]}',
    b'{"model_id": "m", "predictions": NaN}',
    b'{"model_id": NaN, "predictions": []}',
    b"NaN",
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:30]))
def test_unreadable_bodies(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_json(Kind.PREDICTIONS, body, context())


@pytest.mark.parametrize("body", WRONG_SHAPE, ids=lambda body: repr(body[:50]))
def test_bodies_of_another_shape(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_json(Kind.PREDICTIONS, body, context())
    assert not isinstance(caught.value, (Unreadable, TooLarge))


@pytest.mark.parametrize("inside", [b"[", b'{"a":'])
@pytest.mark.parametrize("where", [b"%s", b'{"model_id": "m", "predictions": [%s', b'{"x": NaN, "y": %s'])
def test_deep_nesting_is_refused(inside: bytes, where: bytes) -> None:
    body = where % (inside * 100_000)
    with pytest.raises(InvalidInput):
        read_json(Kind.PREDICTIONS, body, context())
    closed = b'{"model_id": "m", "predictions": [{"features": {"x": %s%s}}, {}]}'
    with pytest.raises(Unreadable):
        read_json(Kind.PREDICTIONS, closed % (b"[" * 100_000, b"]" * 100_000), context())


def test_limits() -> None:
    body = json.dumps({"model_id": "m", "predictions": [{"features": {"a": 1, "b": 2}}] * 5}).encode()
    assert read_json(Kind.PREDICTIONS, body, context(items=5)).table.num_rows == 5
    for limits in ({"items": 4}, {"columns": 1}, {"cells": 9}):
        with pytest.raises(TooLarge):
            read_json(Kind.PREDICTIONS, body, context(**limits))
    sparse = json.dumps({"model_id": "m", "predictions": [{"features": {str(i): 1}} for i in range(200)]})
    with pytest.raises(TooLarge):
        read_json(Kind.PREDICTIONS, sparse.encode(), context(cells=10_000))


def test_the_model_may_be_named_elsewhere() -> None:
    body = b'{"predictions": [{}]}'
    assert read_json(Kind.PREDICTIONS, body, context(), model_id="x").model_id == "x"
    with pytest.raises(InvalidInput):
        read_json(Kind.PREDICTIONS, b'{"model_id": "y", "predictions": [{}]}', context(), model_id="x")


def test_a_body_of_very_many_objects_is_refused_before_they_are_made() -> None:
    body = b'{"model_id": "m", "predictions": [' + b"{}," * 2_000_000 + b"{}]}"
    begin = time.perf_counter()
    with pytest.raises(TooLarge):
        read_json(Kind.PREDICTIONS, body, context(items=100_000))
    with pytest.raises(TooLarge):
        read_json(Kind.PREDICTIONS, body, context(values=1_000_000))
    assert time.perf_counter() - begin < 1


def test_an_item_of_very_many_values_is_refused_before_it_is_made() -> None:
    pairs = b",".join(b'"%x":1' % number for number in range(1_000_000))
    body = b'{"model_id": "m", "predictions": [{"features": {%s}}, {}]}' % pairs
    begin = time.perf_counter()
    with pytest.raises(TooLarge, match="one item"):
        read_json(Kind.PREDICTIONS, body, context())
    assert time.perf_counter() - begin < 1


def test_a_long_text_is_no_item_of_many_values() -> None:
    intake = read_predictions([{"features": {"x": "y" * 2_000_000}}])
    assert intake.table.num_rows == 1


def test_very_many_bad_items_are_counted_quickly() -> None:
    body = b'{"model_id": "m", "predictions": [' + b'{"a":[]},' * 100_000 + b'{"score":1e400}]}'
    begin = time.perf_counter()
    intake = read_json(Kind.PREDICTIONS, body, context())
    assert time.perf_counter() - begin < 2
    assert intake.rejected_total == 100_000
    assert len(intake.rejected) == 1_000
    assert intake.table.column("score").to_pylist() == [math.inf]
