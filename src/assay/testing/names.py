"""Names that clients may give and that have broken programs before."""

from __future__ import annotations

__all__ = ["HOSTILE_NAMES"]

HOSTILE_NAMES: tuple[str, ...] = (
    " ",
    "a b",
    "../../etc/passwd",
    "a/b\\c",
    "'; DROP TABLE models; --",
    '"quoted"',
    "100%s %(x)s %%",
    ":name ?1 $1 {x}",
    "line\nbreak\ttab\r",
    "\x01\x1b[31m\x7f",
    "naïve Straße",
    "nai\u0308ve",  # the same as the one above begins with, decomposed
    "日本語 \U0001f9ea",
    "\u202e right to left \u202c",
    "\ufeffmark",
    "NULL",
    "n:x",
    "A",
    "a",
    "a ",
    "x" * 3_000,
    "ü" * 5_120,
    "x" * 10_239 + "y",
    "x" * 10_239 + "z",
)
"""Distinct names, each allowed by :func:`assay.domain.model.check_name`; the longest has 10,240 bytes."""
