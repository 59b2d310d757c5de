"""Who asks, and whether they may: looked at before anything else of a request."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import unquote

from fastapi import Request

from assay.dashboard.names import model_from_slug
from assay.dashboard.signing import cookie_name
from assay.domain.access import LOCAL, NOBODY, Scope
from assay.errors import Forbidden, Unauthorized
from assay.monitoring.access.access import Access
from assay.monitoring.access.authentication import Identity
from assay.monitoring.access.caller import Caller, caller, set_caller
from assay.monitoring.access.tokens import key_id_of
from assay.monitoring.commander import absent
from assay.runtime.settings import Settings
from assay.server.errors import HttpProblem
from assay.server.scopes import SCOPES

__all__ = [
    "JUDGED",
    "Gate",
    "is_loopback",
    "judge",
    "keys_required",
    "require",
    "require_all_models",
    "require_somebody",
]

JUDGED: Final = "assay.judged"
"""Name in an ASGI scope of a list that is empty until the request was judged."""

_NO_KEY = "a key is needed here; send it as Authorization: Bearer <key>, or sign in to the pages"
_LONGEST = 200


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine only.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def keys_required(settings: Settings) -> bool:
    """Whether a key is needed: on every address that is not this machine's own, behind a proxy, or as set."""
    return settings.require_keys or bool(settings.allowed_hosts) or not is_loopback(settings.host)


class Gate:
    """Recognises whoever asks.

    Parameters
    ----------
    access : keys and sessions.
    settings : whether keys are needed, and which proxies are believed.
    """

    def __init__(self, access: Access, settings: Settings) -> None:
        self._access = access
        self._required = keys_required(settings)
        self._proxies = frozenset(
            part.strip() for part in settings.trusted_proxies.split(",") if part.strip()
        )

    async def admit(self, scope: Any, headers: Mapping[bytes, bytes]) -> None:
        """Say who asks, for this task and what it calls.

        Raises
        ------
        Unauthorized
            Where a key was sent that is not good.
        RateLimited
            Where the key has sent too many requests.
        StorageError
            Where the store of keys does not answer.
        """
        address = self._address(scope, headers)
        secure = self.scheme(scope, headers) == "https"
        secret = _secret(headers)
        if secret is not None:
            identity = self._access.authenticator.remembered(secret)
            if identity is None:
                identity = await asyncio.to_thread(self._access.authenticator.key, secret)
            self._let(identity, Caller(identity.principal, address, secure=secure))
            return
        sessions = self._access.sessions
        token = _cookie(headers, cookie_name(secure=secure))
        if token is not None:
            found = await self._session(token)
            if found is not None:
                csrf = sessions.csrf(token)
                self._let(found, Caller(found.principal, address, csrf, signed_in=True, secure=secure))
                return
        if self._required:
            set_caller(Caller(NOBODY, address, sessions.csrf(""), secure=secure))
            return
        if b"x-forwarded-for" in headers or b"forwarded" in headers:
            raise HttpProblem(
                HTTPStatus.FORBIDDEN,
                "Forbidden",
                "this request came through a proxy, to a server that asks nobody for a key; "
                "set ASSAY_REQUIRE_KEYS=1, or ASSAY_ALLOWED_HOSTS to the names that it is reached by",
            )
        set_caller(Caller(LOCAL, address, sessions.csrf(""), secure=secure))

    async def _session(self, token: str) -> Identity | None:
        """Return who signed in with `token`; None where that session has ended."""
        try:
            found = self._access.authenticator.remembered(token, session=True)
            return found or await asyncio.to_thread(self._access.authenticator.session, token)
        except Unauthorized:
            return None

    @staticmethod
    def _let(identity: Identity, who: Caller) -> None:
        """Let a recognised caller in, unless there were too many requests."""
        if identity.bucket is not None:
            identity.bucket.take()
        set_caller(who)

    def _address(self, scope: Any, headers: Mapping[bytes, bytes]) -> str:
        """Return the address that asks: what the nearest proxy saw that is not one of ours."""
        peer = scope.get("client")
        address = str(peer[0]) if peer else ""
        if address not in self._proxies:
            return address
        for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            if not _is_address(hop.strip()):
                break
            address = hop.strip()
            if address not in self._proxies:
                break
        return address

    def scheme(self, scope: Any, headers: Mapping[bytes, bytes]) -> str:
        """Return ``https`` or ``http``: how the request came to us, or to the proxy before us."""
        peer = scope.get("client")
        told = headers.get(b"x-forwarded-proto", b"").strip().lower()
        if told in (b"http", b"https") and peer and peer[0] in self._proxies:
            return told.decode()
        return str(scope.get("scheme", "http"))


def require(scope: Scope | None) -> None:
    """Refuse a caller who may not do what needs `scope`; None: anybody may.

    Raises
    ------
    Unauthorized
        Where whoever asks has shown no key.
    Forbidden
        Where the key has no such scope.
    """
    if scope is None:
        return
    who = caller().principal
    if who.allows(scope):
        return
    require_somebody()
    raise Forbidden(f"this key has no scope {scope.value}; ask for one that does")


def require_somebody() -> None:
    """Refuse whoever has shown no key, where one is needed.

    Raises
    ------
    Unauthorized
        Where that is so.
    """
    if not caller().principal.scopes:
        raise Unauthorized(_NO_KEY)


async def judge(request: Request) -> None:
    """Refuse a request whose route is not in the table, or whose caller may not use it.

    A dependency of every route of the application.
    """
    route: Any = request.scope["route"]
    name = (request.method, str(route.path))
    cast("list[bool]", request.scope.setdefault(JUDGED, [])).append(True)
    # A router that was included under a prefix has routes whose paths are not those that were asked for.
    if name not in SCOPES or not route.path_regex.match(request.scope["path"]):
        require(Scope.READ)
        raise Forbidden("nobody may use this address: it is not said which scope it needs")
    require(SCOPES[name])
    allowed = caller().principal.models
    if allowed is None:
        return
    params = request.path_params
    if "model_id" in params:
        model = unquote(params["model_id"])
    elif "slug" in params:
        model = model_from_slug(params["slug"])
    else:
        return
    if model not in allowed:
        raise absent(model)


def require_all_models() -> None:
    """Refuse a caller whose key is bound to some models, for what tells of all of them.

    Raises
    ------
    Forbidden
        Where it is.
    """
    if caller().principal.models is not None:
        raise Forbidden("this key is bound to some models, and this tells of all of them")


def _cookie(headers: Mapping[bytes, bytes], name: str) -> str | None:
    """Return a cookie, whatever else stands beside it."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and value:
            return value[:_LONGEST]
    return None


def _secret(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the key that was sent."""
    bearer, _, secret = headers.get(b"authorization", b"").partition(b" ")
    if bearer.lower() == b"bearer":
        return secret.strip().decode("latin-1")[:_LONGEST]
    given = headers.get(b"x-api-key")
    if given is not None:
        return given.strip().decode("latin-1")[:_LONGEST]
    return _password(secret) if bearer.lower() == b"basic" else None


def _password(credentials: bytes) -> str | None:
    """Return the password of HTTP's Basic scheme if it is a key.

    It is all that a program can send which knows nothing but an address, ``https://assay:KEY@host/...``. What
    is no key is meant for a proxy on the way.
    """
    try:
        _, _, password = base64.b64decode(credentials.strip()[: 4 * _LONGEST], validate=True).partition(b":")
    except ValueError:
        return None
    secret = password.decode("latin-1")[:_LONGEST]
    return None if key_id_of(secret) is None else secret


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
