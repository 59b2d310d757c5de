"""Who may do what: scopes, keys, sessions, and whoever asks."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from assay.domain.rendering import Answer, Table, moment, number, plain
from assay.errors import InvalidInput

__all__ = [
    "ALL_SCOPES",
    "COMMAND_LINE",
    "EMBEDDED",
    "LOCAL",
    "NOBODY",
    "ApiKey",
    "KeyList",
    "NewKey",
    "Principal",
    "Scope",
    "Session",
    "StoredKey",
]


class Scope(enum.StrEnum):
    """What a key allows.

    ``ingest`` sends predictions and labels, ``read`` looks at what was logged, ``admin`` does both, changes
    models, erases, and makes and revokes keys.
    """

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read a scope's name.

        Raises
        ------
        InvalidInput
            Where there is no such scope.
        """
        try:
            return cls(text)
        except ValueError:
            known = ", ".join(cls)
            raise InvalidInput(f"unknown scope {text[:80]!r}; the scopes are {known}") from None


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks, and what they may do.

    Attributes
    ----------
    who : id of a key, or ``local``, ``embedded``, ``command line``, ``nobody``.
    name : the key's name, for people; empty for the others.
    scopes : what is allowed; ``admin`` includes the others.
    models : the models that may be asked about; None: all.
    """

    who: str
    name: str
    scopes: frozenset[Scope]
    models: frozenset[str] | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether `scope` is allowed.

        >>> LOCAL.allows(Scope.INGEST), NOBODY.allows(Scope.READ)
        (True, False)
        """
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_see(self, model_id: str) -> bool:
        """Whether this model may be asked about."""
        return self.models is None or model_id in self.models


LOCAL = Principal("local", "", ALL_SCOPES)
"""A program or browser on the server's own machine, where no key is needed."""

EMBEDDED = Principal("embedded", "", ALL_SCOPES)
"""The process that opened the data folder itself."""

COMMAND_LINE = Principal("command line", "", ALL_SCOPES)
"""The command line, over the data folder itself."""

NOBODY = Principal("nobody", "", frozenset())
"""Who has shown no key, where one is needed."""


@dataclass(frozen=True, slots=True, repr=False)
class ApiKey(Answer):
    """A key, without its secret.

    Attributes
    ----------
    key_id : twelve hexadecimal digits, part of the secret.
    name : for people.
    scopes : what it allows.
    models : the models that it is bound to; None: all.
    rate : requests a second that it may send; None: what the service's settings say.
    created_at, expires_at, revoked_at : when it was made, and when it stops to work.
    last_used_at : when it was last used, to the half minute.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    models: tuple[str, ...] | None
    rate: float | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def status(self, now: datetime) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    def principal(self) -> Principal:
        """Return whoever holds this key."""
        models = None if self.models is None else frozenset(self.models)
        return Principal(self.key_id, self.name, frozenset(self.scopes), models)


@dataclass(frozen=True, slots=True, repr=False)
class KeyList(Answer):
    """Keys, the oldest first.

    Attributes
    ----------
    keys : the keys.
    at : when they were listed.
    """

    keys: tuple[ApiKey, ...]
    at: datetime

    def table(self) -> Table:
        """Return one row a key."""
        rows = [
            (
                key.key_id,
                key.name,
                ", ".join(key.scopes),
                "all" if key.models is None else ", ".join(key.models),
                number(key.rate),
                self._status(key),
                moment(key.last_used_at),
            )
            for key in self.keys
        ]
        title = "keys" if rows else "no keys yet; make one with: assay keys create --name me --scope admin"
        columns = ("id", "name", "scopes", "models", "rate", "status", "last used")
        return Table(title, columns, rows)

    def _status(self, key: ApiKey) -> str:
        """Say whether a key works, and until when."""
        status = key.status(self.at)
        return status if key.expires_at is None or status != "active" else f"until {key.expires_at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, repr=False)
class NewKey(Answer):
    """A key that was just made, with its secret, which is nowhere else and cannot be had again.

    Attributes
    ----------
    key : the key.
    secret : what a client sends; left out of the table, so that no log or notebook keeps it.
    """

    key: ApiKey
    secret: str

    def table(self) -> Table:
        """Return the key without the secret."""
        rows = [(name, str(value)) for name, value in plain(self.key).items()]
        return Table(f"key {self.key.name}", ("field", "value"), rows)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key with the SHA-256 digest of its secret, by which the secret is recognised."""

    key: ApiKey
    digest: bytes


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that signed in with a key.

    Attributes
    ----------
    digest : SHA-256 of the token in the browser's cookie.
    key_id : the key that it signed in with; the session ends with it.
    created_at, ends_at : when it began, and when it ends at the latest.
    """

    digest: bytes
    key_id: str
    created_at: datetime
    ends_at: datetime
