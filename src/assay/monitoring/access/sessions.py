"""Signing in to the pages with a key, and out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from assay.domain.access import Session
from assay.domain.audit import AuditAction
from assay.domain.time import HOUR, from_micros
from assay.errors import Unauthorized
from assay.monitoring.access.audit import Audit
from assay.monitoring.access.authentication import Authenticator
from assay.monitoring.access.caller import Caller, caller, calling
from assay.monitoring.access.rate import SlowDown
from assay.monitoring.access.tokens import digest_of, new_token
from assay.ports.access import KeyStore

__all__ = ["Sessions", "SignedIn"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun.

    Attributes
    ----------
    token : what the browser keeps in a cookie; only its digest is stored.
    seconds : how long it lasts.
    """

    token: str
    seconds: int

    def __repr__(self) -> str:
        return f"SignedIn(seconds={self.seconds})"


class Sessions:
    """Sessions of browsers.

    Parameters
    ----------
    store : where sessions are kept.
    authenticator : recognises keys.
    audit : records who signed in, and who failed to.
    clock : microseconds since the epoch.
    hours : how long a session lasts.
    slow : makes addresses wait that fail often.
    """

    def __init__(
        self,
        store: KeyStore,
        authenticator: Authenticator,
        audit: Audit,
        *,
        clock: Callable[[], int],
        hours: int,
        slow: SlowDown | None = None,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._audit = audit
        self._clock = clock
        self._hours = hours
        self._slow = slow or SlowDown()
        self._key = secrets.token_bytes(32)

    def sign_in(self, secret: str) -> SignedIn:
        """Begin a session with a key; always with a new token.

        Raises
        ------
        Unauthorized
            Where the key is not good.
        RateLimited
            Where this address has failed too often; the key was not looked at.
        """
        who = caller()
        self._slow.check(who.address)
        try:
            principal = self._authenticator.key(secret).principal
        except Unauthorized:
            self._slow.failed(who.address)
            self._audit.note(AuditAction.SIGN_IN, failed=True)
            raise
        self._slow.succeeded(who.address)
        token, now = new_token(), self._clock()
        ends = from_micros(now + self._hours * HOUR)
        self._store.open_session(Session(digest_of(token), principal.who, from_micros(now), ends))
        with calling(Caller(principal, who.address)):
            self._audit.note(AuditAction.SIGN_IN)
        return SignedIn(token, self._hours * 3600)

    def sign_out(self, token: str) -> None:
        """End a session; no error where there is none."""
        self._store.close_session(digest_of(token))
        self._authenticator.forget()
        self._audit.note(AuditAction.SIGN_OUT)

    def csrf(self, token: str) -> str:
        """Return the token that a session's forms carry; of an empty `token`, that of forms without one.

        It follows from the session's token, which no page can read, and from a key of this process.
        """
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()
