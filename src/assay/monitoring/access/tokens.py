"""Secrets: how they are made, what they look like, and how they are recognised.

A key's secret is ``assay_<key id>_<43 characters>``: 256 random bits as base64url. The id in it makes the
look-up one by primary key. What is stored is the secret's SHA-256. A slow hash would protect passwords, which
people choose and others guess; 256 random bits cannot be guessed, however quick the hash is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

__all__ = ["digest_of", "key_id_of", "new_key_id", "new_secret", "new_token", "same"]

_SECRET = re.compile(r"assay_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_BYTES = 32


def new_key_id() -> str:
    """Return a fresh id of a key: twelve hexadecimal digits."""
    return secrets.token_hex(6)


def new_secret(key_id: str) -> str:
    """Return a fresh secret for a key.

    >>> len(new_secret("0123456789ab"))
    62
    """
    return f"assay_{key_id}_{secrets.token_urlsafe(_BYTES)}"


def new_token() -> str:
    """Return a fresh token of a session: 256 random bits, 43 characters."""
    return secrets.token_urlsafe(_BYTES)


def key_id_of(secret: str) -> str | None:
    """Return the id of the key that `secret` claims to be of; None where it is no secret at all.

    >>> key_id_of("assay_0123456789ab_" + 43 * "x"), key_id_of("assay_0123456789ab_short")
    ('0123456789ab', None)
    """
    match = _SECRET.fullmatch(secret)
    return None if match is None else match[1]


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 of a secret or token, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one, other)
