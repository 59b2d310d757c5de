"""The documentation at /help: the site that `make site` built into the package, served as files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from assay.dashboard.pages import error_page, page
from assay.errors import NotFound

__all__ = ["SITE", "router"]

SITE = Path(__file__).parent / "site"
"""Where the built site lies; absent where nobody built it."""

_INDEX = Path(__file__).parents[3] / "docs" / "index.md"  # of a checkout; an installed package has none
_MARK = "built.txt"  # written last, and other with each build
_ITEM = re.compile(r"^- \[([^\]]+)\]\(([\w/.-]+\.md)\)", re.MULTILINE)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept, but asked about: a newer version has other pages
}


@dataclass(frozen=True, slots=True)
class _Built:
    """One build of the site."""

    mark: str
    files: dict[str, tuple[Path, str]]  # path below the site, as in addresses -> file, entity tag


class _Site:
    """The files of the site; found by looking their names up, so that no address leads anywhere else.

    Parameters
    ----------
    folder : where the site is built; it may come, and change, while the server runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: _Built | None = None

    def built(self) -> _Built | None:
        """Return the newest build; None where there is none."""
        try:
            mark = (self._folder / _MARK).read_text(encoding="utf-8")
        except OSError:
            return None
        if self._built is None or self._built.mark != mark:
            self._built = _Built(
                mark,
                {
                    path.relative_to(self._folder).as_posix(): (path, _tag(path))
                    for path in sorted(self._folder.rglob("*"))
                    if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
                },
            )
        return self._built


def router(folder: Path = SITE, *, index: Path = _INDEX) -> APIRouter:
    """Return the routes of the documentation.

    Parameters
    ----------
    folder : the built site.
    index : the Markdown page whose topics are listed where the site is not built.
    """
    routes = APIRouter(include_in_schema=False)
    site = _Site(folder)

    @routes.get("/help")
    def without_slash() -> Response:
        return RedirectResponse("/help/", status_code=308)

    @routes.get("/help/{path:path}")
    def document(path: str, request: Request) -> Response:
        built = site.built()
        if built is None:
            return page("help.html", status=503, topics=topics(index))
        name = path + "index.html" if path == "" or path.endswith("/") else path
        found = built.files.get(name)
        if found is None:
            return error_page(NotFound("The documentation has no such page. It begins at /help/."))
        file, tag = found
        headers = {**_HEADERS, "ETag": tag}
        if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return FileResponse(file, media_type=_TYPES[file.suffix], headers=headers)

    return routes


def topics(index: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what the documentation is about: parts, each with the titles and files of its pages.

    Parameters
    ----------
    index : a Markdown page with lists of links below headings of the second level; empty where there is none.
    """
    try:
        pieces = re.split(r"^## (.+)$", index.read_text(encoding="utf-8"), flags=re.MULTILINE)
    except OSError:
        return []
    parts = zip(pieces[1::2], pieces[2::2], strict=True)
    listed = ((part, _ITEM.findall(text)) for part, text in parts)
    return [(part, [(title, f"docs/{name}") for title, name in pages]) for part, pages in listed if pages]


def _tag(path: Path) -> str:
    """Return the entity tag of a file: a hash of its content."""
    return f'"{hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()}"'
