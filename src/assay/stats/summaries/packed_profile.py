"""A stored profile of features, read as far as needed: its counts stay as they were written.

A day of five hundred features, a thousand points each, is eight megabytes of counts. An analysis adds thirty
of them up, or follows forty features through them: neither needs every day laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from assay.errors import InvalidInput
from assay.stats.summaries.categorical import MAX_NEW
from assay.stats.summaries.codec import Floats, Ints, Kind, Reader
from assay.stats.summaries.encoded_ints import EncodedInts
from assay.stats.summaries.layout import Layout

__all__ = ["MAX_UNKNOWN", "OTHER", "N", "PackedProfile"]

MAX_UNKNOWN = 1000
"""How many features that the reference does not know are counted by name."""

N, OTHER = 0, 6
"""Columns of the tallies: rows with a value, and those of categories not told apart."""

_FIXED = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class PackedProfile:
    """Fields of :class:`assay.stats.summaries.feature_profile.FeatureProfile`, `counts` in place of cells."""

    layout: Layout
    rows: int
    counts: EncodedInts
    tallies: Ints
    moments: Floats
    new: Mapping[int, Mapping[str, int]]
    unknown_features: Mapping[str, int]

    @property
    def nbytes(self) -> int:
        """Bytes of memory, roughly."""
        return self.counts.nbytes + self.tallies.nbytes + self.moments.nbytes + _FIXED

    def add_to(self, cells: Ints) -> None:
        """Add the counts of all features to `cells`."""
        self.counts.add_to(cells)

    @classmethod
    def read(cls, reader: Reader, layout: Layout) -> Self:
        """Read what :meth:`FeatureProfile.write` wrote."""
        if reader.raw(8) != layout.digest:
            raise InvalidInput("this profile was made under another reference; give the one it belongs to")
        height = len(layout.features)
        rows = reader.uint()
        counts = reader.encoded_ints(size=layout.size)
        tallies = reader.ints(size=height * 7).reshape(height, 7)
        moments = reader.floats(size=height * 4).reshape(height, 4)
        new = {}
        for i in reader.ints(limit=height).tolist():
            if i >= height:
                raise InvalidInput(f"profile bytes count categories of feature {i} of {height}")
            new[i] = reader.counter(limit=MAX_NEW)
        unknown = reader.counter(limit=MAX_UNKNOWN)
        counted = tallies[:, OTHER] + counts.sums(layout.offsets)
        for i, more in new.items():
            counted[i] += sum(more.values())
        if (counted != tallies[:, N]).any():
            raise InvalidInput("profile bytes do not add up")
        return cls(layout, rows, counts, tallies, moments, new, unknown)

    @classmethod
    def from_bytes(cls, data: bytes, layout: Layout) -> Self:
        """Read what :meth:`FeatureProfile.to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to another reference.
        """
        reader = Reader(data, Kind.FEATURES)
        profile = cls.read(reader, layout)
        reader.done()
        return profile
