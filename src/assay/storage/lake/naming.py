"""Names on disk: folders for models, columns for features, safe whatever a client called them.

A client's text never becomes a path or an identifier. What stands on disk is a slug of ASCII letters,
digits and underscores, unique without regard to case, because Delta, Spark and DuckDB compare column
names that way and some file systems compare file names that way. The real names stand in the table's
metadata.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

from assay.domain.columns import (
    BOOL_FEATURE,
    NUMERIC_FEATURE,
    PROBABILITY,
    TAG,
    TEXT_FEATURE,
    is_dynamic,
)

__all__ = ["column_name", "folder_name"]

_LONGEST = 48
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_HEADS = {NUMERIC_FEATURE: "f_", TEXT_FEATURE: "f_", BOOL_FEATURE: "f_", TAG: "tag_", PROBABILITY: "p_"}
_TYPES = {NUMERIC_FEATURE: "__number", TEXT_FEATURE: "__text", BOOL_FEATURE: "__bool"}


def folder_name(model_id: str) -> str:
    """Return the folder of a model: readable, and by its digest different for every name.

    >>> folder_name("Fraud / EU")
    'fraud_eu-3bef1c5fbdb971e1'
    >>> folder_name("../..")[:6]
    'model-'
    """
    digest = hashlib.sha256(model_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{_slug(model_id).lower() or 'model'}-{digest}"


def column_name(canonical: str, taken: Collection[str]) -> str:
    """Return the name on disk of a canonical column in a table that has the columns `taken` already.

    Fixed columns keep their names. A feature is ``f_`` and its slug; if the same name came with another
    type, its type is appended; whatever clashes still gets a number.

    >>> column_name("n:amount", []), column_name("s:amount", ["f_amount"]), column_name("t:País", [])
    ('f_amount', 'f_amount__text', 'tag_Pa_s')
    """
    if not is_dynamic(canonical):
        return canonical
    used = {name.lower() for name in taken}
    prefix, name = canonical[:2], canonical[2:]
    base = _HEADS[prefix] + (_slug(name) or "unnamed")
    candidates = [base, base + _TYPES[prefix]] if prefix in _TYPES else [base]
    for candidate in candidates:
        if candidate.lower() not in used:
            return candidate
    number = 2
    while f"{candidates[-1]}_{number}".lower() in used:
        number += 1
    return f"{candidates[-1]}_{number}"


def _slug(text: str) -> str:
    return _UNSAFE.sub("_", text).strip("_")[:_LONGEST].strip("_")
