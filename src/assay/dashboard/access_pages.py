"""Pages for signing in, and for those who run the service: keys and the record of changes."""

from __future__ import annotations

import hmac
import math
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from assay.dashboard.friendly import FriendlyRoute
from assay.dashboard.pages import page
from assay.dashboard.signing import ACCESS, SIGN_IN, SIGN_OUT, cookie_name, safe_next
from assay.domain.access import NewKey, Scope
from assay.errors import AssayError, Forbidden, InvalidInput, RateLimited, TooLarge, Unauthorized
from assay.monitoring.access.access import Access
from assay.monitoring.access.caller import caller
from assay.monitoring.access.sessions import SignedIn

__all__ = ["router"]

_FORM_BYTES = 64 << 10
_FIELDS = 20
_CHANGES = 50
_HINTS = {
    Scope.INGEST: "sends predictions and labels",
    Scope.READ: "sees pages, metrics and predictions",
    Scope.ADMIN: "may do everything: models, references, erasure, keys",
}


def router(access: Access) -> APIRouter:
    """Return the routes; each form carries the token of its session."""
    routes = APIRouter(route_class=FriendlyRoute, include_in_schema=False)

    @routes.get(SIGN_IN)
    def sign_in_page(request: Request) -> Response:
        return _sign_in_page(safe_next(request.query_params.get("next", "/")))

    @routes.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        target = safe_next(form.get("next", "/"))
        try:
            session = await run_in_threadpool(access.sessions.sign_in, form.get("key", "").strip())
        except Unauthorized:
            message = "This key is unknown, revoked or expired."
            return _sign_in_page(target, message, status=HTTPStatus.UNAUTHORIZED)
        except RateLimited as error:
            answer = _sign_in_page(target, error.message, status=HTTPStatus.TOO_MANY_REQUESTS)
            answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
            return answer
        await _end(request)  # the session that this browser may have had
        return _with_session(RedirectResponse(target, status_code=303), session)

    @routes.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        await _form(request)
        await _end(request)
        answer = RedirectResponse(SIGN_IN, status_code=303)
        answer.delete_cookie(
            cookie_name(secure=caller().secure),
            path="/",
            secure=caller().secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    @routes.get(ACCESS)
    def keys_and_changes(request: Request) -> Response:
        return _access_page(request.query_params.get("before", ""))

    @routes.post(f"{ACCESS}/keys")
    async def create(request: Request) -> Response:
        form = await _form(request)
        return await run_in_threadpool(_created, form)

    @routes.post(f"{ACCESS}/keys/{{key_id}}/revoke")
    async def revoke(key_id: str, request: Request) -> Response:
        await _form(request)
        await run_in_threadpool(access.keys.revoke, key_id)
        return RedirectResponse(ACCESS, status_code=303)

    async def _end(request: Request) -> None:
        token = request.cookies.get(cookie_name(secure=caller().secure))
        if token and caller().signed_in:
            await run_in_threadpool(access.sessions.sign_out, token)

    def _created(form: dict[str, str]) -> Response:
        models = [line.strip() for line in form.get("models", "").splitlines() if line.strip()]
        try:
            made = access.keys.create(
                form.get("name", "").strip(),
                scopes=[scope for scope in Scope if form.get(f"scope-{scope}")],
                models=models or None,
                expires=form.get("expires", "").strip() or None,
                rate=_rate(form.get("rate", "").strip()),
            )
        except (InvalidInput, Forbidden) as error:
            return _access_page("", problem=error.message, form=form, status=_status(error))
        return _access_page("", made=made)

    def _access_page(
        before: str,
        *,
        made: NewKey | None = None,
        problem: str = "",
        form: dict[str, str] | None = None,
        status: int = HTTPStatus.OK,
    ) -> Response:
        if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise InvalidInput("this address names no page of the record")
        return page(
            "access.html",
            status=status,
            keys=access.keys.listed(),
            changes=access.changes(before=int(before) if before else None, limit=_CHANGES),
            before=before,
            made=made,
            problem=problem,
            form=form or {},
            hints=_HINTS,
        )

    return routes


def _sign_in_page(target: str, message: str = "", *, status: int = HTTPStatus.OK) -> Response:
    return page("sign_in.html", status=status, target=target, message=message)


def _with_session(answer: Response, session: SignedIn) -> Response:
    """Hand the session's token to the browser: no script and no other site gets at it."""
    secure = caller().secure
    answer.set_cookie(
        cookie_name(secure=secure),
        session.token,
        max_age=session.seconds,
        path="/",
        secure=secure,
        httponly=True,
        # Lax and not Strict: a link in a message leads to the page, not to signing in again. Nothing that is
        # read changes anything, and what changes something is a form with its token.
        samesite="lax",
    )
    return answer


async def _form(request: Request) -> dict[str, str]:
    """Read a form that one of our own pages has sent.

    Raises
    ------
    Forbidden
        Where the page was another's, or is older than the session.
    InvalidInput
        Where it is no form.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise InvalidInput("this address takes the form of its page")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            raise TooLarge("the form is too long")
    try:
        fields: Any = dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
        )
    except ValueError:
        raise InvalidInput("this address takes the form of its page") from None
    own = caller().csrf
    if not own or not hmac.compare_digest(str(fields.get("csrf", "")).encode(), own.encode()):
        raise Forbidden("this page was too old to be sent; load it again")
    return dict(fields)


def _rate(text: str) -> float | None:
    """Read a rate."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!r} is no number of requests a second") from None


def _status(error: AssayError) -> int:
    return HTTPStatus.FORBIDDEN if isinstance(error, Forbidden) else HTTPStatus.UNPROCESSABLE_ENTITY
