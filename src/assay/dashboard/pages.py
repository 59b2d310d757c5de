"""Rendering: templates, headers of pages, pages for errors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.responses import Response

from assay.dashboard.assets import asset_url, plotly_style_ids
from assay.dashboard.names import feature_key, model_path
from assay.dashboard.spark import HEIGHT, WIDTH
from assay.domain.time import from_micros
from assay.errors import AssayError, Denied, InvalidInput, NotFound, StorageError
from assay.figures.drift_statistics import STATISTICS
from assay.figures.names import shown
from assay.figures.numbers import (
    count_text,
    moment_text,
    p_text,
    share_text,
    short_count,
    span_text,
    value_text,
)
from assay.figures.verdicts import against_floor, tone
from assay.monitoring.access.caller import caller

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "HEADERS",
    "error_page",
    "error_problem",
    "page",
    "prepare",
    "render",
    "with_query",
]

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; "
    # Plotly sets the style attribute of the SVG elements that it makes; style sheets stay ours alone.
    "style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; "  # blob: is how a figure becomes a PNG
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What a page may load and run: nothing from other hosts, no inline script, no evaluated text."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": a form would then be sent with the origin "null", which is refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def with_query(address: str, query: str) -> str:
    """Return `address` with parameters; without a bare ``?`` or ``&`` where there are none.

    >>> with_query("/", ""), with_query("/", "find=a"), with_query("/?find=a", "page=2")
    ('/', '/?find=a', '/?find=a&page=2')
    """
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address


def _environment() -> jinja2.Environment:
    """Return the templates' environment: everything is escaped, nothing undefined is let through."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": count_text,
        "moment": moment_text,
        "p": p_text,
        "python": repr,
        "share": share_text,
        "short": short_count,
        "shown": shown,
        "value": value_text,
        "with_query": with_query,
    }
    environment.globals |= {
        "STATISTICS": STATISTICS,
        "asset": asset_url,
        "feature_key": feature_key,
        "from_micros": from_micros,
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds"),
        "model_path": model_path,
        "against_floor": against_floor,
        "span": span_text,
        "spark_box": f"0 0 {WIDTH} {HEIGHT}",
        "style_ids": plotly_style_ids,
        "tone": tone,
        "viewer": caller,
    }
    return environment


_TEMPLATES = _environment()


def render(template: str, **context: Any) -> str:
    """Render a template into text."""
    return _TEMPLATES.get_template(template).render(now=datetime.now(UTC), **context)


def page(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a template into an answer."""
    return HTMLResponse(render(template, **context), status_code=status, headers=HEADERS)


def prepare() -> None:
    """Do once what the first page would have to wait for: compile templates, hash the static files."""
    for name in _TEMPLATES.list_templates(extensions=["html"]):
        _TEMPLATES.get_template(name)
    plotly_style_ids()
    asset_url("plotly.min.js")


def _status(error: AssayError) -> tuple[int, str]:
    """Return the status and the title of an error's page."""
    if isinstance(error, NotFound):
        return 404, "There is nothing here"
    if isinstance(error, InvalidInput):
        return 400, "This address is not understood"
    if isinstance(error, Denied):
        return 403, "Your key does not allow this"
    if isinstance(error, StorageError):
        return 503, "The store does not answer"
    return 500, "Something went wrong"


def error_page(error: AssayError | None) -> HTMLResponse:
    """Return the page for an error; None: one that nobody foresaw, of which nothing is told."""
    if error is None:
        return page(
            "error.html",
            status=500,
            status_code=500,
            title="Something went wrong",
            message="The page could not be made. The server's log has the details.",
        )
    status, title = _status(error)
    message = shown(error.message, limit=600)
    sentence = (
        message[:1].upper() + message[1:]
    )  # as errors stand on a line after their program's name, they begin small
    return page("error.html", status=status, status_code=status, title=title, message=sentence)


def error_problem(error: AssayError | None) -> Response:
    """Return an error as problem details (RFC 9457), for what scripts ask for."""
    status, title = _status(error) if error is not None else (500, "Something went wrong")
    detail = shown(error.message, limit=600) if error is not None else "The server's log has the details."
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status_code=status,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        media_type="application/problem+json",
    )
