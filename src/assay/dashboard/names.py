"""Names as pages and figures may show them: whatever a client sent, made harmless and short."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from urllib.parse import quote

from assay.errors import NotFound

__all__ = ["MAX_SHOWN", "feature_key", "model_from_slug", "model_path", "model_slug", "plotly_text", "shown"]

MAX_SHOWN = 72
"""Most characters of a name that a page shows; the middle of a longer one is left out."""

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_JOINERS = "\u200c\u200d"
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})


def shown(name: str, *, limit: int = MAX_SHOWN) -> str:
    r"""Return `name` for a reader: one line, no invisible or direction-changing characters, not too long.

    The result is still to be escaped by whoever puts it into HTML.

    >>> shown("a" * 100, limit=9)
    'aaaaaa…aa'
    >>> shown("evil\u202etxt") == "evil\ufffdtxt"
    True
    """
    if len(name) > limit:
        head = (limit - 1) * 2 // 3 + 1
        name = f"{name[:head]}…{name[len(name) - (limit - 1 - head) :]}"
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(char) in _HIDDEN and char not in _JOINERS
        else char
        for char in name
    )


def plotly_text(name: str, *, limit: int = 36) -> str:
    """Return `name` for a text inside a Plotly figure, which would read tags, entities and TeX in it.

    >>> plotly_text("<b>rate</b> & $x$")
    '&lt;b&gt;rate&lt;/b&gt; &amp; &#36;x&#36;'
    """
    return shown(name, limit=limit).translate(_ENTITIES)


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
