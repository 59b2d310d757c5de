"""Logging over HTTP: per-item results, encodings, idempotency."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from tests.server.conftest import Live

ARROW = "application/vnd.apache.arrow.stream"


def post(live: Live, items: list[Any], *, model: str, kind: str = "predictions", **kwargs: Any) -> Any:
    return live.http.post(f"/api/v1/{kind}", json={"model_id": model, kind: items}, **kwargs)


def count(live: Live, model: str) -> int:
    answer = live.http.get(f"/api/v1/models/{model}", params={"wait": 10})
    return int(answer.json()["predictions"]) if answer.status_code == 200 else 0


def test_good_items_are_kept_and_bad_ones_answered_one_by_one(live: Live) -> None:
    answer = post(live, [{"prediction_id": "a"}, {"score": "x"}, 5, {"prediction_id": "b"}], model="mixed")
    assert answer.status_code == 200
    document = answer.json()
    assert document["accepted"] == 2
    assert document["rejected_total"] == 2
    assert [(item["index"], item["code"]) for item in document["rejected"]] == [
        (1, "not_a_number"),
        (2, "wrong_type"),
    ]
    assert count(live, "mixed") == 2


def test_not_one_good_item_is_a_problem_with_the_list(live: Live) -> None:
    answer = post(live, [{"score": "x"}, 5], model="bad")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["rejected_total"] == 2
    assert [item["index"] for item in document["rejected"]] == [0, 1]
    assert document["code"] == "InvalidInput"
    assert live.http.get("/api/v1/models/bad").status_code == 404


def test_an_id_that_comes_twice_is_a_duplicate(live: Live) -> None:
    items = [
        {"prediction_id": "x", "score": 0.1},
        {"prediction_id": "y"},
        {"prediction_id": "x", "score": 0.9},
    ]
    first = post(live, items, model="twice").json()
    assert (first["accepted"], first["duplicates"], first["rejected_total"]) == (2, 1, 0)
    assert first["rejected"] == [
        {"index": 2, "code": "duplicate", "message": first["rejected"][0]["message"], "prediction_id": "x"}
    ]
    again = post(live, items, model="twice")
    assert again.status_code == 200
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 3)
    shown = live.http.get("/api/v1/models/twice/predictions/x", params={"wait": 10}).json()
    assert shown["score"] == 0.1


def test_ids_are_returned_on_request(live: Live) -> None:
    answer = post(live, [{}, 5, {"prediction_id": "mine"}], model="ids", params={"return_ids": "true"}).json()
    made, none, mine = answer["prediction_ids"]
    assert len(made) == 36
    assert (none, mine) == (None, "mine")
    assert live.http.get(f"/api/v1/models/ids/predictions/{made}", params={"wait": 10}).status_code == 200
    assert "prediction_ids" not in post(live, [{}], model="ids").json()


def test_labels_meet_their_predictions(live: Live) -> None:
    item = {"prediction_id": "p", "prediction": 1, "features": {"x": float("inf")}}
    body = json.dumps({"model_id": "joined", "predictions": [item]})
    live.http.post("/api/v1/predictions", content=body, headers={"Content-Type": "application/json"})
    answer = post(live, [{"prediction_id": "p", "actual": 0}, {}], model="joined", kind="labels")
    assert answer.json()["accepted"] == 1
    shown = live.http.get("/api/v1/models/joined/predictions/p", params={"wait": 10}).json()
    assert shown["truth"] in ("0", 0)
    assert shown["features"] == {"x": "Infinity"}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "zstd", "identity", "GZIP"])
def test_compressed_bodies(live: Live, encoding: str) -> None:
    body = json.dumps({"model_id": "packed", "predictions": [{}] * 3}).encode()
    if encoding.lower() in ("gzip", "x-gzip"):
        body = gzip.compress(body[:9]) + gzip.compress(body[9:])
    if encoding == "zstd":
        body = zstandard.compress(body[:9]) + zstandard.compress(body[9:])
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json; charset=utf-8"}
    answer = live.http.post("/api/v1/predictions", content=body, headers=headers)
    assert answer.json()["accepted"] == 3, answer.text


def test_arrow(live: Live) -> None:
    table = pa.table({"prediction_id": ["1", "2"], "x": [1.0, None], "tag.region": ["eu", "us"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    params = {"model_id": "arrows", "model_version": "v7"}
    answer = live.http.post(
        "/api/v1/predictions", content=body, headers={"Content-Type": ARROW}, params=params
    )
    assert answer.json()["accepted"] == 2
    shown = live.http.get("/api/v1/models/arrows/predictions/1", params={"wait": 10}).json()
    assert (shown["model_version"], shown["features"], shown["tags"]) == ("v7", {"x": 1.0}, {"region": "eu"})


def test_large_bodies_go_the_same_way(live: Live) -> None:
    items = [{"prediction_id": str(i), "features": {"x": i, "text": "y" * 50}} for i in range(6_000)]
    answer = post(live, items, model="large")
    assert answer.json()["accepted"] == 6_000
    assert count(live, "large") == 6_000


def test_a_key_that_comes_again(live: Live) -> None:
    headers = {"Idempotency-Key": "key-1"}
    first = post(live, [{}, {"score": "x"}], model="keyed", headers=headers).json()
    assert (first["accepted"], first["replayed"]) == (1, False)
    again = post(live, [{}, {"score": "x"}], model="keyed", headers=headers).json()
    assert again == first | {"replayed": True}
    other = post(live, [{}, {}], model="keyed", headers=headers)
    assert other.status_code == 409
    assert other.json()["code"] == "IdempotencyConflict"
    assert count(live, "keyed") == 1


def test_a_key_is_bound_to_everything_that_gives_the_request_its_meaning(live: Live) -> None:
    table = pa.table({"x": [1]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    headers = {"Idempotency-Key": "key-2", "Content-Type": ARROW}
    answers = [
        live.http.post(
            "/api/v1/predictions",
            content=body,
            headers=headers,
            params={"model_id": "one", "model_version": version},
        )
        for version in ("v1", "v1", "v2")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 409]


def test_no_items_are_no_error(live: Live) -> None:
    answer = post(live, [], model="none")
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 0


def test_many_at_once_on_many_connections(live: Live) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> int:
        answer = post(live, [{"prediction_id": f"c{number}"}], model="crowd")
        return int(answer.json()["accepted"])

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(one, range(300))) == 300
    assert count(live, "crowd") == 300
