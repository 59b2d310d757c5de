"""Every error that Assay raises.

::

    AssayError
    ├── InvalidInput (ValueError)        the caller's data or arguments; nothing was stored
    │   ├── Unreadable                   bytes that are not what they claim to be: broken JSON, Arrow, gzip
    │   └── TooLarge                     a body, a batch or a name over its limit
    ├── NotFound (LookupError)           no such model, prediction, reference
    ├── Conflict                         what was asked contradicts what is stored
    │   ├── IdempotencyConflict          one Idempotency-Key, two different bodies
    │   └── StaleWriter                  another consumer has moved on; read again
    ├── Denied                           the server does not do this for whoever asks
    │   ├── Unauthorized                 no key, or none that is good
    │   └── Forbidden                    a good key, or a page, that may not do this
    ├── RateLimited                      too many requests; `retry_after` says when to come again
    ├── MissingExtra (ImportError)       an optional library is absent
    └── StorageError                     the store failed; what was acknowledged is safe
        ├── StorageFull                  no space left; nothing was acknowledged
        ├── StorageUnavailable           busy, unreachable or failing; try again
        └── StorageCorrupt               stored bytes do not read back

A message says what happened, with which value, and what to do about it. Drivers' own exceptions are
translated once, in the adapter that talks to the driver.
"""

from __future__ import annotations

__all__ = [
    "AssayError",
    "Conflict",
    "Denied",
    "Forbidden",
    "IdempotencyConflict",
    "InvalidInput",
    "MissingExtra",
    "NotFound",
    "RateLimited",
    "StaleWriter",
    "StorageCorrupt",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "TooLarge",
    "Unauthorized",
    "Unreadable",
]


class AssayError(Exception):
    """The root of all errors that Assay raises on purpose."""

    @property
    def message(self) -> str:
        """The sentence for the user."""
        return str(self.args[0]) if self.args else (self.__doc__ or type(self).__name__)

    def __str__(self) -> str:
        return self.message


class InvalidInput(AssayError, ValueError):
    """The input cannot be used as it is; nothing of it was stored."""


class Unreadable(InvalidInput):
    """The bytes are not what they claim to be; they cannot be read at all."""


class TooLarge(InvalidInput):
    """The input is larger than a limit allows."""


class NotFound(AssayError, LookupError):
    """Nothing is stored under that name."""


class Conflict(AssayError):
    """The request contradicts what is already stored."""


class IdempotencyConflict(Conflict):
    """An Idempotency-Key came again with a different body."""


class StaleWriter(Conflict):
    """Another writer has moved the position on; nothing was written."""


class Denied(AssayError):
    """The server does not do this for whoever asks."""


class Unauthorized(Denied):
    """A key is needed, and none that is good was sent."""


class Forbidden(Denied):
    """Whoever asks may not do this."""


class RateLimited(AssayError):
    """Too many requests came; this one was not looked at.

    Parameters
    ----------
    message : the sentence for the user.
    retry_after : seconds after which the request may be sent again.
    """

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MissingExtra(AssayError, ImportError):
    """An optional library is needed for this and is not installed."""

    @classmethod
    def of(cls, extra: str, *, purpose: str) -> MissingExtra:
        """Name the command that installs `extra`, which `purpose` needs."""
        return cls(f'{purpose} needs an optional library: pip install "assay[{extra}]"')


class StorageError(AssayError):
    """The store failed; everything acknowledged before is safe."""


class StorageFull(StorageError):
    """No space is left on the device; nothing of this request was kept."""


class StorageUnavailable(StorageError):
    """The store is busy, unreachable or failing; the request can be sent again."""


class StorageCorrupt(StorageError):
    """Stored bytes do not read back as what was written."""
