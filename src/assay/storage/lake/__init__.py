"""The lake as Delta tables: one per model and kind, open to every engine that reads Delta."""

from __future__ import annotations

from assay.storage.lake.adapter import DeltaLake

__all__ = ["DeltaLake"]
