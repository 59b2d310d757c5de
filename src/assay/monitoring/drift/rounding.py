"""From frames to evidence that values come rounded: profiles do not tell how values were written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.monitoring.drift.frames import Frames
from assay.monitoring.feature_rows import FeatureRows
from assay.stats.drift.pair import Pair
from assay.stats.drift.rounding import find_rounding, rounding_of
from assay.stats.summaries.codec import Floats
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.floors import Floors

__all__ = ["rounding_evidence"]

MOST_ROWS = 10_000
"""Rows of either side that are looked at; with more, every k-th is."""


def rounding_evidence(frames: Frames, floors: Floors) -> Iterator[Evidence]:
    """Test whether the numbers of the current frame have fewer decimals than those of the reference."""
    for name, ours in frames.reference.items():
        theirs = frames.current.get(name)
        if theirs is None or ours.kind != "numeric":
            continue
        before, after = _values(ours), _values(theirs)
        if not before.size or not after.size or before.min() == before.max() or after.min() == after.max():
            continue
        pair = Pair.of(before, after)
        found = find_rounding(pair)
        if found is None or found.current <= found.reference:
            continue
        result = rounding_of(pair, found)
        if result.value and result.p_value is not None:
            yield Evidence(
                (name,),
                Aspect.ROUNDING,
                "rounding",
                result.value,
                floors.rounding,
                result.p_value,
                Null.INDEPENDENT,
                found.reference,
                found.current,
            )


def _values(rows: FeatureRows) -> Floats:
    step = max(1, -(-len(rows.values) // MOST_ROWS))
    values = rows.values[::step]
    if rows.valid is not None:
        values = values[rows.valid[::step]]
    return np.asarray(values[np.isfinite(values)])
