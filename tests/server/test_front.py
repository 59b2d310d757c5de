"""Who may ask, and what every answer carries."""

from __future__ import annotations

import pytest

from assay.errors import InvalidInput
from assay.runtime.settings import Settings
from assay.server.run import serve
from tests.server.conftest import Live

PATHS = [
    "/health",
    "/ready",
    "/metrics",
    "/docs",
    "/docs/models",
    "/openapi.json",
    "/api/v1/models",
    "/nothing",
    "/",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_security_headers(live: Live, path: str) -> None:
    answer = live.http.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
    for name in ("content-security-policy", "x-content-type-options", "cache-control"):
        assert len(answer.headers.get_list(name)) == 1


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1:8004", "[::1]:80", "LOCALHOST"])
def test_names_of_this_machine(live: Live, host: str) -> None:
    assert live.http.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "0.0.0." + "0",
        "",
        "[::1",
        "é",
    ],
)
def test_other_names_are_refused(live: Live, host: str) -> None:
    for method, path in (("GET", "/health"), ("POST", "/api/v1/predictions"), ("GET", "/")):
        answer = live.http.request(method, path, headers={"Host": host.encode("latin-1")}, json={})
        assert answer.status_code in (400, 421)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "SELF"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_pages_of_other_origins_may_not_write(live: Live, headers: dict[str, str], status: int) -> None:
    given = {name: value.replace("SELF", f"http://localhost:{live.port}") for name, value in headers.items()}
    body = {"model_id": "origin", "predictions": [{}]}
    assert live.http.post("/api/v1/predictions", json=body, headers=given).status_code == status
    assert live.http.put("/api/v1/models/origin", json={}, headers=given).status_code == status
    assert live.http.get("/api/v1/models", headers=given).status_code == 200
    preflight = live.http.options("/api/v1/predictions", headers=given)
    assert "access-control-allow-origin" not in preflight.headers


def test_a_taken_port_is_said_clearly(live: Live) -> None:
    with pytest.raises(InvalidInput, match=str(live.port)):
        serve(Settings(port=live.port))


def test_head_answers_as_get_without_a_body(live: Live) -> None:
    for path in ("/", "/docs", "/health", "/api/v1/models"):
        answer = live.http.head(path)
        assert answer.status_code == 200, path
        assert answer.content == b""
        assert answer.headers["content-type"] == live.http.get(path).headers["content-type"]
    assert live.http.head("/nothing").status_code == 404
    assert live.http.head("/events").status_code == 405
    assert live.http.head("/api/v1/predictions").status_code == 405
