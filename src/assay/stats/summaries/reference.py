"""What features usually look like: the data that drift is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

from assay.errors import InvalidInput
from assay.stats.summaries.categorical import MAX_CATEGORIES, Categories
from assay.stats.summaries.codec import Kind, Reader, Writer
from assay.stats.summaries.column import Column, FeatureKind
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary, count_rows, summary_of
from assay.stats.summaries.layout import Layout
from assay.stats.summaries.numeric import NumericCells, NumericSummary
from assay.stats.summaries.parallel import map_columns

__all__ = ["Reference"]

MAX_POINTS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The cells of each feature, and the profile of the data that they were cut from.

    Attributes
    ----------
    layout : the features in order, with their cells.
    profile : the reference data's own profile.
    provisional : whether it was taken from first traffic, until a person gives one.
    id : 32 hexadecimal digits, the digest of everything above.
    """

    layout: Layout
    profile: FeatureProfile
    provisional: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            writer = Writer()
            self._write(writer)
            object.__setattr__(self, "id", _digest(writer.body()))

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Column],
        *,
        provisional: bool = False,
        rows: int | None = None,
        max_points: int = MAX_POINTS,
        max_categories: int = MAX_CATEGORIES,
    ) -> Self:
        """Make a reference of data.

        Parameters
        ----------
        columns : its features.
        provisional : whether it stands in until a person gives one.
        rows : its rows; None: those of the first column.
        max_points : see :meth:`NumericCells.from_values`.
        max_categories : see :meth:`Categories.from_values`.

        Raises
        ------
        InvalidInput
            Where columns differ in their number of rows.

        Examples
        --------
        >>> reference = Reference.of({"age": Column.numeric([31.0, 45.0, 45.0])})
        >>> reference.rows, reference.kind("age"), reference.features["age"].points.tolist()
        (3, 'numeric', [31.0, 45.0])
        """
        rows = count_rows(columns, rows)

        def learn(column: Column) -> tuple[NumericCells | Categories, FeatureSummary]:
            if column.kind == "numeric":
                summary = NumericSummary.learn(
                    column.values, max_points=max_points, missing=column.missing, mistyped=column.mistyped
                )
                return summary.cells, summary
            categories = Categories.from_values((column.codes, column.dictionary), max_categories)
            return categories, summary_of(column, categories, rows)

        learned = map_columns(learn, columns.values(), values=rows * len(columns))
        layout = Layout(dict(zip(columns, (cells for cells, _ in learned), strict=True)))
        profile = FeatureProfile.assemble(layout, rows, [summary for _, summary in learned])
        return cls(layout, profile, provisional)

    @property
    def features(self) -> Mapping[str, NumericCells | Categories]:
        """Cells of each feature, in order."""
        return self.layout.features

    @property
    def rows(self) -> int:
        """Rows of the reference data."""
        return self.profile.rows

    def kind(self, feature: str) -> FeatureKind | None:
        """Return "numeric" or "categorical"; None for a feature that the reference does not know."""
        return self.layout.kind(feature)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {"id": self.id, "provisional": self.provisional, "profile": self.profile.to_dict()}

    def _write(self, writer: Writer) -> None:
        writer.uint(int(self.provisional))
        writer.texts(self.features)
        for cells in self.features.values():
            if isinstance(cells, NumericCells):
                writer.uint(0)
                writer.floats(cells.points)
            else:
                writer.uint(2 if cells.complete else 1)
                writer.texts(cells.names)
        self.profile.write(writer)

    def to_bytes(self) -> bytes:
        """Compact versioned bytes of the whole reference."""
        writer = Writer()
        self._write(writer)
        return writer.finish(Kind.REFERENCE)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.REFERENCE)
        provisional = bool(reader.uint())
        names = reader.texts()
        features: dict[str, NumericCells | Categories] = {}
        for name in names:
            form = reader.uint()
            if form == 0:
                features[name] = NumericCells(reader.floats())
            elif form in (1, 2):
                features[name] = Categories(tuple(reader.texts()), complete=form == 2)
            else:
                raise InvalidInput(f"reference bytes hold a feature of unknown kind {form}")
        if len(features) != len(names):
            raise InvalidInput("reference bytes hold one feature twice")
        layout = Layout(features)
        profile = FeatureProfile.read(reader, layout)
        reader.done()
        return cls(layout, profile, provisional, _digest(reader.body))


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()
