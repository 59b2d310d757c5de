"""The tables of verdicts on drift, part of the metadata of :mod:`assay.storage.sql.tables`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text

from assay.storage.sql.tables import METADATA

__all__ = ["drift_detections", "drift_earlier", "drift_metrics"]

_Name = Text().with_variant(Text(collation="C"), "postgresql")  # byte order, as in all tables


def _text(name: str) -> Column[str]:
    return Column(name, _Name, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _verdict() -> list[Column[Any]]:
    """Columns of a verdict; a table needs its own."""
    return [
        _bytes("series_key"),
        _bytes("model_key"),
        _text("model"),
        _text("version"),
        _text("granularity"),
        _number("window_start"),
        _number("window_end"),
        _number("n"),
        _text("status"),
        Column("drift_type", _Name),
        Column("severity", Double, nullable=False),
        Column("confidence", Double, nullable=False),
        _text("affected_features"),
        _number("columns"),
        _text("reference_id"),
        _text("baseline"),
        _number("learnt_hours"),
        _number("computed_at"),
    ]


def _truth() -> list[Column[Any]]:
    """Columns about the truth of a window; null for verdicts of before they were there."""
    return [
        Column("drift_types", _Name),
        Column("n_labelled", BigInteger),
        Column("truth", BigInteger),
        Column("looks", BigInteger),
        Column("accuracy_before", Double),
        Column("accuracy", Double),
    ]


drift_detections = Table(
    "drift_detections",
    METADATA,
    Column("key", LargeBinary, primary_key=True, nullable=False),
    *_verdict(),
    _bytes("payload"),
    *_truth(),
    Index(None, "series_key", "window_start"),
)
"""Verdicts on closed hours and days; `series_key` stands for model, version and granularity."""

drift_earlier = Table(
    "drift_earlier",
    METADATA,
    Column("detection", LargeBinary, primary_key=True, nullable=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    *_verdict(),
    *_truth(),
    Index(None, "series_key", "window_start"),
)
"""Verdicts in whose place others came that say something else, by `place` in their order."""

drift_metrics = Table(
    "drift_metrics",
    METADATA,
    Column("detection", LargeBinary, primary_key=True, nullable=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _number("window_start"),
    _number("window_end"),
    _text("granularity"),
    _text("slice_key"),
    _text("slice_value"),
    _text("model"),
    _text("version"),
    _text("column"),
    _text("statistic"),
    Column("value", Double, nullable=False),
    Column("p_value", Double),
    Column("threshold", Double, nullable=False),
    _number("n"),
    _number("computed_at"),
    _text("baseline"),
)
"""Every test behind a verdict, one a row, to be asked in SQL."""
