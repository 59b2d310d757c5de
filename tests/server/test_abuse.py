"""Whatever is sent, the answer is a clear 4xx or 5xx within a second, and the server lives on."""

from __future__ import annotations

import gzip
import json
import random
import resource
import socket
import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
import zstandard
from fastapi import FastAPI

from assay.domain.answers import IngestAnswer, PartHealth, ServiceHealth
from assay.errors import AssayError, StorageCorrupt, StorageFull, StorageUnavailable
from assay.monitoring.access.access import Access
from assay.monitoring.intake.batch import Intake
from assay.runtime.settings import Settings
from assay.server.app import create_app
from assay.testing.memory_access import MemoryAuditLog, MemoryKeyStore
from tests.server.conftest import Live

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000


def envelope(inside: bytes) -> bytes:
    return b'{"model_id": "abuse", "predictions": [%s]}' % inside


BODIES: list[tuple[str, bytes, dict[str, str], int]] = [
    ("empty", b"", JSON, 400),
    ("not json", b"nonsense", JSON, 400),
    ("cut", b'{"model_id": "m", "predictions": [{"a"', JSON, 400),
    ("not utf-8", b'{"model_id": "\xff"}', JSON, 400),
    ("deep", DEEP, JSON, 422),
    ("deep and closed", b"[" * 100_000 + b"]" * 100_000, JSON, 422),
    ("deep inside", envelope(b'{"features": {"x": ' + DEEP + b"]" * 100_000 + b"}}"), JSON, 400),
    ("deep objects", b'{"a":' * 100_000, JSON, 422),
    ("deep after nan", b'{"model_id": "m", "predictions": [{"features": {"x": NaN, "y": ' + DEEP, JSON, 400),
    ("no model", b'{"predictions": [{}]}', JSON, 422),
    ("wrong model", b'{"model_id": 7, "predictions": [{}]}', JSON, 422),
    ("wrong shape", b"[1, 2]", JSON, 422),
    ("unknown member", b'{"model_id": "m", "predictions": [], "x": 1}', JSON, 422),
    ("many digits", envelope(b'{"score": ' + b"9" * 100_000 + b"}"), JSON, 422),
    ("plain text", b"{}", {"Content-Type": "text/plain"}, 415),
    ("form", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ("no type", b"{}", {"Content-Type": ""}, 415),
    ("utf-16", b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
    ("brotli", b"{}", JSON | {"Content-Encoding": "br"}, 415),
    ("two encodings", b"{}", JSON | {"Content-Encoding": "gzip, zstd"}, 415),
    ("not gzip", b"{}", JSON | {"Content-Encoding": "gzip"}, 400),
    ("not zstd", b"{}", JSON | {"Content-Encoding": "zstd"}, 400),
    ("cut gzip", gzip.compress(b"{}" * 99)[:-9], JSON | {"Content-Encoding": "gzip"}, 400),
    ("cut zstd", zstandard.compress(b"{}" * 99)[:-3], JSON | {"Content-Encoding": "zstd"}, 400),
    ("gzip and more", gzip.compress(b"{}") + b"xx", JSON | {"Content-Encoding": "gzip"}, 400),
    ("bad checksum", gzip.compress(b"{}")[:-8] + b"12345678", JSON | {"Content-Encoding": "gzip"}, 400),
    ("gzip bomb", gzip.compress(b" " * (64 << 20)), JSON | {"Content-Encoding": "gzip"}, 413),
    ("zstd bomb", zstandard.compress(b" " * (64 << 20)), JSON | {"Content-Encoding": "zstd"}, 413),
    (
        "a bomb in many members",
        gzip.compress(b" " * (1 << 20)) * 64,
        JSON | {"Content-Encoding": "gzip"},
        413,
    ),
    ("very many members", gzip.compress(b"") * 50_000, JSON | {"Content-Encoding": "gzip"}, 413),
    ("very many frames", zstandard.compress(b"") * 50_000, JSON | {"Content-Encoding": "zstd"}, 413),
    ("too large", b" " * ((4 << 20) + 1), JSON, 413),
    ("too many items", b'{"model_id": "m", "predictions": [' + b"{}," * 1_000_001 + b"{}]}", JSON, 413),
    ("empty key", envelope(b"{}"), JSON | {"Idempotency-Key": ""}, 422),
    ("long key", envelope(b"{}"), JSON | {"Idempotency-Key": "k" * 513}, 422),
    ("broken arrow", b"ARROW1" * 9, {"Content-Type": "application/vnd.apache.arrow.stream"}, 400),
]


@pytest.mark.parametrize(("name", "body", "headers", "status"), BODIES, ids=[item[0] for item in BODIES])
def test_bad_bodies(live: Live, name: str, body: bytes, headers: dict[str, str], status: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    answer = live.http.post("/api/v1/predictions", content=body, headers=headers)
    seconds = time.perf_counter() - begin
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert len(document["detail"]) > 15
    assert "Traceback" not in answer.text
    assert seconds < 2  # a second on a quiet machine
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400 << 10  # kilobytes
    assert live.http.get("/health").status_code == 200


def test_a_tighter_zstd_bomb_is_stopped_early(live: Live) -> None:
    one = zstandard.compress(b"\0" * (1 << 30), 19)  # a gigabyte in about 30 kB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = live.http.post("/api/v1/predictions", content=one, headers=JSON | {"Content-Encoding": "zstd"})
    assert answer.status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


@pytest.mark.parametrize("seed", range(40))
def test_random_changes_of_a_good_body(live: Live, seed: int) -> None:
    rng = random.Random(seed)
    item = {
        "prediction_id": "p",
        "features": {"x": 1.5, "s": "ä"},
        "tags": {"a": "b"},
        "timestamp": "2026-01-01",
    }
    body = bytearray(json.dumps({"model_id": "fuzz", "predictions": [item] * 3}, ensure_ascii=False).encode())
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(body))
        body[place : place + rng.randint(0, 2)] = bytes(
            rng.choices(b'{}[]",:\\0129eE-+.nNIu\xff\x00 ', k=rng.randint(0, 3))
        )
    answer = live.http.post("/api/v1/predictions", content=bytes(body), headers=JSON)
    assert answer.status_code in (200, 400, 422), answer.text


def head(path: str = "/api/v1/predictions", method: str = "POST", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_declared_length_over_the_limit_is_refused_before_the_body(live: Live) -> None:
    begin = time.perf_counter()
    answer = live.raw(head(Content_Length=str(10**12)))
    assert answer.startswith(b"HTTP/1.1 413")
    assert time.perf_counter() - begin < 2


def test_a_chunked_body_without_end_is_refused_at_the_limit(live: Live) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    answer = live.raw(head(Transfer_Encoding="chunked") + chunk * 8)
    assert answer.startswith(b"HTTP/1.1 413")


def test_no_body_at_all(live: Live) -> None:
    assert live.raw(head()).startswith(b"HTTP/1.1 411")


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "9" * 30])
def test_a_length_that_is_no_number(live: Live, length: str) -> None:
    status = live.raw(head(Content_Length=length)).split(b" ")[1]
    assert status.startswith(b"4")


def test_a_client_that_leaves_in_the_middle_costs_nothing(live: Live) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", live.port)) as connection:
            connection.sendall(head(Content_Length="1000000") + b"[" * 1_000)
    time.sleep(0.3)
    figures = live.http.get("/metrics").text
    assert "assay_http_inflight_bytes 0.0" in figures


def test_other_methods(live: Live) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = live.http.request(method, "/api/v1/predictions")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert answer.json()["code"] == "MethodNotAllowed"
    assert live.http.delete("/api/v1/models").status_code == 405


@pytest.mark.parametrize("query", ["x=1", "return_ids=maybe", "model_id=a&model_id=b", "a=1&" * 50])
def test_unknown_parameters(live: Live, query: str) -> None:
    answer = live.http.post("/api/v1/predictions?" + query, content=envelope(b"{}"), headers=JSON)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models/nobody",
        "/api/v1/models/nobody/metrics",
        "/api/v1/models/nobody/calibration",
        "/api/v1/models/nobody/drift",
        "/api/v1/models/nobody/report",
        "/api/v1/models/nobody/predictions",
        "/api/v1/models/nobody/predictions/x",
        "/api/v1/models/nobody/references",
        "/api/v1/models/nobody/findings",
        "/api/v1/performance/nobody/latest",
        "/api/v1/nothing",
        "/nothing",
    ],
)
def test_what_is_not_there(live: Live, path: str) -> None:
    answer = live.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"


@pytest.mark.parametrize(
    "query",
    [
        "period=x",
        "period=30d&start=2026-01-01",
        "start=2026-02-01&end=2026-01-01",
        "start=yesterday",
        "step=0d",
        "slice=region",
        "unknown=1",
        "wait=-1",
        "wait=nan",
        "period=99999999999d",
        "start=0001-01-01T00:00:00&end=9999-12-31T23:59:59&step=1m",
    ],
)
@pytest.mark.parametrize("what", ["metrics", "drift"])
def test_bad_windows(live: Live, what: str, query: str) -> None:
    live.http.post(
        "/api/v1/predictions", json={"model_id": "windows", "predictions": [{"features": {"x": 1}}]}
    )
    answer = live.http.get("/api/v1/models/windows?wait=10")
    answer = live.http.get(f"/api/v1/models/windows/{what}?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("what", ["metrics", "calibration", "report"])
def test_a_window_to_the_end_of_time(live: Live, what: str) -> None:
    body = {"model_id": "endless", "predictions": [{"features": {"x": 1}}]}
    live.http.post("/api/v1/predictions", json=body)
    live.http.get("/api/v1/models/endless?wait=10")
    query = "start=2026-01-01&end=9999-12-31T23:59:59.999999Z"
    answer = live.http.get(f"/api/v1/models/endless/{what}?{query}")
    assert answer.status_code == 200, answer.text
    assert "9999-12-31T23:59:59.999999Z" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/v1/models/m", {"task": "magic"}),
        ("PUT", "/api/v1/models/m", {"tasks": "binary"}),
        ("PUT", "/api/v1/models/m", {"settings": {"nope": 1}}),
        ("PUT", "/api/v1/models/m", {"settings": {"retention": -1}}),
        ("PUT", "/api/v1/models/m", {"settings": {"retention": "long"}}),
        ("PUT", "/api/v1/models/m", {"settings": {"slices": [""]}}),
        ("PUT", "/api/v1/models/m", {"settings": {"slices": ["a\0"]}}),
        ("PUT", "/api/v1/models/%00", {}),
        ("PUT", "/api/v1/models/%FF", {}),
        ("PUT", "/api/v1/models/" + "x" * 10_241, {}),
        ("PUT", "/api/v1/models/m", []),
        ("POST", "/api/v1/models/m/erasures", {}),
        ("POST", "/api/v1/models/m/erasures", {"ids": ["a"], "tag": {"key": "a", "value": "b"}}),
        ("POST", "/api/v1/models/m/references", {"predictions": []}),
        ("POST", "/api/v1/models/m/references", {"predictions": [{"score": 1}]}),
        ("POST", "/api/v1/models/m/references", {"predictions": [{"features": {"a": 1}}, 5]}),
        ("POST", "/api/v1/models/m/references", {"model_id": "n", "predictions": [{"features": {"a": 1}}]}),
        ("POST", "/api/v1/performance/analyze", {"model_id": "m", "metrics": ["nope"]}),
        ("POST", "/api/v1/performance/analyze", {}),
    ],
)
def test_bad_requests(live: Live, method: str, path: str, body: Any) -> None:
    assert live.http.put("/api/v1/models/m", json={"task": "binary"}).status_code == 200
    answer = live.http.request(method, path, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_broken_json_elsewhere(live: Live) -> None:
    for body in (b"{", b"\xff", DEEP, b"[" * 100_000 + b"]" * 100_000):
        answer = live.http.put("/api/v1/models/m", content=body, headers=JSON)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert live.http.put("/api/v1/models/m", content=b" " * (5 << 20), headers=JSON).status_code == 413


@pytest.mark.parametrize(
    "name",
    ["a/b", "a/metrics", "..", ".", "%2F", "ünïcode ☃", "?x=1#y", "</script>", "'; DROP TABLE", " ", "a\nb"],
)
def test_hostile_names_of_models(live: Live, name: str) -> None:
    from urllib.parse import quote

    prediction = f"{name}{name}"
    item = {
        "prediction_id": prediction,
        "prediction": 1,
        "features": {name: 1, "x": name},
        "tags": {name: name},
    }
    answer = live.http.post("/api/v1/predictions", json={"model_id": name, "predictions": [item]})
    assert answer.json()["accepted"] == 1
    live.http.get("/api/v1/models", params={"wait": 10})
    path = quote(name, safe="").replace(".", "%2E")
    got = live.raw(head(f"/api/v1/models/{path}", "GET"))
    assert got.startswith(b"HTTP/1.1 200"), got
    assert json.loads(got.partition(b"\r\n\r\n")[2])["model"]["model_id"] == name
    got = live.raw(head(f"/api/v1/models/{path}/predictions/{path}{path}", "GET"))
    shown = json.loads(got.partition(b"\r\n\r\n")[2])
    assert (shown["model_id"], shown["prediction_id"]) == (name, prediction)
    assert shown["features"] == {name: 1, "x": name}


def access_in_memory() -> Access:
    return Access(MemoryKeyStore(), MemoryAuditLog(), clock=lambda: 0)


class Failing:
    """A service whose journal fails in one way."""

    def __init__(self, error: Exception, *, late: bool) -> None:
        self.error = error
        self.late = late
        self.access = access_in_memory()

    def submit(self, _: Intake) -> Future[IngestAnswer]:
        if not self.late:
            raise self.error
        future: Future[IngestAnswer] = Future()
        future.set_exception(self.error)
        return future

    def model(self, model_id: str) -> None:  # noqa: ARG002 - the guard names it
        raise self.error

    def health(self) -> ServiceHealth:
        return ServiceHealth(False, (PartHealth("journal", "failed", "the disk is gone"),))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (StorageFull("no space is left"), 507, True),
        (StorageUnavailable("the database is busy"), 503, True),
        (StorageCorrupt("bytes do not read back"), 500, False),
        (ZeroDivisionError("secret detail"), 500, False),
    ],
)
def test_a_store_that_fails(
    serve_app: Callable[[FastAPI], Live], error: Exception, status: int, wait: bool, late: bool
) -> None:
    service: Any = Failing(error, late=late)
    live = serve_app(create_app(service, Settings()))
    for answer in (
        live.http.post("/api/v1/predictions", json={"model_id": "m", "predictions": [{}]}),
        live.http.get("/api/v1/models/m"),
    ):
        assert answer.status_code == status
        assert ("retry-after" in answer.headers) is wait
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "secret" not in answer.text
        if isinstance(error, AssayError):
            assert answer.json()["detail"] == error.message
    ready = live.http.get("/ready")
    assert ready.status_code == 503
    assert ready.json()["parts"][0]["message"] == "the disk is gone"


def test_too_much_at_once_is_refused_with_retry_after(serve_app: Callable[[FastAPI], Live]) -> None:
    class Slow:
        access = access_in_memory()

        def submit(self, _: Intake) -> Future[IngestAnswer]:
            return Future()

    service: Any = Slow()
    live = serve_app(create_app(service, Settings(max_inflight_bytes=100_000)))
    body = envelope(b'{"features": {"x": "%s"}}' % (b"y" * 60_000))
    with socket.create_connection(("127.0.0.1", live.port)) as waiting:
        waiting.sendall(head(Content_Length=str(len(body))) + body)
        time.sleep(0.3)
        refused = live.http.post("/api/v1/predictions", content=body, headers=JSON)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "Busy"


def test_a_body_that_stops_coming_is_given_up(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.server.body._PATIENCE_SECONDS", 0.2)
    answer = live.raw(head(Content_Length="100") + b"[[[")
    assert answer.startswith(b"HTTP/1.1 408")


def test_the_limits_of_the_test_are_what_they_say() -> None:
    assert len(zlib.compress(b" " * (64 << 20))) < 4 << 20
