"""What each format may say, and what cannot be used."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import TooLarge, Unreadable
from assay.monitoring.intake.context import Limits
from assay.monitoring.intake.imports.flat import flat_row
from assay.monitoring.intake.imports.json_items import items_of, leading_object
from assay.monitoring.intake.imports.options import BadItem, ImportOptions
from assay.monitoring.intake.imports.outcomes import ARGMAX, outcome_of
from assay.monitoring.intake.imports.payloads import input_rows, output_rows
from assay.monitoring.intake.imports.reading import Payload, Reading, read_import
from assay.monitoring.intake.imports.tensors import Binary, rows_of

NUMPY = {
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
}  # fmt: skip


def read(name: str, item: Any, **options: Any) -> Reading:
    body = item if isinstance(item, bytes) else json.dumps(item).encode()
    return read_import(name, Payload(body=body), ImportOptions(**options), Limits(items=50))


def options(**given: Any) -> ImportOptions:
    return ImportOptions(**given)


# -- tensors -----------------------------------------------------------------------------------------


@given(st.data(), st.sampled_from(sorted(NUMPY)), st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_tensors_read_as_numpy_reads_them(data: st.DataObject, datatype: str, shape: list[int]) -> None:
    raw = data.draw(st.binary(min_size=64 * 8, max_size=64 * 8))
    count = math.prod(shape)
    values = np.frombuffer(raw, dtype=NUMPY[datatype], count=count)
    rows = values.reshape(shape[0], -1) if shape[0] and count else np.empty((shape[0], 0))
    expected = values.tolist() if len(shape) == 1 else rows.tolist()
    binary = {"binary_data_size": values.nbytes}
    tensor = {"name": "x", "shape": shape, "datatype": datatype}
    _, found = rows_of({**tensor, "parameters": binary}, Binary(values.tobytes()))
    assert repr(found) == repr(expected)
    for form in (values, values.reshape(shape)):
        text = json.dumps({**tensor, "data": form.tolist()})
        _, found = rows_of(json.loads(text))
        assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": [2, 3]}, "needs 6"),
        ({"shape": [-1, 4]}, "shape"),
        ({"shape": [True]}, "shape"),
        ({"shape": "4"}, "shape"),
        ({"shape": [10**30, 10**30]}, "needs"),
        ({"shape": [10**9, 0], "data": []}, "rows"),
        ({"datatype": "FP8"}, "there are BOOL"),
        ({"datatype": ["FP32"]}, "there are BOOL"),
        ({"datatype": "INT64"}, "holds 0.5"),
        ({"datatype": "BYTES"}, "holds"),
        ({"datatype": "BOOL"}, "holds"),
        ({"data": {"a": 1}}, "object"),
        ({"data": [[1, {"a": 1}], [2, 3]]}, "object"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"parameters": {"binary_data_size": 16}}, "Inference-Header-Content-Length"),
        ({"parameters": {"binary_data_size": -1}}, "binary_data_size"),
        ({"parameters": {"binary_data_size": 10**30}}, "binary"),
    ],
)
def test_tensors_that_contradict_themselves(change: dict[str, Any], words: str) -> None:
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [0.5, 2, 3, None]}
    assert rows_of(tensor) == ("x", [[0.5, 2], [3, None]])
    with pytest.raises(BadItem, match=words):
        rows_of(tensor | change)


def test_binary_texts() -> None:
    def tensor(data: bytes) -> Any:
        parameters = {"binary_data_size": len(data)}
        return rows_of(
            {"name": "w", "shape": [2], "datatype": "BYTES", "parameters": parameters}, Binary(data)
        )

    one, other = struct.pack("<I", 0), struct.pack("<I", 3) + "aé".encode()
    assert tensor(one + other) == ("w", ["", "aé"])
    for bad in (other, one + other[:-1], one + other + b"\0", one + struct.pack("<I", 1) + b"\xff"):
        with pytest.raises(BadItem):
            tensor(bad)


def test_data_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = [deep, deep] if not isinstance(deep, list) else [deep]
    with pytest.raises(BadItem, match="nested"):
        rows_of({"name": "x", "shape": [2], "datatype": "INT64", "data": deep})
    with pytest.raises(BadItem, match="nested"):
        flat_row(_nested(40))


def _nested(depth: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return {"n": value}


# -- features ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "names", "rows"),
    [
        ({"instances": [1, 2]}, (), [{"f0": 1}, {"f0": 2}]),
        ({"instances": [[1, [2, 3]]]}, (), [{"f0": 1, "f1": 2, "f2": 3}]),
        ({"instances": [[1, "x"]]}, ("a", "b"), [{"a": 1, "b": "x"}]),
        ({"instances": [{"a": [1, 2], "b": {"c": None}}]}, (), [{"a_0": 1, "a_1": 2, "b.c": None}]),
        ({"inputs": {"a": [1, 2], "b": ["x", "y"]}}, (), [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ({"inputs": {"a": 1, "b": "x"}}, (), [{"a": 1, "b": "x"}]),
        ({"inputs": [[1, 2]]}, (), [{"f0": 1, "f1": 2}]),
        ({"dataframe_split": {"columns": ["a"], "index": [7], "data": [[1], [2]]}}, (), [{"a": 1}, {"a": 2}]),
        ({"dataframe_split": {"data": [[1, 2]]}}, (), [{"f0": 1, "f1": 2}]),
        ({"dataframe_split": {"columns": [0], "data": [[1]]}}, (), [{"0": 1}]),
        ({"dataframe_records": [{"a": 1}, {"b": 2}]}, (), [{"a": 1}, {"b": 2}]),
        ({"instances": []}, (), []),
        (
            {
                "inputs": [
                    {"name": "t", "shape": [1, 3], "datatype": "INT8", "data": [1, 2, 3]},
                    {"name": "u", "shape": [1, 1], "datatype": "BYTES", "data": ["x"]},
                ]
            },
            ("a", "b", "c"),
            [{"u": "x", "a": 1, "b": 2, "c": 3}],
        ),
    ],
)
def test_features_by_name(document: Any, names: tuple[str, ...], rows: Any) -> None:
    assert input_rows(document, options(feature_names=names)) == rows


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"instances": {"a": 1}}, "list of rows"),
        ({"instances": [[1]]}, "2 names"),
        ({"inputs": {"a": [1, 2], "b": [1]}}, "equally long"),
        ({"inputs": {"a": [1, 2], "b": 1}}, "equally long"),
        ({"dataframe_split": []}, "columns and data"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "1 columns"),
        ({"dataframe_split": {"columns": ["a"], "data": [5]}}, "list"),
        ({"columns": ["a"]}, "'columns'"),
        ({}, "nothing"),
        ("text", "list of rows"),
        ({"instances": [list(range(10_001))]}, "10000"),
        ({"instances": [{"x": list(range(10_001))}]}, "10000"),
        (
            {
                "inputs": [
                    {"name": name, "shape": [size], "datatype": "INT8", "data": [1] * size}
                    for name, size in (("a", 1), ("b", 2))
                ]
            },
            "1 rows",
        ),
        ({"inputs": [{"name": "a", "shape": [1], "datatype": "INT8", "data": [1]}] * 2}, "one name"),
    ],
)
def test_requests_that_cannot_be_used(document: Any, words: str) -> None:
    with pytest.raises(BadItem, match=words):
        input_rows(document, options(feature_names=("a", "b")))


# -- outcomes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "given", "fields"),
    [
        (3, {}, {"prediction": 3}),
        ("spam", {}, {"prediction": "spam"}),
        (True, {}, {"prediction": True}),
        (None, {}, {"prediction": None}),
        ([[0.7]], {}, {"prediction": 0.7}),
        (0.7, {"score": "prediction"}, {"score": 0.7}),
        ([1, 0.7], {"output": "prediction_0", "score": "prediction_1"}, {"prediction": 1, "score": 0.7}),
        (
            [0.2, 0.5, 0.3],
            {"classes": ("a", "b", "c")},
            {"probabilities": {"a": 0.2, "b": 0.5, "c": 0.3}, "prediction": "b"},
        ),
        (
            {"output_label": 1, "output_probability": {"0": 0.25, "1": 0.75}},
            {},
            {"prediction": 1, "probabilities": {"0": 0.25, "1": 0.75}, "score": 0.75},
        ),
        (
            {"cat": 0.25, "dog": 0.75},
            {},
            {"probabilities": {"cat": 0.25, "dog": 0.75}, "prediction": "dog", "score": 0.75},
        ),
        ({"score": 0.25}, {}, {"prediction": 0.25}),
        ({"score": 0.25, "predicted_label": 0}, {}, {"score": 0.25, "prediction": 0}),
        ({"a": 1, "b": 2}, {"output": "b"}, {"prediction": 2}),
        ({"a": 1, "b": 0.5}, {"output": "a", "score": "b"}, {"prediction": 1, "score": 0.5}),
        ({"y_1": 5, "y": [7, 8]}, {"output": "y_1"}, {"prediction": 5}),
    ],
)
def test_outcomes(output: Any, given: dict[str, Any], fields: Any) -> None:
    notes: set[str] = set()
    assert outcome_of(output, options(**given), notes) == fields
    assert (ARGMAX in notes) == ("probabilities" in fields and "output_label" not in output)


@pytest.mark.parametrize(
    ("output", "given", "words"),
    [
        ([3.5, 4.5], {}, "output=prediction_0"),
        ([0.5, 0.6], {}, "no probabilities"),
        ([], {}, "no prediction"),
        ({}, {}, "no prediction"),
        ({"a": 1, "b": 2}, {}, "output=NAME"),
        ({"a": 1}, {"output": "b"}, "'a'"),
        ({"a": 1}, {"score": "b"}, "'a'"),
        ([1, 2], {"output": "prediction_2"}, "2 values"),
        ([1, 2], {"output": "prediction_99999999999"}, "no output"),
        ([0.5, 0.5], {"classes": ("a",)}, "1 names"),
        ({"a": 1, "p": [0.5, 0.5]}, {"output": "a", "score": "p"}, "p_1"),
    ],
)
def test_outcomes_that_are_not_clear(output: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadItem, match=words):
        outcome_of(output, options(**given), set())


def test_rows_of_responses() -> None:
    assert output_rows([1, 2]) == [1, 2]
    assert output_rows({"outputs": {"y": [1, 2]}}) == [{"y": 1}, {"y": 2}]
    assert output_rows({"outputs": [[1], [2]]}) == [[1], [2]]
    tensor = {"name": "output-0", "shape": [2], "datatype": "INT8", "data": [1, 2]}
    assert output_rows({"outputs": [tensor]}) == [1, 2]
    with pytest.raises(BadItem, match="predictions or outputs"):
        output_rows({"error": "x"})


# -- bodies ------------------------------------------------------------------------------------------


def test_bodies_are_documents_lists_or_lines() -> None:
    limits = Limits(items=3, values=10)
    assert items_of(b'{"a": NaN}', limits)[0]["a"] != 0
    assert items_of(b"[1, 2]", limits) == [1, 2]
    assert items_of(b'{"a":\n1}', limits) == [{"a": 1}]
    first, bad, last = items_of(b'{"a": 1}\r\n\r\nnope\n{"a": 123456789012345678901234567890}', limits)
    assert (first, last["a"]) == ({"a": 1}, 123456789012345678901234567890)
    assert isinstance(bad, BadItem)
    with pytest.raises(TooLarge):
        items_of(b"1\n2\n3\n4", limits)
    with pytest.raises(TooLarge):
        items_of(b"," * 11, limits)
    for body in (b"", b"nope", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(Unreadable):
            items_of(body, limits)


def test_json_before_binary_data_ends_where_it_ends() -> None:
    head = json.dumps({"a": "é}"}, ensure_ascii=False).encode()
    for length in (None, len(head)):
        assert leading_object(head + b"\x00\xff{", length) == ({"a": "é}"}, b"\x00\xff{")
    for bad in (b"", b"\xff", b"nope"):
        with pytest.raises(BadItem):
            leading_object(bad, None)
    with pytest.raises(BadItem, match="99"):
        leading_object(head, 99)


def test_more_rows_than_may_be_are_refused() -> None:
    item = {"request": {"instances": [[1]] * 51}, "response": {"predictions": [1] * 51}}
    with pytest.raises(TooLarge, match="50 rows"):
        read("mlflow", item, model="m")


# -- formats -----------------------------------------------------------------------------------------


def only(reading: Reading) -> Any:
    assert reading.rejected == []
    ((_, exchange),) = reading.exchanges
    return exchange


def test_rows_of_inference_tables() -> None:
    row = {
        "databricks_request_id": "db",
        "client_request_id": None,
        "timestamp_ms": 1_700_000_000_123,
        "status_code": 200,
        "execution_time_ms": 12,
        "request": json.dumps({"dataframe_records": [{"a": 1}]}),
        "response": json.dumps({"predictions": [1]}),
        "request_metadata": {"model_name": "fraud", "model_version": "4", "endpoint_name": "e"},
    }
    one = only(read("mlflow", row))
    assert (one.model, one.version, one.request_id) == ("fraud", "4", "db")
    assert (one.timestamp, one.latency_ms) == ("2023-11-14T22:13:20.123000+00:00", 12)
    failed = only(read("mlflow", row | {"status_code": 500, "response": "Internal error"}))
    assert (failed.features, failed.outcomes, failed.error_type) == ([{"a": 1}], None, "HTTP 500")
    gateway = {
        "databricks_request_id": "g",
        "request_time": "2026-01-05T10:00:00Z",
        "execution_duration_ms": 3.5,
        "served_entity_id": "e1",
        "status_code": 200,
        "request": {"dataframe_records": [{"a": 1}], "client_request_id": "mine"},
        "response": {"predictions": [1]},
    }
    one = only(read("mlflow", gateway, model="m"))
    assert (one.version, one.timestamp, one.latency_ms) == ("e1", "2026-01-05T10:00:00Z", 3.5)
    for moment in (-1, 1e300, "x", True):
        assert read("mlflow", row | {"timestamp_ms": moment}).rejected[0].code == "bad_timestamp"


def capture(data: str, encoding: str, kind: str, **more: Any) -> dict[str, Any]:
    side = {"observedContentType": kind, "mode": "INPUT", "data": data, "encoding": encoding}
    return {"captureData": {"endpointInput": side}, "eventMetadata": {"eventId": "e"} | more}


@pytest.mark.parametrize(
    ("data", "encoding", "kind", "rows"),
    [
        ("1,2.5,x,,1e3", "CSV", "text/csv", [{"f0": 1, "f1": 2.5, "f2": "x", "f3": None, "f4": 1000.0}]),
        ('"a,""b""",1_0\n7,8\n\n', "CSV", "text/csv", [{"f0": 'a,"b"', "f1": "1_0"}, {"f0": 7, "f1": 8}]),
        ('{"instances": [{"a": 1}]}', "JSON", "application/json", [{"a": 1}]),
        ('{"a": 1}', "JSON", "application/json", [{"a": 1}]),
        ('{"a": 1}\n{"a": 2}', "JSON", "application/jsonlines", [{"a": 1}, {"a": 2}]),
        ('{"a": 1}\n{"a": 2}\n', "JSON", "application/jsonl; charset=utf-8", [{"a": 1}, {"a": 2}]),
        ('{"a": 1}\n{"a": 2}', "JSON", "application/x-ndjson", [{"a": 1}, {"a": 2}]),
        ("MSwy", "BASE64", "text/csv; charset=utf-8", [{"f0": 1, "f1": 2}]),
        (base64.b64encode(b'{"inputs": [[1]]}').decode(), "BASE64", "", [{"f0": 1}]),
    ],
)
def test_captured_data(data: str, encoding: str, kind: str, rows: Any) -> None:
    one = only(read("sagemaker", capture(data, encoding, kind, inferenceId="mine"), model="m"))
    assert (one.features, one.outcomes, one.request_id) == (rows, None, "mine")


@pytest.mark.parametrize(
    ("data", "encoding", "kind"),
    [
        ("!", "BASE64", "text/csv"),
        (base64.b64encode(b"\xff").decode(), "BASE64", "application/x-npy"),
        ("{", "JSON", "application/json"),
        ("a\0b", "CSV", "text/csv"),
        ('"open', "CSV", "text/csv"),
        ("x", "AVRO", "text/csv"),
        (5, "CSV", "text/csv"),
    ],
)
def test_captured_data_that_cannot_be_read(data: Any, encoding: str, kind: str) -> None:
    assert read("sagemaker", capture(data, encoding, kind), model="m").rejected_total == 1


def test_ground_truth() -> None:
    def truth(data: Any, encoding: str = "CSV", **metadata: Any) -> Reading:
        item = {"groundTruthData": {"data": data, "encoding": encoding}, "eventMetadata": metadata}
        return read("sagemaker", item, model="m")

    assert truth("1", eventId="e").labels == [(0, "m", [{"prediction_id": "e", "actual": 1}])]
    rows = truth("a\nb", eventId="e", inferenceTime="2026-01-01T00:00:00Z").labels[0][2]
    assert [(row["prediction_id"], row["actual"]) for row in rows] == [("e:0", "a"), ("e:1", "b")]
    assert truth(2.5, "JSON", eventId="e").labels[0][2][0]["actual"] == 2.5
    for bad in (truth("1"), truth("1,2", eventId="e"), truth('{"a": 1}', "JSON", eventId="e")):
        assert bad.rejected_total == 1
    assert read("sagemaker", {"groundTruthData": {"data": "1"}}).rejected[0].code == "no_model"


def test_request_and_response_together_must_have_as_many_rows() -> None:
    tensor = {"name": "x", "shape": [2], "datatype": "INT8", "data": [1, 2]}
    other = {"name": "y", "shape": [1], "datatype": "INT8", "data": [1]}
    item = {"request": {"inputs": [tensor]}, "response": {"model_name": "m", "outputs": [other]}}
    assert read("open-inference", item).rejected[0].code == "rows_differ"
    alone = read("open-inference", {"model_name": "m", "inputs": [tensor]})
    assert alone.rejected[0].code == "no_id"
    whole = only(read("open-inference", {"response": item["response"]}))
    assert (whole.whole, whole.request_id, whole.features) == (True, "", None)


EVENT = {"id": "1", "type": "org.kubeflow.serving.inference.request", "inferenceservicename": "m"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "other"}, "other_event"),
        ({"type": 5}, "bad_event"),
        ({"id": ""}, "no_id"),
        ({"component": "transformer"}, "other_component"),
        ({"inferenceservicename": None}, "no_model"),
        ({"data": "not json"}, "unreadable"),
        ({"data": None}, "no_inputs"),
        ({"data_base64": "!"}, "bad_event"),
        ({"data_base64": 5}, "bad_event"),
    ],
)
def test_events_that_cannot_be_used(change: dict[str, Any], code: str) -> None:
    good = EVENT | {"data": {"instances": [[1]]}}
    assert only(read("kserve", good)).features == [{"f0": 1}]
    assert read("kserve", good | change).rejected[0].code == code
