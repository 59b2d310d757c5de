"""One version of a table as readers need it: its columns, its files and what each file covers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

__all__ = ["Column", "DataFile", "Snapshot", "read_snapshot"]

APP_ID = "assay"
"""Names the position among the table's application transactions."""

NAME_KEY = "assay.name"
"""Key of a column's metadata that holds its canonical name."""

MODEL_KEY = "assay.model"
"""Key of the table's configuration that holds the model's name."""

_ARROW = {
    "string": pa.string(),
    "double": pa.float64(),
    "long": pa.int64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its canonical name, its name on disk, its type."""

    canonical: str
    physical: str
    type: pa.DataType


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file and the ranges its rows lie in; a time that is None is unknown."""

    name: str
    size: int
    rows: int
    first_time: int | None
    last_time: int | None
    first_position: int
    last_position: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a table; version -1 where there is none."""

    version: int = -1
    position: int = 0
    columns: dict[str, Column] = field(default_factory=dict)
    files: tuple[DataFile, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)

    def physical(self, canonical: str) -> str:
        """Name on disk of a column that the table has."""
        return self.columns[canonical].physical


def read_snapshot(table: DeltaTable, time_column: str) -> Snapshot:
    """Describe the version that `table` has loaded, files in the order of their positions."""
    columns = {}
    for entry in table.schema().fields:
        kind = getattr(entry.type, "type", None)
        if isinstance(kind, str) and kind in _ARROW:  # columns that others added in other types are not ours
            canonical = entry.metadata.get(NAME_KEY, entry.name)
            columns[canonical] = Column(canonical, entry.name, _ARROW[kind])
    actions = pa.table(table.get_add_actions(flatten=True))

    def numbers(name: str) -> list[int | None]:
        if name not in actions.column_names:
            return [None] * actions.num_rows
        values: list[int | None] = pc.cast(actions.column(name), pa.int64()).to_pylist()
        return values

    files = [
        DataFile(name, size, rows or 0, first, last, low or 0, high if high is not None else 2**63 - 1)
        for name, size, rows, first, last, low, high in zip(
            actions.column("path").to_pylist(),
            actions.column("size_bytes").to_pylist(),
            numbers("num_records"),
            numbers(f"min.{time_column}"),
            numbers(f"max.{time_column}"),
            numbers("min._position"),
            numbers("max._position"),
            strict=True,
        )
    ]
    files.sort(key=lambda file: (file.first_position, file.last_position, file.name))
    return Snapshot(table.version(), table.transaction_version(APP_ID) or 0, columns, tuple(files))
