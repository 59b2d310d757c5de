"""Where each feature's counts stand in the one array that a profile of many features keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from assay.stats.summaries.categorical import Categories
from assay.stats.summaries.codec import Ints, Writer
from assay.stats.summaries.column import FeatureKind
from assay.stats.summaries.numeric import NumericCells

__all__ = ["Layout"]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Features in order, with their cells and the place of their counts.

    Attributes
    ----------
    features : name to cells or categories, in order.
    offsets : int64[features + 1]; feature i has the counts from ``offsets[i]`` to ``offsets[i + 1]``.
    places : name to place in the order.
    digest : 8 bytes that tell one layout from another.
    """

    features: Mapping[str, NumericCells | Categories]
    offsets: Ints = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    places: Mapping[str, int] = field(default_factory=dict)
    digest: bytes = b""

    def __post_init__(self) -> None:
        sizes = [cells.size for cells in self.features.values()]
        object.__setattr__(self, "offsets", np.cumsum([0, *sizes], dtype=np.int64))
        object.__setattr__(self, "places", {name: place for place, name in enumerate(self.features)})
        writer = Writer()
        writer.texts(self.features)
        for cells in self.features.values():
            writer.raw(b"n" if isinstance(cells, NumericCells) else b"c")
            writer.raw(cells.digest)
        object.__setattr__(self, "digest", blake2b(writer.body(), digest_size=8).digest())

    @property
    def size(self) -> int:
        """Number of counts."""
        return int(self.offsets[-1])

    def part(self, names: Iterable[str]) -> Layout:
        """Return the layout of some of the features alone."""
        return Layout({name: self.features[name] for name in names})

    def kind(self, feature: str) -> FeatureKind | None:
        """Return "numeric" or "categorical"; None for a feature that is not in it."""
        cells = self.features.get(feature)
        if cells is None:
            return None
        return "numeric" if isinstance(cells, NumericCells) else "categorical"
