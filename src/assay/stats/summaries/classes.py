"""The classes that a summary has seen: sorted, bounded, and brought together on merging."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.stats.summaries.bounded import bottom_k, shorten
from assay.stats.summaries.codec import Ints

__all__ = ["MAX_CLASSES", "class_codes", "default_positive", "union"]

MAX_CLASSES = 200
"""How many classes are told apart, chosen by hash (:mod:`assay.stats.summaries.bounded`)."""

_TRUE = ("1", "true", "yes", "positive")
_OPPOSITE = {"0": "1", "false": "true", "no": "yes", "negative": "positive"}


def default_positive(classes: Sequence[str]) -> str | None:
    """Return the class that counts as positive where none is declared.

    "1", "true", "yes" or "positive" (in any case) where one of them is seen, or its opposite alone is; else
    the last of two or more classes in sorted order. None where that does not decide.

    >>> default_positive(["no", "yes"]), default_positive(["0"]), default_positive(["bad", "good"])
    ('yes', '1', 'good')
    """
    by_case = {name.lower(): name for name in sorted(classes, reverse=True)}
    for name in _TRUE:
        if name in by_case:
            return by_case[name]
    if len(classes) == 1:
        (only,) = classes
        return _OPPOSITE.get(only.lower())
    return max(classes) if classes else None


def class_codes(codes: Ints, names: Sequence[str], classes: Sequence[str]) -> Ints:
    """Codes among `classes`; ``len(classes)`` for a class that is not kept, -1 where missing."""
    index = {name: place for place, name in enumerate(classes)}
    table = np.array([index.get(shorten(name), len(classes)) for name in names] + [-1], dtype=np.int64)
    return table[codes]


def union(
    ours: Sequence[str], theirs: Sequence[str], k: int = MAX_CLASSES
) -> tuple[tuple[str, ...], Ints, Ints]:
    """Classes of both, bounded, and the new place of each old one (the last: of all that are not kept)."""
    if tuple(ours) == tuple(theirs):
        same = np.arange(len(ours) + 1)
        return tuple(ours), same, same
    classes = bottom_k((*ours, *theirs), k)
    index = {name: place for place, name in enumerate(classes)}
    rest = len(classes)

    def places(names: Sequence[str]) -> Ints:
        return np.array([index.get(name, rest) for name in names] + [rest], dtype=np.int64)

    return tuple(classes), places(ours), places(theirs)
