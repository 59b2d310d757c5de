"""Every route, for everybody who may ask: the table of scopes is true, and complete."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from assay.domain.access import Scope
from assay.runtime.settings import Settings
from assay.server.app import create_app
from assay.server.ingest import INGEST_PATHS
from assay.server.scopes import SCOPES
from tests.access.conftest import Keyed
from tests.server.conftest import running

WRONG = "assay_0123456789ab_" + "x" * 43


def declared(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path that is answered."""
    found = {("POST", path) for path in INGEST_PATHS}
    for route in iter_route_contexts(app.routes):
        assert route.path is not None
        found |= {(method, route.path) for method in route.methods or ()}
    return found


def address(path: str, model: str = "mine") -> str:
    """An address of a route, for a model."""
    path = path.replace("{model_id}", model).replace("{slug}", model).replace("{format}", "kserve")
    return re.sub(r"\{[^}]*\}", "x", path)


def test_the_table_names_each_route_and_no_other(keyed: Keyed) -> None:
    assert declared(keyed.live.app) == set(SCOPES)


@pytest.mark.parametrize(("method", "path"), sorted(SCOPES), ids=[f"{m} {p}" for m, p in sorted(SCOPES)])
def test_who_may_ask(keyed: Keyed, method: str, path: str) -> None:
    needed = SCOPES[method, path]
    url = address(path)
    body = {"json": {}} if method in ("POST", "PUT") else {}

    def status(secret: str | None) -> int:
        return keyed.ask(method, url, secret, **body).status_code

    denied = (401, 403)
    assert status(WRONG) == 401
    assert (status(None) == 401) is (needed is not None)
    assert needed is not None or status(None) != 403 or path == "/sign-out"
    for scope in Scope:
        allowed = needed is None or scope in (needed, Scope.ADMIN)
        answer = status(keyed.secrets[scope.value])
        assert (answer not in denied) is allowed, (scope, answer)
        assert allowed or answer == 403


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(name for name in SCOPES if "{model_id}" in name[1] or "{slug}" in name[1]),
    ids=lambda part: part,
)
def test_another_model_is_not_there(keyed: Keyed, method: str, path: str) -> None:
    body = {"json": {}} if method in ("POST", "PUT") else {}
    stored = keyed.ask(method, address(path, "other"), keyed.secrets["bound"], **body)
    absent = keyed.ask(method, address(path, "never"), keyed.secrets["bound"], **body)
    assert stored.status_code == absent.status_code == 404
    assert stored.text == absent.text.replace("never", "other")
    assert {**stored.headers, "date": ""} == {**absent.headers, "date": ""}
    own = keyed.ask(method, address(path), keyed.secrets["bound"], **body)
    assert own.status_code != 404 or stored.text != own.text.replace("mine", "other")
    # ... and that is what everybody is told of a model that is not there.
    if method == "GET" and path.startswith("/api/"):
        really = keyed.ask(method, address(path, "never"), keyed.secrets["admin"])
        assert (really.status_code, really.text) == (404, absent.text)


def test_a_route_that_nobody_declared_is_denied(keyed: Keyed) -> None:
    app = create_app(keyed.service, keyed.settings)
    app.add_api_route("/planted", lambda: "secret")
    app.add_api_route("/models/{slug}/planted", lambda: "secret")
    app.router.routes.append(Route("/bare", lambda _: PlainTextResponse("secret")))
    app.router.routes.append(Mount("/under", app=PlainTextResponse("secret")))
    with running(app) as live:
        server = Keyed(live, keyed.service, keyed.settings)
        for path in ("/planted", "/models/mine/planted", "/bare", "/under", "/under/x"):
            for secret in (None, keyed.secrets["read"], keyed.secrets["admin"]):
                answer = server.ask("GET", path, secret)
                assert answer.status_code in (307, 401, 403), path
                assert "secret" not in answer.text


def test_a_router_under_a_prefix_is_denied(keyed: Keyed) -> None:
    """Its routes know themselves without the prefix, by the name of another route."""
    from fastapi import APIRouter

    app = create_app(keyed.service, keyed.settings)
    planted = APIRouter()
    planted.add_api_route("/health", lambda: "secret")
    app.include_router(planted, prefix="/hidden")
    with running(app) as live:
        answer = Keyed(live, keyed.service, keyed.settings).ask(
            "GET", "/hidden/health", keyed.secrets["admin"]
        )
        assert (answer.status_code, "secret" in answer.text) == (403, False)


def test_on_this_machine_no_key_is_needed_but_one_that_is_sent_must_be_good(keyed: Keyed) -> None:
    settings = Settings(data_dir=keyed.settings.data_dir)
    with running(create_app(keyed.service, settings)) as live:
        server = Keyed(live, keyed.service, settings)
        for method, path in sorted(SCOPES):
            body = {"json": {}} if method in ("POST", "PUT") else {}
            assert server.ask(method, address(path), None, **body).status_code not in (401, 403), path
            assert server.ask(method, address(path), WRONG, **body).status_code == 401
        assert server.ask("PUT", "/api/v1/models/mine", keyed.secrets["read"], json={}).status_code == 403
        assert server.ask("GET", "/api/v1/models/other", keyed.secrets["bound"]).status_code == 404
        for header in ("X-Forwarded-For", "Forwarded"):
            through = server.ask("GET", "/api/v1/models", headers={header: "203.0.113.7"})
            assert through.status_code == 403
            assert "ASSAY_REQUIRE_KEYS=1" in through.json()["detail"]
        assert server.ask("GET", "/", headers={"Cookie": "assay_session=stale"}).status_code == 200


def test_a_strangers_body_is_not_read(keyed: Keyed) -> None:
    head = b"PUT /api/v1/models/mine HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n"
    assert keyed.live.raw(head, timeout=5).startswith(b"HTTP/1.1 401")
