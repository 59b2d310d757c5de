"""From a secret or a session's token to whoever holds it, quickly, and not for long after it was revoked."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from assay.domain.access import ApiKey, Principal
from assay.domain.time import from_micros, to_micros
from assay.errors import StorageError, Unauthorized
from assay.monitoring.access.rate import Bucket
from assay.monitoring.access.tokens import digest_of, key_id_of, same
from assay.ports.access import KeyStore

__all__ = ["FRESH_SECONDS", "Authenticator", "Identity"]

FRESH_SECONDS = 2.0
"""Seconds for which an answer of the store is believed; a revoked key works at most twice as long."""

_USES_SECONDS = 30.0
_MOST = 4_096
_NO_DIGEST = b"\0" * 32
_REFUSED = "a key is needed that is good: this one is unknown, revoked or expired"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who was recognised.

    Attributes
    ----------
    principal : who.
    ends_at : microseconds since the epoch at which key or session ends; None: never.
    bucket : how many requests may come; None: any number.
    """

    principal: Principal
    ends_at: int | None
    bucket: Bucket | None


class _Known:
    """A recognised secret, and until when it need not be looked up again."""

    __slots__ = ("fresh_until", "identity")

    def __init__(self, identity: Identity, fresh_until: float) -> None:
        self.identity = identity
        self.fresh_until = fresh_until


class Authenticator:
    """Recognises secrets of keys and tokens of sessions. Safe to use from several threads.

    Parameters
    ----------
    store : keys and sessions.
    clock : microseconds since the epoch.
    rate : requests a second of keys without a rate of their own; 0: any number.
    monotonic : seconds, for ages.
    """

    def __init__(
        self,
        store: KeyStore,
        *,
        clock: Callable[[], int],
        rate: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rate = rate
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()  # by what _name() returns
        self._buckets: dict[str, Bucket] = {}
        self._uses: dict[str, int] = {}
        self._noted = float("-inf")
        self._noting: threading.Thread | None = None

    def remembered(self, secret: str, *, session: bool = False) -> Identity | None:
        """Return who holds a key's secret, where that is known without asking the store; else None.

        Takes some microseconds, so that it may be called in an event loop.

        Parameters
        ----------
        secret : the secret of a key, or the token of a session.
        session : whether it is a token; neither is ever taken for the other.
        """
        known = self._known.get(_name(digest_of(secret), session=session))
        if known is None:
            return None
        if self._monotonic() >= known.fresh_until:
            # One request asks the store again; those that come meanwhile believe the old answer.
            known.fresh_until = self._monotonic() + FRESH_SECONDS
            return None
        return self._good(known.identity)

    def key(self, secret: str) -> Identity:
        """Return who holds the secret of a key; asks the store.

        Raises
        ------
        Unauthorized
            Where there is no such key, or it was revoked, or has expired: all alike.
        StorageError
            Where the store does not answer.
        """
        digest = digest_of(secret)
        name = _name(digest, session=False)
        with self._forgetting(name):
            key_id = key_id_of(secret)
            stored = None if key_id is None else self._store.find(key_id)
            if not same(_NO_DIGEST if stored is None else stored.digest, digest) or stored is None:
                raise Unauthorized(_REFUSED)
            identity = self._identity(stored.key, None)
        return self._remember(name, identity)

    def session(self, token: str) -> Identity:
        """Return who signed in with the token of a session; asks the store.

        Raises
        ------
        Unauthorized
            Where there is no such session, or it or its key has ended.
        StorageError
            Where the store does not answer.
        """
        digest = digest_of(token)
        name = _name(digest, session=True)
        with self._forgetting(name):
            session = self._store.session(digest)
            stored = None if session is None else self._store.find(session.key_id)
            if session is None or stored is None:
                raise Unauthorized("this session has ended; sign in again")
            identity = self._identity(stored.key, to_micros(session.ends_at))
        return self._remember(name, identity)

    def forget(self) -> None:
        """Ask the store again for everything."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Note the last uses of keys."""
        thread = self._noting
        if thread is not None:
            thread.join(5.0)
        self._note_uses()

    def _identity(self, key: ApiKey, session_ends: int | None) -> Identity:
        """Return who holds a key, if it is good."""
        if key.status(from_micros(self._clock())) != "active":
            raise Unauthorized(_REFUSED)
        ends = [session_ends, None if key.expires_at is None else to_micros(key.expires_at)]
        known_ends = [end for end in ends if end is not None]
        return self._good(Identity(key.principal(), min(known_ends, default=None), self._bucket(key)))

    def _good(self, identity: Identity) -> Identity:
        """Return `identity` if it has not ended, and note its use."""
        now = self._clock()
        if identity.ends_at is not None and identity.ends_at <= now:
            raise Unauthorized(_REFUSED)
        self._uses[identity.principal.who] = now
        return identity

    def _bucket(self, key: ApiKey) -> Bucket | None:
        """Return the one bucket of a key."""
        rate = self._rate if key.rate is None else key.rate
        if rate <= 0:
            return None
        with self._lock:
            bucket = self._buckets.get(key.key_id)
            if bucket is None or bucket.rate != rate:
                bucket = self._buckets[key.key_id] = Bucket(rate, clock=self._monotonic)
            return bucket

    def _remember(self, name: bytes, identity: Identity) -> Identity:
        now = self._monotonic()
        with self._lock:
            self._known[name] = _Known(identity, now + FRESH_SECONDS)
            self._known.move_to_end(name)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
            due = now - self._noted > _USES_SECONDS and (self._noting is None or not self._noting.is_alive())
            if due:
                self._noted = now
                # Elsewhere, since whoever asks should not wait for a commit that is not theirs.
                self._noting = threading.Thread(target=self._note_uses, name="assay-key-uses", daemon=True)
        if due and self._noting is not None:
            self._noting.start()
        return identity

    @contextmanager
    def _forgetting(self, name: bytes) -> Iterator[None]:
        """Forget what was known where the block fails, for whatever reason: no old answer outlives that."""
        try:
            yield
        except BaseException:
            with self._lock:
                self._known.pop(name, None)
            raise

    def _note_uses(self) -> None:
        """Store when keys were last used."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            self._store.touch({key_id: from_micros(now) for key_id, now in uses.items()})
        except StorageError:
            _log.debug("when keys were last used could not be stored")


def _name(digest: bytes, *, session: bool) -> bytes:
    """Return the name under which a holder is remembered: another for a key than for a session."""
    return (b"session " if session else b"key ") + digest
