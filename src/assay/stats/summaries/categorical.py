"""Categorical features: counts per category of the reference, and of a bounded number of new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Self

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import merge_counters, shorten, trim_counter
from assay.stats.summaries.codec import Ints, Kind, Reader, Writer
from assay.stats.summaries.texts import Texts, encode_texts

__all__ = ["MAX_CATEGORIES", "MAX_NEW", "CategoricalSummary", "Categories"]

MAX_CATEGORIES = 1000
"""The most categories that a reference names; rarer ones count as not named by it."""

MAX_NEW = 1000
"""How many categories that the reference does not name are counted one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """The categories that a reference names, in a fixed order.

    Attributes
    ----------
    names : distinct texts; longer ones than ``bounded.MAX_TEXT`` are shortened.
    complete : whether every value of the reference is among them.
    digest : 8 bytes that tell one set from another.
    """

    names: tuple[str, ...]
    complete: bool = True
    digest: bytes = b""
    index: Mapping[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        names = tuple(shorten(name) for name in self.names)
        index = {name: place for place, name in enumerate(names)}
        if len(index) != len(names):
            raise InvalidInput("the names of categories must be distinct")
        writer = Writer()
        writer.texts(names)
        writer.uint(int(self.complete))
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "index", index)
        object.__setattr__(self, "digest", blake2b(writer.body(), digest_size=8).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Categories) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def size(self) -> int:
        """Number of categories."""
        return len(self.names)

    @classmethod
    def from_values(cls, values: Texts, max_categories: int = MAX_CATEGORIES) -> Self:
        """Name the categories of a sample: the most frequent ones (ties: first by name), sorted by name.

        >>> Categories.from_values(["b", "a", None, "b"]).names
        ('a', 'b')
        """
        counts = _counts(*encode_texts(values))
        kept = sorted(counts, key=lambda name: (-counts[name], name))[:max_categories]
        return cls(tuple(sorted(kept)), complete=len(kept) == len(counts))


def _counts(codes: Ints, names: list[str]) -> dict[str, int]:
    """Count by (shortened) text."""
    found = np.bincount(codes[codes >= 0], minlength=len(names)).tolist() if names else []
    counts: dict[str, int] = {}
    for name, count in zip(names, found, strict=True):
        if count:
            short = shorten(name)
            counts[short] = counts.get(short, 0) + count
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalSummary(Mergeable):
    """Counts of a categorical feature's values.

    Attributes
    ----------
    categories : the reference's categories.
    counts : int64, one per category of the reference.
    new : counts of up to `MAX_NEW` others, exact for each one kept (the smallest by hash are kept, see
        :mod:`assay.stats.summaries.bounded`).
    other : rows with a category that is in neither.
    missing, mistyped : rows without a text.
    """

    categories: Categories
    counts: Ints
    new: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    missing: int = 0
    mistyped: int = 0

    @classmethod
    def empty(cls, categories: Categories) -> Self:
        """Summary of no rows."""
        return cls(categories, np.zeros(categories.size, dtype=np.int64))

    @classmethod
    def of(cls, values: Texts, categories: Categories, *, missing: int = 0, mistyped: int = 0) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        values : texts with None where missing, or a pair (codes, dictionary), code -1 where missing.
        categories : the reference's categories.
        missing, mistyped : rows of the batch that are not among `values`.

        Examples
        --------
        >>> summary = CategoricalSummary.of(["a", "z", None], Categories(("a", "b")))
        >>> summary.counts.tolist(), summary.new, summary.missing
        ([1, 0], {'z': 1}, 1)
        """
        codes, names = encode_texts(values)
        counts = np.zeros(categories.size, dtype=np.int64)
        new: dict[str, int] = {}
        for name, count in _counts(codes, names).items():
            place = categories.index.get(name)
            if place is None:
                new[name] = count
            else:
                counts[place] = count
        kept, other = trim_counter(new, MAX_NEW)
        absent = int(np.count_nonzero(codes < 0))
        return cls(categories, counts, kept, other, missing + absent, mistyped)

    @property
    def n(self) -> int:
        """Rows with a category."""
        return int(self.counts.sum()) + sum(self.new.values()) + self.other

    @property
    def rows(self) -> int:
        """All rows."""
        return self.n + self.missing + self.mistyped

    @property
    def unnamed(self) -> int:
        """Rows with a category that the reference does not name."""
        return sum(self.new.values()) + self.other

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where the categories differ.
        """
        if self.categories.digest != other.categories.digest:
            raise InvalidInput("summaries under different categories cannot be merged; use one reference")
        new, rest = trim_counter(merge_counters((self.new, other.new)), MAX_NEW)
        return type(self)(
            self.categories,
            self.counts + other.counts,
            new,
            self.other + other.other + rest,
            self.missing + other.missing,
            self.mistyped + other.mistyped,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON: counts by category, most frequent first."""
        counts = dict(zip(self.categories.names, self.counts.tolist(), strict=True))
        return {
            "kind": "categorical",
            "rows": self.rows,
            "n": self.n,
            "missing": self.missing,
            "mistyped": self.mistyped,
            "counts": dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
            "new": dict(sorted(self.new.items(), key=lambda item: (-item[1], item[0]))),
            "other": self.other,
        }

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; the reference's categories are not in them."""
        writer = Writer()
        writer.raw(self.categories.digest)
        writer.ints(self.counts)
        writer.ints([self.other, self.missing, self.mistyped])
        writer.counter(self.new)
        return writer.finish(Kind.CATEGORICAL)

    @classmethod
    def from_bytes(cls, data: bytes, categories: Categories) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to other categories.
        """
        reader = Reader(data, Kind.CATEGORICAL)
        if reader.raw(8) != categories.digest:
            raise InvalidInput("these bytes were counted under other categories; give their own reference")
        counts = reader.ints(size=categories.size)
        other, missing, mistyped = reader.ints(size=3).tolist()
        new = reader.counter(limit=MAX_NEW)
        reader.done()
        return cls(categories, counts, new, other, missing, mistyped)
