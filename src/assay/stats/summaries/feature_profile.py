"""The summaries of all features of a batch under one reference, in a few arrays.

A profile of twenty features has some forty thousand counts. They are kept in one array, so that reading
and merging the profiles of thirty days is a matter of a few vector operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np

from assay.errors import InvalidInput
from assay.stats.summaries.added_up import added_up
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import merge_counters, trim_counter
from assay.stats.summaries.categorical import MAX_NEW, CategoricalSummary, Categories
from assay.stats.summaries.codec import Floats, Ints, Kind, Reader, Writer
from assay.stats.summaries.column import Column
from assay.stats.summaries.layout import Layout
from assay.stats.summaries.moments import merge_moments
from assay.stats.summaries.numeric import NumericCells, NumericSummary
from assay.stats.summaries.packed_profile import MAX_UNKNOWN, OTHER, N, PackedProfile
from assay.stats.summaries.parallel import map_columns

__all__ = ["MAX_UNKNOWN", "FeatureProfile", "FeatureSummary", "HasLayout"]

FeatureSummary = NumericSummary | CategoricalSummary

_MEAN, _M2, _MIN, _MAX = range(4)


class HasLayout(Protocol):
    """What a profile needs of a reference."""

    @property
    def layout(self) -> Layout:
        """Features and their cells."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FeatureProfile(Mergeable):
    """Counts and moments of all features of a reference.

    Attributes
    ----------
    layout : the reference's features and their cells.
    rows : rows described.
    cells : int64[layout.size], counts of all features, one after the other.
    tallies : int64[features, 7]: n, missing, mistyped, NaN, +inf, -inf, other categories.
    moments : float64[features, 4]: mean, m2, min, max (categorical features: 0, 0, inf, -inf).
    new : for each feature (by its place) with categories that the reference does not name, their counts.
    unknown_features : features that the reference does not know, with their numbers of values.
    """

    layout: Layout
    rows: int
    cells: Ints
    tallies: Ints
    moments: Floats
    new: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    unknown_features: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls, reference: HasLayout) -> Self:
        """Profile of no rows."""
        return cls.assemble(reference.layout, 0, [])

    @classmethod
    def of(cls, columns: Mapping[str, Column], reference: HasLayout, *, rows: int | None = None) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        columns : the batch's features. One that is absent counts as missing in every row; one that the
            reference does not know is counted by name; one of the other kind counts as mistyped.
        reference : whose cells to count in.
        rows : rows of the batch; None: those of the first column.

        Raises
        ------
        InvalidInput
            Where columns differ in their number of rows.
        """
        rows = count_rows(columns, rows)
        layout = reference.layout

        def summarise(item: tuple[str, NumericCells | Categories]) -> FeatureSummary:
            name, cells = item
            return summary_of(columns.get(name), cells, rows)

        summaries = map_columns(summarise, layout.features.items(), values=rows * len(columns))
        known = layout.features.keys()
        unknown = {name: column.present for name, column in columns.items() if name not in known}
        return cls.assemble(layout, rows, summaries, trim_counter(unknown, MAX_UNKNOWN)[0])

    @classmethod
    def assemble(
        cls,
        layout: Layout,
        rows: int,
        summaries: Sequence[FeatureSummary],
        unknown_features: Mapping[str, int] | None = None,
    ) -> Self:
        """Put the summaries of all features (in the layout's order; or none) together."""
        height = len(layout.features)
        cells = np.zeros(layout.size, dtype=np.int64)
        tallies = np.zeros((height, 7), dtype=np.int64)
        moments = np.tile([0.0, 0.0, np.inf, -np.inf], (height, 1))
        new: dict[int, Mapping[str, int]] = {}
        for i, one in enumerate(summaries):
            cells[layout.offsets[i] : layout.offsets[i + 1]] = one.counts
            if isinstance(one, NumericSummary):
                tallies[i] = one.n, one.missing, one.mistyped, one.nan, one.pos_inf, one.neg_inf, 0
                moments[i] = one.mean, one.m2, one.min, one.max
            else:
                tallies[i] = one.n, one.missing, one.mistyped, 0, 0, 0, one.other
                if one.new:
                    new[i] = one.new
        return cls(layout, rows, cells, tallies, moments, new, unknown_features or {})

    @property
    def features(self) -> Mapping[str, FeatureSummary]:
        """Summary of each feature, made when asked for."""
        return _Features(self)

    def add_to(self, cells: Ints) -> None:
        """Add the counts of all features to `cells`."""
        cells += self.cells

    def merge(self, other: Self) -> Self:
        """Describe the rows of both.

        Raises
        ------
        InvalidInput
            Where they were counted under different references.
        """
        return self.merge_many([self, other])

    @classmethod
    def merge_many(cls, profiles: Sequence[Self | PackedProfile]) -> Self:
        """Describe the rows of all `profiles` (at least one).

        Raises
        ------
        InvalidInput
            Where there is none, or they were counted under different references.
        """
        if not profiles:
            raise InvalidInput("no profiles to merge; an empty one is FeatureProfile.empty(reference)")
        first = profiles[0]
        if len(profiles) == 1 and not isinstance(first, PackedProfile):
            return first
        if any(one.layout.digest != first.layout.digest for one in profiles):
            raise InvalidInput(
                "profiles under different references cannot be merged; profile again under one"
            )
        cells = added_up(profiles, first.layout.size)
        tallies, moments = first.tallies.copy(), first.moments.copy()
        for one in profiles[1:]:
            moments[:, _MEAN], moments[:, _M2] = merge_moments(
                tallies[:, N], moments[:, _MEAN], moments[:, _M2],
                one.tallies[:, N], one.moments[:, _MEAN], one.moments[:, _M2],
            )  # fmt: skip
            np.minimum(moments[:, _MIN], one.moments[:, _MIN], out=moments[:, _MIN])
            np.maximum(moments[:, _MAX], one.moments[:, _MAX], out=moments[:, _MAX])
            tallies += one.tallies
        new = {}
        for i in sorted({i for one in profiles for i in one.new}):
            new[i], rest = trim_counter(merge_counters(one.new.get(i, {}) for one in profiles), MAX_NEW)
            tallies[i, OTHER] += rest
        unknown, _ = trim_counter(merge_counters(one.unknown_features for one in profiles), MAX_UNKNOWN)
        return cls(first.layout, sum(one.rows for one in profiles), cells, tallies, moments, new, unknown)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "rows": self.rows,
            "features": {name: summary.to_dict() for name, summary in self.features.items()},
            "unknown_features": dict(self.unknown_features),
        }

    def write(self, writer: Writer) -> None:
        """Write the fields."""
        writer.raw(self.layout.digest)
        writer.uint(self.rows)
        writer.ints(self.cells)
        writer.ints(self.tallies)
        writer.floats(self.moments)
        writer.ints(sorted(self.new))
        for i in sorted(self.new):
            writer.counter(self.new[i])
        writer.counter(self.unknown_features)

    @classmethod
    def read(cls, reader: Reader, layout: Layout) -> Self:
        """Read what :meth:`write` wrote."""
        packed = PackedProfile.read(reader, layout)
        return cls(
            layout,
            packed.rows,
            packed.counts.dense(),
            packed.tallies,
            packed.moments,
            packed.new,
            packed.unknown_features,
        )

    @classmethod
    def cut(cls, packed: PackedProfile, part: Layout) -> Self:
        """Read some features of a stored profile, those of `part`, a part of its layout."""
        whole = packed.layout
        places = [whole.places[name] for name in part.features]
        offsets = whole.offsets
        cells = [packed.counts.cut(int(offsets[i]), int(offsets[i + 1])) for i in places]
        return cls(
            part,
            packed.rows,
            np.concatenate(cells) if cells else np.zeros(0, dtype=np.int64),
            packed.tallies[places],
            packed.moments[places],
            {place: packed.new[i] for place, i in enumerate(places) if i in packed.new},
            packed.unknown_features,
        )

    def part(self, layout: Layout) -> Self:
        """Return the profile of some features alone, those of `layout`, a part of its own."""
        offsets = self.layout.offsets
        places = [self.layout.places[name] for name in layout.features]
        cells = [self.cells[offsets[i] : offsets[i + 1]] for i in places]
        return type(self)(
            layout,
            self.rows,
            np.concatenate(cells) if cells else np.zeros(0, dtype=np.int64),
            self.tallies[places],
            self.moments[places],
            {place: self.new[i] for place, i in enumerate(places) if i in self.new},
            self.unknown_features,
        )

    def to_bytes(self) -> bytes:
        """Compact versioned bytes; the reference is not in them."""
        writer = Writer()
        self.write(writer)
        return writer.finish(Kind.FEATURES)

    @classmethod
    def from_bytes(cls, data: bytes, reference: HasLayout) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back or belong to another reference.
        """
        reader = Reader(data, Kind.FEATURES)
        profile = cls.read(reader, reference.layout)
        reader.done()
        return profile


class _Features(Mapping[str, FeatureSummary]):
    """Summaries by feature, cut out of a profile's arrays when asked for."""

    __slots__ = ("_places", "_profile")

    def __init__(self, profile: FeatureProfile) -> None:
        self._profile = profile
        self._places = profile.layout.places

    def __getitem__(self, name: str) -> FeatureSummary:
        i, profile = self._places[name], self._profile
        layout = profile.layout
        counts = profile.cells[layout.offsets[i] : layout.offsets[i + 1]]
        n, missing, mistyped, nan, pos_inf, neg_inf, other = profile.tallies[i].tolist()
        cells = layout.features[name]
        if isinstance(cells, NumericCells):
            moments = profile.moments[i].tolist()
            return NumericSummary(cells, counts, n, missing, nan, pos_inf, neg_inf, mistyped, *moments)
        return CategoricalSummary(cells, counts, profile.new.get(i, {}), other, missing, mistyped)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def count_rows(columns: Mapping[str, Column], rows: int | None) -> int:
    """Rows that all `columns` agree on.

    Raises
    ------
    InvalidInput
        Where they do not, or differ from `rows`.
    """
    for name, column in columns.items():
        if rows is None:
            rows = column.rows
        elif column.rows != rows:
            raise InvalidInput(f"feature {name!r:.80} has {column.rows} rows, the batch has {rows}")
    return rows or 0


def summary_of(column: Column | None, cells: NumericCells | Categories, rows: int) -> FeatureSummary:
    """Summarise one column of a batch of `rows`."""
    if isinstance(cells, NumericCells):
        if column is None:
            return NumericSummary.of((), cells, missing=rows)
        if column.kind != "numeric":
            return NumericSummary.of((), cells, missing=rows - column.present, mistyped=column.present)
        return NumericSummary.of(column.values, cells, missing=column.missing, mistyped=column.mistyped)
    if column is None:
        return CategoricalSummary.of((), cells, missing=rows)
    if column.kind != "categorical":
        return CategoricalSummary.of((), cells, missing=rows - column.present, mistyped=column.present)
    texts = (column.codes, column.dictionary)
    return CategoricalSummary.of(texts, cells, missing=column.missing, mistyped=column.mistyped)
