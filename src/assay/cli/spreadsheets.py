"""Texts in CSV files that a spreadsheet would take for formulas, defused so that it can be undone."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["defused", "undefused"]

_FIRST = r"[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}']"


def defused(texts: pa.Array) -> pa.Array:
    r"""Put an apostrophe before each text that begins like a formula.

    That is with ``=``, ``+``, ``-``, ``@`` or a wide form of these, with a tab or the end of a line.

    One that begins with an apostrophe gets another, so that :func:`undefused` gives back what was there.

    >>> defused(pa.array(["=1+1", "it's", "'tis"])).to_pylist()
    ["'=1+1", "it's", "''tis"]
    """
    return pc.replace_substring_regex(texts, rf"\A({_FIRST})", r"'\1")


def undefused(texts: pa.Array) -> pa.Array:
    """Take away what :func:`defused` put in.

    >>> undefused(pa.array(["'=1+1", "it's", "''tis"])).to_pylist()
    ['=1+1', "it's", "'tis"]
    """
    return pc.replace_substring_regex(texts, rf"\A'({_FIRST})", r"\1")
