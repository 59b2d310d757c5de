"""Names in addresses of pages: of models and of features."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from urllib.parse import quote

from assay.errors import NotFound

__all__ = ["feature_key", "model_from_slug", "model_path", "model_slug"]

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")


def model_slug(model_id: str) -> str:
    """Return the one path segment that stands for a model in addresses of pages.

    Plain names stand for themselves. All others (``a/b``, ``..``, spaces) are written as ``~`` and
    base64url, since browsers and proxies rewrite dots and encoded slashes before a server sees them.

    >>> model_slug("fraud-v2.1"), model_slug("a/b")
    ('fraud-v2.1', '~YS9i')
    """
    if _PLAIN.fullmatch(model_id):
        return model_id
    return "~" + base64.urlsafe_b64encode(model_id.encode()).decode().rstrip("=")


def model_from_slug(slug: str) -> str:
    """Return the model that `slug` stands for; one that is no slug stands for itself.

    Raises
    ------
    NotFound
        Where a slug that starts with ``~`` does not decode.
    """
    if not slug.startswith("~"):
        return slug
    try:
        text = slug[1:]
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as exc:
        raise NotFound("this address names no model; look for it in the list of models") from exc


def feature_key(feature: str) -> str:
    """Return 16 hex digits that stand for a feature in addresses, which its name might be too long for.

    >>> feature_key("amount")
    '4d7dd47091a33e83'
    """
    return hashlib.blake2b(feature.encode(), digest_size=8).hexdigest()


def model_path(model_id: str) -> str:
    """Return the path of a model's page.

    >>> model_path("fraud")
    '/models/fraud'
    """
    return f"/models/{quote(model_slug(model_id), safe='~')}"
