"""The page that describes the API: made from its OpenAPI here, without scripts and without other hosts."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response

__all__ = ["router"]

_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.875rem/1.45 ui-monospace, monospace; }
pre { overflow: auto; padding: 0.75rem; border-radius: 6px;
  background: color-mix(in srgb, currentColor 7%, transparent); }
h2 { margin-top: 2.5rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
details { margin: 0.5rem 0; border-radius: 6px;
  border: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
summary { padding: 0.5rem 0.75rem; cursor: pointer; }
details > div { padding: 0 0.75rem 0.75rem; }
.method { display: inline-block; min-width: 3.5rem; font-weight: 700; text-transform: uppercase; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
""".strip()


def router(app: FastAPI) -> APIRouter:
    """Return the routes of the page and its style sheet."""
    routes = APIRouter(include_in_schema=False)
    made: list[str] = []

    @routes.get("/docs")
    def page() -> Response:
        if not made:
            made.append(_page(app.openapi()))
        return HTMLResponse(made[0], headers={"Content-Security-Policy": _POLICY})

    @routes.get("/docs/style.css")
    def style() -> Response:
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return routes


def _page(schema: dict[str, Any]) -> str:
    """Return the whole page."""
    families: dict[str, list[str]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            family = (operation.get("tags") or ["other"])[0]
            families.setdefault(family, []).append(_operation(path, method, operation))
    body = "".join(
        f"<h2 id='{escape(family)}'>{escape(family.capitalize())}</h2>{''.join(operations)}"
        for family, operations in families.items()
    )
    shapes = "".join(
        f"<details id='{escape(name)}'><summary><code>{escape(name)}</code> "
        f"{escape(str(shape.get('description', '')).split(chr(10))[0])}</summary>"
        f"<div><pre>{_json(shape)}</pre></div></details>"
        for name, shape in sorted(schema["components"]["schemas"].items())
    )
    info = schema["info"]
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(info['title'])} API</title>"
        "<link rel='stylesheet' href='/docs/style.css'></head><body><main>"
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
        "<p>The same for programs: <a href='/openapi.json'>openapi.json</a>.</p>"
        f"{body}<h2 id='shapes'>Shapes</h2>{shapes}</main></body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    """Describe one operation."""
    rows = "".join(
        f"<tr><th scope='row'><code>{escape(item['name'])}</code></th><td>{escape(item['in'])}"
        f"{', required' if item.get('required') else ''}</td><td>{escape(_about(item))}</td></tr>"
        for item in operation.get("parameters", [])
    )
    table = f"<table><caption>Parameters</caption>{rows}</table>" if rows else ""
    content = operation.get("requestBody", {}).get("content", {})
    bodies = "".join(
        f"<p>Body, <code>{escape(media)}</code>:</p>"
        + (f"<pre>{_json(item['example'])}</pre>" if "example" in item else "")
        + f"<pre>{_json(item.get('schema', {}))}</pre>"
        for media, item in content.items()
    )
    answers = "".join(
        f"<tr><th scope='row'>{escape(status)}</th>"
        f"<td>{escape(answer.get('description', ''))} {_shape(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<details><summary><span class='method'>{escape(method)}</span> <code>{escape(path)}</code> "
        f"{escape(operation.get('summary', ''))}</summary>"
        f"<div><p>{escape(operation.get('description', ''))}</p>"
        f"{table}{bodies}<table><caption>Answers</caption>{answers}</table></div></details>"
    )


def _about(item: dict[str, Any]) -> str:
    """Return what a parameter is for."""
    return str(item.get("description") or item.get("schema", {}).get("description", ""))


def _shape(answer: dict[str, Any]) -> str:
    """Link to the shape of an answer."""
    for item in answer.get("content", {}).values():
        name = str(item.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        if name:
            return f"<a href='#{escape(name)}'><code>{escape(name)}</code></a>"
    return ""


def _json(value: Any) -> str:
    """Return JSON for reading."""
    return escape(json.dumps(value, indent=1, ensure_ascii=False))
