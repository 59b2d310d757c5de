"""Features of a batch in row order, so that a run of rows is a slice of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import BOOL_FEATURE, NUMERIC_FEATURE, TEXT_FEATURE
from assay.stats.summaries.column import Column, FeatureKind
from assay.stats.summaries.reference import Reference

__all__ = ["FeatureRows", "feature_rows"]

_PREFIXES = (NUMERIC_FEATURE, TEXT_FEATURE, BOOL_FEATURE)


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """One feature of every row.

    Attributes
    ----------
    kind : how the feature is summarised.
    values : numeric: float64; categorical: int64 codes into `dictionary`, -1 where there is none.
    valid : which rows have a value of this kind; None: all.
    mistyped : which rows have one of the other kind; None: none.
    dictionary : categorical: the distinct texts.
    """

    kind: FeatureKind
    values: np.ndarray
    valid: np.ndarray | None
    mistyped: np.ndarray | None
    dictionary: list[str]

    def take(self, order: np.ndarray) -> FeatureRows:
        """Rows in another order, or some of them."""
        return FeatureRows(
            self.kind,
            self.values[order],
            None if self.valid is None else self.valid[order],
            None if self.mistyped is None else self.mistyped[order],
            self.dictionary,
        )

    def column(self, run: slice) -> Column:
        """Return the values of a run of rows, as the summaries take them."""
        values = self.values[run]
        rows = len(values)
        mistyped = 0 if self.mistyped is None else int(np.count_nonzero(self.mistyped[run]))
        if self.valid is not None:
            values = values[self.valid[run]]
        missing = rows - len(values) - mistyped
        if self.kind == "numeric":
            return Column("numeric", values=values, missing=missing, mistyped=mistyped)
        return Column(
            "categorical", codes=values, dictionary=self.dictionary, missing=missing, mistyped=mistyped
        )


def feature_rows(table: pa.Table, reference: Reference) -> dict[str, FeatureRows]:
    """Features of a table of predictions, each of the kind that the reference gives it.

    A feature that the reference does not know is of the kind that most of its values have.
    """
    place = {name: i for i, name in enumerate(table.column_names)}
    names = dict.fromkeys(name[2:] for name in place if name[:2] in _PREFIXES)
    return {name: _rows_of(table, place, name, reference.kind(name)) for name in names}


def _rows_of(table: pa.Table, place: dict[str, int], name: str, kind: FeatureKind | None) -> FeatureRows:
    number, text, flag = (
        table.column(place[prefix + name]) if prefix + name in place else None for prefix in _PREFIXES
    )
    if kind is None:
        numbers = 0 if number is None else number.length() - number.null_count
        others = sum(column.length() - column.null_count for column in (text, flag) if column is not None)
        kind = "numeric" if numbers >= others else "categorical"
    numeric_valid = _valid(number, table.num_rows)
    text_valid = _either(_valid(text, table.num_rows), _valid(flag, table.num_rows))
    if kind == "numeric":
        values = np.zeros(table.num_rows) if number is None else _floats(number)
        return FeatureRows(
            kind,
            values,
            None if numeric_valid.all() else numeric_valid,
            _other(text_valid, numeric_valid),
            [],
        )
    codes, dictionary = _codes(text, flag, table.num_rows)
    return FeatureRows(
        kind, codes, None if text_valid.all() else text_valid, _other(numeric_valid, text_valid), dictionary
    )


def _valid(column: pa.ChunkedArray | None, rows: int) -> np.ndarray:
    if column is None:
        return np.zeros(rows, dtype=bool)
    if not column.null_count:
        return np.ones(rows, dtype=bool)
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def _either(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a | b


def _other(values: np.ndarray, own: np.ndarray) -> np.ndarray | None:
    """Rows that have a value of the other kind and none of their own."""
    mistyped = values & ~own
    return mistyped if mistyped.any() else None


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    if column.type != pa.float64():
        column = column.cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _codes(
    text: pa.ChunkedArray | None, flag: pa.ChunkedArray | None, rows: int
) -> tuple[np.ndarray, list[str]]:
    """Codes and dictionary of texts, with true and false among them where flags came too."""
    codes = np.full(rows, -1, dtype=np.int64)
    dictionary: list[str] = []
    if text is not None:
        encoded = text.combine_chunks().dictionary_encode()
        dictionary = encoded.dictionary.to_pylist()
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    if flag is not None:
        place = {name: code for code, name in enumerate(dictionary)}
        for name in ("false", "true"):
            if name not in place:
                place[name] = len(dictionary)
                dictionary.append(name)
        values = pc.fill_null(flag, False).to_numpy(zero_copy_only=False).astype(bool)
        codes = np.where(
            _valid(flag, rows) & (codes < 0), np.where(values, place["true"], place["false"]), codes
        )
    return codes, dictionary
