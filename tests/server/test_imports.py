"""Importing over HTTP: what platforms send, as they send it."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import zstandard
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from assay.testing import HOSTILE_NAMES
from tests.server.conftest import Live

FORMATS = ("kserve", "open-inference", "sagemaker", "mlflow")


def event(side: str, call: str, model: str, **more: str) -> dict[str, str]:
    """Headers of an event of the logger; names of attributes as Go's client writes them."""
    return {
        "Ce-Specversion": "1.0",
        "Ce-Id": call,
        "Ce-Type": f"org.kubeflow.serving.inference.{side}",
        "Ce-Source": "http://localhost:9081/",
        "Ce-Inferenceservicename": model,
        "Ce-Namespace": "prod",
        "Ce-Component": "predictor",
        "Ce-Endpoint": "canary",
        "Ce-Metadata": "{}",
        "Ce-Time": "2026-01-05T10:00:00.123456Z",
        "Content-Type": "application/json",
    } | more


def post(live: Live, name: str, body: Any, headers: dict[str, str] | None = None, **params: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"} | (headers or {})
    return live.http.post(f"/api/v1/import/{name}", content=content, headers=sent, params=params)


def stored(live: Live, model: str) -> list[dict[str, Any]]:
    path = f"/api/v1/models/{model}/predictions"
    answer = live.http.get(path, params={"wait": 20, "limit": 1000})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["predictions"]
    return sorted(found, key=lambda one: one["prediction_id"])


@pytest.mark.parametrize("order", [("request", "response"), ("response", "request")])
def test_the_two_events_of_a_call_become_its_rows(live: Live, order: tuple[str, str]) -> None:
    model = f"iris-{order[0]}"
    bodies = {
        "request": {"instances": [[6.8, 2.8], [6.0, 3.4]]},
        "response": {"predictions": [1, 0]},
    }
    first = post(live, "kserve", bodies[order[0]], event(order[0], "c1", model)).json()
    assert (first["accepted"], first["waiting"]) == (0, 1)
    second = post(live, "kserve", bodies[order[1]], event(order[1], "c1", model)).json()
    assert (second["accepted"], second["waiting"]) == (2, 0)
    assert second["models"] == [{"model_id": model, "predictions": 2, "labels": 0}]
    one, other = stored(live, model)
    assert (one["prediction_id"], other["prediction_id"]) == ("c1:0", "c1:1")
    assert one["features"] == {"f0": 6.8, "f1": 2.8}
    assert (one["prediction"], other["prediction"]) == ("1", "0")
    assert one["model_version"] == "canary"
    assert one["tags"] == {"namespace": "prod"}
    assert one["timestamp"].startswith("2026-01-05T10:00:00.123456")
    again = post(live, "kserve", bodies["request"], event("request", "c1", model)).json()
    assert (again["accepted"], again["waiting"], again["duplicates"]) == (0, 0, 1)
    assert len(stored(live, model)) == 2


def test_structured_and_batched_events(live: Live) -> None:
    def structured(side: str, call: str, data: Any) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": call,
            "type": f"org.kubeflow.serving.inference.{side}",
            "source": "x",
            "inferenceservicename": "structured",
            "data": data,
        }

    request = structured("request", "a", {"instances": [{"amount": 2.5, "country": "DE"}]})
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    assert post(live, "kserve", request, headers).json()["waiting"] == 1
    encoded = structured("response", "a", None)
    del encoded["data"]
    encoded["data_base64"] = base64.b64encode(b'{"predictions": ["fraud"]}').decode()
    batch = [
        encoded,
        structured("request", "b", {"instances": [[1]]}),
        structured("response", "b", {"predictions": [0]}),
        {"type": "com.example.other", "id": "x"},
    ]
    answer = post(live, "kserve", batch, {"Content-Type": "application/cloudevents-batch+json"}).json()
    assert (answer["items"], answer["accepted"], answer["rejected_total"]) == (4, 2, 1)
    assert answer["waiting"] == 0
    assert answer["rejected"][0]["index"] == 3
    assert answer["rejected"][0]["code"] == "other_event"
    one = stored(live, "structured")[0]
    assert (one["features"], one["prediction"]) == ({"amount": 2.5, "country": "DE"}, "fraud")


def test_binary_tensors(live: Live) -> None:
    header = json.dumps(
        {
            "id": "bin-1",
            "model_name": "bin",
            "inputs": [
                {"name": "x", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": 16}},
                {"name": "c", "shape": [2], "datatype": "BYTES", "parameters": {"binary_data_size": 10}},
            ],
        }
    ).encode()
    data = struct.pack("<4f", 1, 2, 3, 4) + b"\1\0\0\0a" + b"\1\0\0\0b"
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(header)),
    }
    answer = post(live, "open-inference", header + data, headers).json()
    assert answer["waiting"] == 1
    response = {
        "id": "bin-1",
        "model_name": "bin",
        "model_version": "7",
        "outputs": [{"name": "predict", "shape": [2], "datatype": "INT64", "data": [4, 5]}],
    }
    assert post(live, "open-inference", response).json()["accepted"] == 2
    one, other = stored(live, "bin")
    assert one["features"] == {"x_0": 1.0, "x_1": 2.0, "c": "a"}
    assert other["features"] == {"x_0": 3.0, "x_1": 4.0, "c": "b"}
    assert (other["prediction"], other["model_version"]) == ("5", "7")
    short = post(live, "open-inference", header + data[:-1], headers)
    assert short.status_code == 422
    assert "ends early" in short.json()["detail"]


@pytest.mark.parametrize("lines_type", ["application/jsonlines", "application/jsonl"])
def test_capture_lines_and_their_ground_truth(live: Live, lines_type: str) -> None:
    model = f"churn-{lines_type.rpartition('/')[2]}"
    captured = [
        {
            "captureData": {
                "endpointInput": {
                    "observedContentType": "text/csv",
                    "mode": "INPUT",
                    "data": f"{i},25.5,no",
                    "encoding": "CSV",
                },
                "endpointOutput": {
                    "observedContentType": "text/csv; charset=utf-8",
                    "mode": "OUTPUT",
                    "data": f"0.{i}",
                    "encoding": "CSV",
                },
            },
            "eventMetadata": {"eventId": f"e{i}", "inferenceTime": f"2026-02-0{i}T20:31:13Z"},
            "eventVersion": "0",
        }
        for i in range(1, 5)
    ]
    lines = "\n".join(map(json.dumps, captured)).encode() + b"\nnot json\n"
    names = {"model": model, "feature_names": 'days,minutes,"a,plan"', "score": "prediction"}
    headers = {"Content-Type": lines_type, "Content-Encoding": "gzip"}
    answer = post(live, "sagemaker", gzip.compress(lines), headers, **names).json()
    assert (answer["items"], answer["accepted"], answer["rejected_total"]) == (5, 4, 1)
    assert answer["rejected"][0]["index"] == 4
    truth = {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "e2"},
        "eventVersion": "0",
    }
    body = zstandard.compress(json.dumps(truth).encode())
    answer = post(live, "sagemaker", body, {"Content-Encoding": "zstd"}, model=model).json()
    assert answer["models"] == [{"model_id": model, "predictions": 0, "labels": 1}]
    found = stored(live, model)[1]
    assert found["features"] == {"days": 2, "minutes": 25.5, "a,plan": "no"}
    assert found["score"] == 0.2
    assert found["timestamp"].startswith("2026-02-02T20:31:13")
    assert found["truth"] == "1"


def test_an_idempotency_key_counts_once(live: Live) -> None:
    item = {"request": {"instances": [[1]]}, "response": {"predictions": [1]}}
    headers = {"Idempotency-Key": str(uuid4())}
    first = post(live, "mlflow", item, headers, model="once")
    second = post(live, "mlflow", item, headers, model="once")
    assert first.json() == second.json()
    assert len(stored(live, "once")) == 1
    third = post(live, "mlflow", [item, item], headers, model="once")
    assert third.status_code == 409


@pytest.mark.parametrize(
    ("name", "body", "params", "status", "words"),
    [
        ("cortex", {}, {}, 422, "format"),
        ("kserve", b"", {}, 400, "JSON"),
        ("kserve", b"{", {}, 400, "JSON"),
        ("mlflow", {"request": {"instances": [[1]]}, "response": {"predictions": [1]}}, {}, 422, "model="),
        ("mlflow", {"request": {"x": 1}}, {"model": "m"}, 422, "instances"),
        ("mlflow", {"request": {"instances": [[1]]}, "response": {}}, {"model": "m"}, 422, "predictions"),
        (
            "mlflow",
            {"request": {"instances": [[1]]}, "response": {"predictions": [[3, 4]]}},
            {"model": "m"},
            422,
            "output=prediction_0",
        ),
        (
            "mlflow",
            {"request": {"instances": [[1]]}, "response": {"predictions": [1, 2]}},
            {"model": "m"},
            422,
            "rows",
        ),
        ("mlflow", {}, {"model": "m", "feature_names": "a,,b"}, 422, "feature_names"),
        ("mlflow", {}, {"model": "m", "classes": "a,a"}, 422, "twice"),
        ("mlflow", {}, {"model": "m\0"}, 422, "NUL"),
        ("mlflow", {}, {"modle": "m"}, 422, "modle"),
        ("sagemaker", {"captureData": {}}, {"model": "m"}, 422, "endpointInput"),
        ("open-inference", {"inputs": [], "id": "x"}, {}, 422, "model="),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(
    live: Live, name: str, body: Any, params: dict[str, str], status: int, words: str
) -> None:
    answer = post(live, name, body, **params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text


def test_other_types_and_large_bodies_are_refused(live: Live) -> None:
    assert post(live, "kserve", b"x", {"Content-Type": "text/plain"}).status_code == 415
    assert post(live, "kserve", b"{}", {"Content-Encoding": "br"}).status_code == 415
    assert post(live, "mlflow", b" " * (5 << 20)).status_code == 413
    bomb = gzip.compress(b" " * (17 << 20))
    assert post(live, "mlflow", bomb, {"Content-Encoding": "gzip"}).status_code == 413


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"model": "ways"},
        {"model": "ways", "feature_names": 'a,"b,c"', "classes": "x,y"},
        {"model": "ways", "feature_names": "a,,b"},
        {"model": "ways\0"},
        {"model": "wäys", "score": "prediction"},
        {"modle": "ways"},
        {"model": ["a", "b"]},
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"x": 1}', b'{"request": {"instances": [[1, 2]]}, "response": [0.25]}']
)
def test_both_ways_of_a_request_give_the_same_answer(
    live: Live, name: str, query: dict[str, Any], body: bytes
) -> None:
    quick = post(live, name, body, **query)
    # A body whose length is not told goes the framework's way.
    path, headers = f"/api/v1/import/{name}", {"Content-Type": "application/json"}
    usual = live.http.post(path, content=iter([body]), headers=headers, params=query)
    assert "content-length" not in usual.request.headers
    assert quick.status_code == usual.status_code
    assert quick.json() == usual.json()
    assert quick.headers.keys() == usual.headers.keys()


def test_small_requests_share_commits(live: Live) -> None:
    def both(call: int) -> int:
        with httpx.Client(base_url=f"http://localhost:{live.port}") as http:
            bodies = {"request": {"instances": [[call]]}, "response": {"predictions": [call]}}
            answers = [
                http.post("/api/v1/import/kserve", json=body, headers=event(side, f"s{call}", "shared"))
                for side, body in bodies.items()
            ]
        return int(answers[-1].json()["accepted"])

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(both, range(64))) == [1] * 64
    assert len(stored(live, "shared")) == 64


def test_hostile_names_are_stored_as_they_are(live: Live) -> None:
    for place, name in enumerate(HOSTILE_NAMES):
        item = {
            "request": {"dataframe_records": [{name: 1.5}]},
            "response": {"predictions": [{"prediction": name}]},
            "client_request_id": name,
        }
        answer = post(live, "mlflow", item, model=f"hostile-{place}")
        assert answer.status_code == 200, answer.text
        (row,) = stored(live, f"hostile-{place}")
        assert row["prediction_id"] == row["prediction"] == name
        assert row["features"] == {name: 1.5}


WORDS = [
    "request", "response", "inputs", "outputs", "instances", "predictions", "name", "shape", "id",
    "datatype", "data", "parameters", "binary_data_size", "captureData", "endpointInput",
    "endpointOutput", "encoding", "groundTruthData", "eventMetadata", "eventId", "dataframe_split",
    "columns", "type", "data_base64", "timestamp_ms", "inferenceTime", "x",
]  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(FORMATS), body=JSONS | st.binary(max_size=40), binary=st.booleans(), data=st.data()
)
def test_garbage_is_never_the_servers_fault(
    live: Live, name: str, body: Any, binary: bool, data: st.DataObject
) -> None:
    headers = {}
    if binary:
        media = data.draw(st.sampled_from(["application/octet-stream", "application/json", ""]))
        headers = event(data.draw(st.sampled_from(["request", "response"])), uuid4().hex, "garbage")
        headers |= {"Content-Type": media}
        if data.draw(st.booleans()):
            headers["Inference-Header-Content-Length"] = data.draw(
                st.sampled_from(["0", "1", "9", "x", "-1", "9" * 30])
            )
    answer: httpx.Response = post(live, name, body, headers, model="garbage")
    assert answer.status_code in (200, 400, 415, 422), answer.text


@pytest.fixture
def guarded(
    tmp_path: Path, serve_app: Callable[[FastAPI], Live]
) -> Iterator[tuple[Live, Callable[..., str]]]:
    """A server that asks for keys, and what makes one."""
    own = Settings(data_dir=tmp_path / "data", require_keys=True)
    service = build_service(own)

    def key(*scopes: str, models: list[str] | None = None) -> str:
        return service.access.keys.create("logger", scopes=list(scopes), models=models).secret

    yield serve_app(create_app(service, own)), key
    service.close()


def test_a_key_may_stand_in_the_address_and_is_bound_to_its_models(
    guarded: tuple[Live, Callable[..., str]],
) -> None:
    live, key = guarded
    ours, other, reader = key("ingest", models=["iris"]), key("ingest"), key("read")

    def send(model: str, user: str | None, password: str) -> httpx.Response:
        auth = None if user is None else httpx.BasicAuth(user, password)
        url = f"http://localhost:{live.port}/api/v1/import/kserve"
        return httpx.post(url, json={"instances": [[1]]}, headers=event("request", "c", model), auth=auth)

    assert send("iris", None, "").status_code == 401
    assert send("iris", "assay", "wrong").status_code == 401
    assert send("iris", "assay", ours[:-1] + ("a" if ours[-1] != "a" else "b")).status_code == 401
    assert send("iris", "assay", reader).status_code == 403
    assert send("iris", "assay", ours).json()["waiting"] == 1
    assert send("iris", "", other).json()["duplicates"] == 1
    foreign = send("lilies", "assay", ours)
    assert foreign.status_code == 404
    assert send("lilies", "assay", other).json()["waiting"] == 1


def test_nothing_is_stored_where_one_of_the_models_is_not_the_callers(
    guarded: tuple[Live, Callable[..., str]],
) -> None:
    live, key = guarded
    items = [
        {"request": {"instances": [[1]]}, "response": {"predictions": [1]}, "model_name": name}
        for name in ("mine", "theirs")
    ]
    headers = {"Authorization": f"Bearer {key('ingest', models=['mine'])}"}
    assert post(live, "mlflow", items, headers).status_code == 404
    reading = {"Authorization": f"Bearer {key('read')}"}
    assert live.http.get("/api/v1/models", headers=reading).json()["models"] == []
