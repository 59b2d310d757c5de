"""The lake as Polars frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import MissingExtra
from assay.storage.lake.canonical import POSITION, empty
from assay.storage.lake.selection import Selection
from assay.storage.lake.table import LakeTable

if TYPE_CHECKING:
    import polars as pl

__all__ = ["scan_polars"]


def scan_polars(table: LakeTable, selection: Selection) -> pl.LazyFrame:
    """Return the selected rows, by time and position, as a lazy frame with canonical names."""
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtra.of("polars", purpose="Reading the lake as a Polars frame") from error

    seen = table.snapshot()
    files = [file for file in seen.files if selection.touches(file)]
    if not files:
        nothing = empty(table.kind, None)
        schema = {column.canonical: column.type for column in seen.columns.values()}
        if schema:
            import pyarrow as pa

            nothing = pa.schema(list(schema.items())).empty_table()
        return pl.LazyFrame(pl.from_arrow(nothing))
    types = {"string": pl.String, "double": pl.Float64, "int64": pl.Int64, "bool": pl.Boolean}
    schema = {c.physical: types.get(str(c.type), pl.Datetime("us", "UTC")) for c in seen.columns.values()}
    frame = pl.scan_parquet(
        [table.location.path(file.name) for file in files],
        schema=schema,
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
    )
    time = pl.col(seen.physical(table.time_column))
    if selection.start is not None:
        frame = frame.filter(time >= pl.lit(selection.start).cast(pl.Datetime("us", "UTC")))
    if selection.end is not None:
        frame = frame.filter(time < pl.lit(selection.end).cast(pl.Datetime("us", "UTC")))
    if selection.upto is not None:
        frame = frame.filter(pl.col(POSITION) <= selection.upto)
    return frame.select([pl.col(c.physical).alias(c.canonical) for c in seen.columns.values()])
