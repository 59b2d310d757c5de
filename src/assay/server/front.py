"""The outermost layer: who may ask, security headers on every answer, and the short way of the hot path."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from assay.dashboard.signing import SIGN_IN, SIGN_OUT
from assay.errors import AssayError, Forbidden
from assay.server.access import JUDGED, Gate, is_loopback, require, require_somebody
from assay.server.body import ClientGone
from assay.server.errors import PROBLEM_TYPE, HttpProblem, Problem, problem_of
from assay.server.import_events import IMPORT_ROUTE, ImportEvents
from assay.server.ingest import INGEST_PATHS, Ingest
from assay.server.scopes import SCOPES

__all__ = ["SECURITY_HEADERS", "Front", "is_loopback"]

_log = logging.getLogger("assay.server")

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Added to each answer that does not have its own."""

_READING = ("GET", "HEAD", "OPTIONS")
_API = "/api/v1/"
_NAMES = {name for name, _ in SECURITY_HEADERS}
_ONCE = frozenset({b"host", b"authorization", b"x-api-key", b"origin"})
"""Headers of which a proxy might read one and we another, if there were two."""
_HOST = re.compile(rb"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class Front:
    """ASGI application in front of the framework.

    A browser may be made to ask by any page that it shows. So a request must name a host that we are known
    as (a foreign name that was pointed here, DNS rebinding, is refused; an address cannot be pointed
    anywhere), and one that writes must not come from a page of another origin.

    Then the gate says who asks. The hot path is judged here; all other routes by their own dependency, and
    what was answered without being judged does not leave.

    Parameters
    ----------
    app : the framework's application.
    ingest : handler of the hot path.
    events : handler of small imports, which come as often.
    gate : says who asks.
    hosts : further names that the server is known by.
    addresses : whether it may be called by any address, too.
    """

    def __init__(
        self,
        app: Any,
        ingest: Ingest,
        events: ImportEvents,
        gate: Gate,
        *,
        hosts: Collection[str] = (),
        addresses: bool = False,
    ) -> None:
        self._app = app
        self._ingest = ingest
        self._events = events
        self._gate = gate
        self._hosts = {host.lower() for host in hosts}
        self._addresses = addresses
        self._known: set[bytes] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":  # there are none
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            self._check(scope, headers)
            await self._gate.admit(scope, headers)
            if scope["path"] in INGEST_PATHS:
                require(SCOPES["POST", scope["path"]])
                status, body = await self._ingest(scope, headers, receive)
                await _send(send, status, b"application/json", body, ())
                return
            if (options := self._events.options(scope, headers)) is not None:
                require(SCOPES["POST", IMPORT_ROUTE])
                body = await self._events(scope, headers, receive, options)
                await _send(send, HTTPStatus.OK, b"application/json", body, ())
                return
            if scope["method"] not in _READING and scope["path"] not in (SIGN_IN, SIGN_OUT):
                require_somebody()  # no stranger's body is read
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            await _send_problem(send, error)
            return
        if scope["path"].startswith(_API) and scope.get("raw_path"):
            # Names in paths keep their percent encoding until the routes have been told apart, so that
            # a name may hold slashes. The query is no part of it.
            raw = scope["raw_path"].partition(b"?")[0].decode("latin-1")
            scope = dict(scope, path=raw)
        if scope["method"] == "HEAD" and not scope["path"].endswith("/events"):
            # What GET answers, without its body, which the server leaves out; a stream would never end.
            scope = dict(scope, method="GET")
        scope[JUDGED] = []
        await self._framework(scope, receive, send)

    async def _framework(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on to the framework; add what its answers lack."""
        started = complete = withheld = False

        async def guarded(message: Any) -> None:
            nonlocal started, complete, withheld
            if withheld:
                return
            if message["type"] == "http.response.start":
                started = True
                if message["status"] < HTTPStatus.MULTIPLE_CHOICES and not scope[JUDGED]:
                    withheld = complete = True
                    await _send_problem(send, Forbidden("nobody may use this address"))
                    return
                given = {name.lower() for name, _ in message["headers"]} & _NAMES
                missing = [pair for pair in SECURITY_HEADERS if pair[0] not in given]
                message = dict(message, headers=[*message["headers"], *missing])
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            if not started:
                await _send_problem(send, error)
            elif complete:  # the framework has answered, and hands the error on to be logged
                _log.error("a request failed", exc_info=error)
            else:
                raise

    def _check(self, scope: Any, headers: dict[bytes, bytes]) -> None:
        """Refuse who may not ask."""
        if len(headers) < len(scope["headers"]):
            given = [name for name, _ in scope["headers"] if name in _ONCE]
            if len(set(given)) < len(given):
                raise HttpProblem(
                    HTTPStatus.BAD_REQUEST,
                    "Unreadable",
                    "a header that says where to, by whom or from where is there twice; send each once",
                )
        host = headers.get(b"host", b"")
        if host not in self._known:
            name = _host_name(host)
            if not (is_loopback(name) or name.lower() in self._hosts or self._is_address(name)):
                raise HttpProblem(
                    HTTPStatus.MISDIRECTED_REQUEST,
                    "WrongHost",
                    f"this server is not known as {(name or host.decode('latin-1'))[:80]!r}; "
                    "whoever runs it can add the name to ASSAY_ALLOWED_HOSTS",
                )
            if len(self._known) < 100:
                self._known.add(host)
        if scope["path"] in INGEST_PATHS and scope["method"] != "POST":
            raise HttpProblem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                f"{scope['method'][:20]} is not possible here; send POST",
                headers=(("Allow", "POST"),),
            )
        if scope["method"] in _READING:
            return
        origin = headers.get(b"origin")
        own = self._gate.scheme(scope, headers).encode() + b"://" + host.lower()
        if origin is not None and origin.lower() != own:
            raise HttpProblem(
                HTTPStatus.FORBIDDEN, "WrongOrigin", "pages of other origins may not write to this server"
            )
        if origin is None and headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
            raise HttpProblem(
                HTTPStatus.FORBIDDEN, "WrongOrigin", "pages of other sites may not write to this server"
            )

    def _is_address(self, name: str) -> bool:
        """Whether `name` is an address by which the server may be called."""
        if not self._addresses:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _host_name(host: bytes) -> str:
    """Return a Host header without its port; empty where it is none."""
    found = _HOST.fullmatch(host)
    return "" if found is None else found[1].decode().strip("[]").lower()


async def _send_problem(send: Any, error: Exception) -> None:
    """Answer with problem details; log what nobody foresaw."""
    problem = problem_of(error, extra=getattr(error, "members", None))
    if not isinstance(error, (AssayError, HttpProblem)):
        _log.error("a request failed", exc_info=error)
    await _send(send, problem.status, PROBLEM_TYPE.encode(), problem.body(), _pairs(problem))


def _pairs(problem: Problem) -> list[tuple[bytes, bytes]]:
    """Return a problem's headers as ASGI has them."""
    return [(name.lower().encode(), value.encode()) for name, value in problem.headers]


async def _send(send: Any, status: int, media: bytes, body: bytes, extra: Any) -> None:
    """Send an answer."""
    await send(
        {
            "type": "http.response.start",
            "status": int(status),
            "headers": [
                (b"content-type", media),
                (b"content-length", str(len(body)).encode()),
                *SECURITY_HEADERS,
                *extra,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
