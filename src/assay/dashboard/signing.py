"""Signing in to the pages: names of addresses and cookies, and where one goes afterwards."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

__all__ = ["ACCESS", "SIGN_IN", "SIGN_OUT", "cookie_name", "safe_next", "to_sign_in", "wants_page"]

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
ACCESS = "/access"

_LONGEST = 2_000


def cookie_name(*, secure: bool) -> str:
    """Return the name of the session's cookie; over https one that no other host, nor http, can set.

    >>> cookie_name(secure=True)
    '__Host-assay_session'
    """
    return "__Host-assay_session" if secure else "assay_session"


def safe_next(target: str) -> str:
    r"""Return `target` if it is an address on this server, and the list of models if not.

    Browsers read ``//host`` and ``/\host`` as another host, and leave out tabs and line breaks first.

    >>> safe_next("/models/a?period=7d"), safe_next("//evil.example"), safe_next("https://evil.example")
    ('/models/a?period=7d', '/', '/')
    """
    harmless = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and len(target) <= _LONGEST
        and target.isprintable()
        and target.isascii()
    )
    return target if harmless else "/"


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page to show, rather than a script for data."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def to_sign_in(request: Request) -> Response:
    """Send a stranger to the page for signing in, and from there to where they wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = safe_next(wanted)
    return RedirectResponse(
        SIGN_IN if where == "/" else f"{SIGN_IN}?next={quote(where, safe='')}",
        status_code=303,
        headers={"Cache-Control": "no-store"},
    )
