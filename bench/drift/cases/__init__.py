"""All families. Importing this package fills `bench.drift.case.FAMILIES`."""

from bench.drift.cases import (
    change_categories,
    change_columns,
    change_model,
    change_shape,
    change_structure,
    change_time,
    held_out_change,
    held_out_same,
    same_model,
    same_shapes,
    same_sizes,
    same_time,
    streams,
)

__all__ = [
    "change_categories",
    "change_columns",
    "change_model",
    "change_shape",
    "change_structure",
    "change_time",
    "held_out_change",
    "held_out_same",
    "same_model",
    "same_shapes",
    "same_sizes",
    "same_time",
    "streams",
]
