"""Names as figures and pages may show them: whatever a client sent, made harmless and short."""

from __future__ import annotations

import unicodedata

__all__ = ["MAX_SHOWN", "plotly_text", "shown"]

MAX_SHOWN = 72
"""Most characters of a name that is shown; the middle of a longer one is left out."""

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
