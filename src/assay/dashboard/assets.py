"""Static files: our own, and plotly.js.

``static/plotly.min.js`` is the published ``plotly.js-cartesian-dist-min``: what draws points, lines, bars and
maps of cells, without globes and scenes in space. It is a third of the library that the Python package
brings, and a browser is done with it in half the time. Its version is that of the Python package.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

from fastapi import Request
from starlette.responses import FileResponse, Response

from assay.errors import NotFound

__all__ = ["asset_url", "plotly_style_ids", "serve_asset"]

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


def _path(name: str) -> Path | None:
    """Return where the file `name` is; only names of files that are shipped are known."""
    return _files().get(name)


@functools.cache
def _files() -> dict[str, Path]:
    """Return all files that are served, by name."""
    return {path.name: path for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


@functools.cache
def _digest(name: str) -> str:
    """Return a short hash of the file's content, part of its address."""
    path = _files()[name]
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()


def asset_url(name: str) -> str:
    """Return the address of a static file, with the hash of its content.

    Raises
    ------
    NotFound
        Where no such file is shipped.
    """
    if _path(name) is None:
        raise NotFound(f"there is no static file {name!r}")
    return f"/static/{name}?v={_digest(name)}"


@functools.cache
def plotly_style_ids() -> tuple[str, ...]:
    """Ids under which plotly.js looks for style sheets before it adds its own to the page.

    The content security policy forbids such additions. An element with the id that is there already
    keeps plotly.js from trying; none of the figures needs those rules (they are for maps).
    """
    text = _files()["plotly.min.js"].read_text(encoding="utf-8")
    return tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', text))))


def serve_asset(name: str, request: Request) -> Response:
    """Answer a request for a static file; one that names the right hash may be kept for ever.

    Raises
    ------
    NotFound
        Where no such file is shipped.
    """
    path = _path(name)
    if path is None:
        raise NotFound("there is no such file")
    current = request.query_params.get("v") == _digest(name)
    return FileResponse(
        path,
        media_type=f"{_TYPES[path.suffix]}; charset=utf-8",
        headers={
            "Cache-Control": _FOR_EVER if current else "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
