"""Texts in CSV files that a spreadsheet would take for formulas, defused so that it can be undone."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["defused", "undefused"]


def defused(texts: pa.Array) -> pa.Array:
    r"""Put an apostrophe before each text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a return.

    One that begins with an apostrophe gets another, so that :func:`undefused` gives back what was there.

    >>> defused(pa.array(["=1+1", "it's", "'tis"])).to_pylist()
    ["'=1+1", "it's", "''tis"]
    """
    return pc.replace_substring_regex(texts, r"\A([=+\-@\t\r'])", r"'\1")


def undefused(texts: pa.Array) -> pa.Array:
    """Take away what :func:`defused` put in.

    >>> undefused(pa.array(["'=1+1", "it's", "''tis"])).to_pylist()
    ['=1+1', "it's", "'tis"]
    """
    return pc.replace_substring_regex(texts, r"\A'([=+\-@\t\r'])", r"\1")
