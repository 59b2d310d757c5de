"""The application: routes, errors, OpenAPI, pages."""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

import assay
from assay.dashboard.signing import to_sign_in, wants_page
from assay.errors import AssayError, Unauthorized
from assay.monitoring.access.guard import guarded
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.server import docs
from assay.server.access import Gate, is_loopback, judge
from assay.server.errors import PROBLEM_TYPE, HttpProblem, Problem, problem_of
from assay.server.front import Front
from assay.server.help import router as documentation
from assay.server.import_events import ImportEvents
from assay.server.ingest import Ingest
from assay.server.laid_out import lay_out
from assay.server.routes import (
    audit,
    drift,
    imports,
    keys,
    metrics,
    models,
    performance,
    predictions,
    references,
    rows,
    state,
)
from assay.server.schemas.access import SECURITY_SCHEMES, describe_access
from assay.server.schemas.answers import IngestDocument, ProblemDocument
from assay.server.schemas.ingest import ingest_paths, problem_response

__all__ = ["create_app"]

_LISTED = 20
_HTTP_ERRORS = {
    400: ("Unreadable", "the body is not JSON"),
    404: ("NotFound", "there is nothing at this address"),
    405: ("MethodNotAllowed", "this address does not know that method; /docs lists what there is"),
    413: ("TooLarge", "the body is over the limit"),
}
_DESCRIPTION = (
    "Know whether your models' predictions can still be trusted. Names of models and predictions in paths "
    "are percent-encoded; times are ISO 8601, UTC where they have no zone, and windows exclude their end; "
    "durations are a number and a unit (15m, 24h, 30d, 2w); errors are problem details (RFC 9457)."
)


class _App(FastAPI):
    """FastAPI behind our own front."""

    front: Front | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the front answer, or pass on."""
        if self.front is None:
            raise RuntimeError("create_app() makes the front")
        await self.front(scope, receive, send)

    async def behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what the front passes on."""
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the description of the API, with the hot path, which the framework does not know."""
        if self.openapi_schema is None:
            schema = super().openapi()
            paths = ingest_paths() | schema["paths"]
            for path, item in paths.items():
                for method, operation in item.items():
                    _describe_problems(path, method, operation)
            describe_access(paths)
            schema["paths"] = paths
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            schema["components"]["securitySchemes"] = SECURITY_SCHEMES
            for kind in (IngestDocument, ProblemDocument):
                described = TypeAdapter(kind).json_schema(
                    ref_template="#/components/schemas/{model}", mode="serialization"
                )
                components.update(described.pop("$defs", {}))
                components[kind.__name__] = described
            for name in ("HTTPValidationError", "ValidationError"):
                components.pop(name, None)
            self.openapi_schema = schema
        return self.openapi_schema


def _describe_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    """Describe the errors that an operation answers with."""
    answers = operation["responses"]
    answers.pop("422", None) if not path.endswith(("/predictions", "/labels")) or method == "get" else None
    if not path.startswith("/api/"):
        return
    answers.setdefault("422", problem_response("A parameter or the body does not fit."))
    if "{model_id}" in path or method == "post":
        answers.setdefault("404", problem_response("There is no such model, or nothing of that name."))
    answers.setdefault("503", problem_response("The store does not answer; ask again after Retry-After."))


def create_app(
    service: Service,
    settings: Settings,
    *,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
) -> FastAPI:
    """Return the ASGI application over `service`.

    Parameters
    ----------
    service : the use cases; closed by whoever made it.
    settings : limits, and the names that the server is known by.
    clock : microseconds since the epoch.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        lay_out(app)
        yield
        ingest.close()

    access = service.access
    service = guarded(service)
    ingest = Ingest(service, settings, clock=clock)
    app = _App(
        title="Assay",
        version=getattr(assay, "__version__", "0"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # a route of our own, which is judged like all others
        dependencies=[Depends(judge)],
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
    )
    known = [settings.host, *(name.strip() for name in settings.allowed_hosts.split(","))]
    app.front = Front(
        app.behind,
        ingest,
        ImportEvents(service, settings, ingest.inflight, clock=clock),
        Gate(access, settings),
        hosts=[name for name in known if name],
        addresses=not is_loopback(settings.host),
    )
    _handle_errors(app)

    @app.get("/openapi.json", include_in_schema=False)
    def description() -> Response:
        return JSONResponse(app.openapi())

    app.include_router(state.router(service, ingest))
    app.include_router(models.router(service))
    app.include_router(references.router(service, settings, ingest.inflight, now=clock))
    app.include_router(imports.router(service, settings, ingest.inflight, now=clock))
    app.include_router(metrics.router(service))
    app.include_router(predictions.router(service))
    app.include_router(rows.router(service))
    app.include_router(performance.router(service, now=clock))
    app.include_router(drift.router(service))
    app.include_router(keys.router(access))
    app.include_router(audit.router(access))
    app.include_router(docs.router(app))
    app.include_router(documentation())
    if importlib.util.find_spec("assay.dashboard.routes") is not None:
        from assay.dashboard.access_pages import router as access_pages
        from assay.dashboard.routes import router

        app.include_router(router(service, settings))
        app.include_router(access_pages(access))
    return app


def _handle_errors(app: FastAPI) -> None:
    """Turn errors into problem details."""

    @app.exception_handler(AssayError)
    async def known(request: Request, error: Exception) -> Response:
        if isinstance(error, Unauthorized) and wants_page(request):
            return to_sign_in(request)
        return _response(problem_of(error, extra=getattr(error, "members", None)))

    @app.exception_handler(HttpProblem)
    async def of_http(_: Request, error: Exception) -> Response:
        return _response(problem_of(error))

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> Response:
        return _response(problem_of(error))

    @app.exception_handler(HTTPException)
    async def of_framework(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - as registered
        code, detail = _HTTP_ERRORS.get(error.status_code, ("HttpError", str(error.detail)))
        headers = tuple((error.headers or {}).items())
        return _response(Problem(error.status_code, code, detail, headers))

    @app.exception_handler(RequestValidationError)
    async def of_validation(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as registered
        found = [
            {
                "where": ".".join(str(part) for part in item["loc"] if not _KIND.match(str(part)))[:200],
                "message": str(item["msg"]).removeprefix("Value error, ")[:200],
            }
            for item in error.errors()[:_LISTED]
        ]
        unreadable = any(item["type"] == "json_invalid" for item in error.errors())
        first = found[0] if found else {"where": "request", "message": "does not fit"}
        return _response(
            Problem(
                400 if unreadable else 422,
                "Unreadable" if unreadable else "InvalidInput",
                f"{first['where']}: {first['message']}",
                extra={"errors": found},
            )
        )


# Where a field may hold several kinds of value, pydantic names the kind after it: "list[dict[str,int]]".
_KIND = re.compile(r"[a-z-]+\[.*\]$")


def _response(problem: Problem) -> Response:
    """Return a problem as a response."""
    return Response(
        problem.body(), status_code=problem.status, media_type=PROBLEM_TYPE, headers=dict(problem.headers)
    )
