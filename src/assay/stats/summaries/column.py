"""One feature's values in a batch, on their way into summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.floats import as_floats
from assay.stats.summaries.texts import Texts, encode_texts

__all__ = ["Column", "FeatureKind"]

FeatureKind = Literal["numeric", "categorical"]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Values of one feature, without the rows that have none.

    Made by :meth:`numeric` or :meth:`categorical`.

    Attributes
    ----------
    kind : "numeric" or "categorical".
    values : numeric: float64, NaN where the value is NaN (and not where it is missing).
    codes : categorical: int64, places in `dictionary`; -1 where missing.
    dictionary : categorical: the distinct texts.
    missing : rows without a value, in addition to codes of -1.
    mistyped : rows whose value is of the other kind.
    """

    kind: FeatureKind
    values: Floats = field(default_factory=lambda: np.zeros(0))
    codes: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    dictionary: Sequence[str] = ()
    missing: int = 0
    mistyped: int = 0

    @classmethod
    def numeric(cls, values: npt.ArrayLike, *, missing: int = 0, mistyped: int = 0) -> Self:
        """Column of numbers.

        >>> Column.numeric([1.0, float("nan")], missing=1).rows
        3
        """
        return cls("numeric", values=as_floats(values), missing=missing, mistyped=mistyped)

    @classmethod
    def categorical(cls, values: Texts, *, missing: int = 0, mistyped: int = 0) -> Self:
        """Column of texts (None where missing), or of a pair (codes, dictionary).

        >>> Column.categorical(["a", None, "a"]).rows
        3
        """
        codes, names = encode_texts(values)
        return cls("categorical", codes=codes, dictionary=names, missing=missing, mistyped=mistyped)

    @property
    def rows(self) -> int:
        """Rows of the batch that this column tells about."""
        return self.values.size + self.codes.size + self.missing + self.mistyped

    @property
    def present(self) -> int:
        """Rows with a value of the column's own kind."""
        return self.values.size + int(np.count_nonzero(self.codes >= 0))
