"""The pages that describe the API: made from its OpenAPI here, without other hosts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from assay.dashboard.pages import error_page, page
from assay.domain.access import Scope
from assay.errors import NotFound
from assay.server.scopes import SCOPES

__all__ = ["router"]

_REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class _Operation:
    """One method of one path, as its page shows it."""

    key: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: tuple[tuple[str, str, str], ...]
    bodies: tuple[tuple[str, str, str], ...]
    answers: tuple[tuple[str, str, str], ...]


def router(app: FastAPI) -> APIRouter:
    """Return the routes: a page of all operations, and one for each family of them."""
    routes = APIRouter(include_in_schema=False)
    made: dict[str, list[_Operation]] = {}

    def families() -> dict[str, list[_Operation]]:
        if not made:
            made.update(_families(app.openapi()))
        return made

    @routes.get("/docs")
    def overview(request: Request) -> Response:
        return page(
            "api.html",
            info=app.openapi()["info"],
            families=families(),
            address=str(request.base_url).rstrip("/"),
        )

    @routes.get("/docs/{family}")
    def family(family: str) -> Response:
        found = families().get(family)
        if found is None:
            return error_page(NotFound(f"there is no part of the API called {family[:80]!r}; see /docs"))
        schemas = app.openapi()["components"]["schemas"]
        shapes = {name: schemas[name] for name in _used(found, app.openapi(), schemas)}
        return page(
            "api_family.html",
            family=family,
            operations=found,
            shapes=[
                (name, str(shape.get("description", "")).partition("\n")[0], _json(shape))
                for name, shape in sorted(shapes.items())
            ],
        )

    return routes


def _families(schema: dict[str, Any]) -> dict[str, list[_Operation]]:
    """Return the operations by their first tag, which is a family's name."""
    families: dict[str, list[_Operation]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            family = (operation.get("tags") or ["other"])[0]
            families.setdefault(family, []).append(_operation(path, method, operation))
    return families


def _operation(path: str, method: str, operation: dict[str, Any]) -> _Operation:
    """Return what is said of one operation."""
    parameters = (
        (item["name"], item["in"] + (", required" if item.get("required") else ""), _about(item))
        for item in operation.get("parameters", [])
    )
    content = operation.get("requestBody", {}).get("content", {})
    bodies = (
        (media, _json(item["example"]) if "example" in item else "", _json(item.get("schema", {})))
        for media, item in content.items()
    )
    answers = (
        (status, answer.get("description", "").replace("Successful Response", "as asked"), _shape(answer))
        for status, answer in operation["responses"].items()
    )
    scope = SCOPES.get((method.upper(), path))
    return _Operation(
        key=re.sub(r"\W+", "-", f"{method} {path}").strip("-"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        scope=scope.value if isinstance(scope, Scope) else "none",
        parameters=tuple(parameters),
        bodies=tuple(bodies),
        answers=tuple(answers),
    )


def _about(item: dict[str, Any]) -> str:
    """Return what a parameter is for."""
    return str(item.get("description") or item.get("schema", {}).get("description", ""))


def _shape(answer: dict[str, Any]) -> str:
    """Return the name of the shape of an answer."""
    for item in answer.get("content", {}).values():
        name = str(item.get("schema", {}).get("$ref", "")).removeprefix(_REFERENCE)
        if name:
            return name
    return ""


def _used(operations: Iterable[_Operation], schema: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """Return the names of all shapes that operations refer to, directly or through others."""
    todo = [
        name
        for operation in operations
        for name in _references(schema["paths"][operation.path][operation.method.lower()])
    ]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(_references(schemas[name]))
    return found


def _references(value: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of the description refers to."""
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(_REFERENCE)
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _json(value: Any) -> str:
    """Return JSON for reading."""
    return json.dumps(value, indent=1, ensure_ascii=False)
