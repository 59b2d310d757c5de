"""Who may do what: scopes, keys, sessions, and the record of changes."""

from __future__ import annotations

import enum

__all__ = ["Scope"]


class Scope(enum.StrEnum):
    """What a key allows.

    ``ingest`` sends predictions and labels, ``read`` looks at everything that was logged, ``admin`` does both,
    changes models, erases, and makes and revokes keys.
    """

    INGEST = "ingest"
    READ = "read"
    ADMIN = "admin"
