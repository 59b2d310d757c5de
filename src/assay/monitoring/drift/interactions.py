"""From frames to evidence about dependence of any kind: pairs of features, and three that no pair shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from assay.monitoring.drift.dependence import MIN_ROWS, dependence_evidence
from assay.monitoring.drift.frames import Frames
from assay.monitoring.feature_rows import FeatureRows
from assay.stats.correlations import normal_scores
from assay.stats.multivariate.coordinates import Coordinates, Scale
from assay.stats.multivariate.interactions import MOST_COORDINATES, compare_interactions
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.behaviour import Behaviour
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.floors import Floors

__all__ = ["joint_evidence"]

MOST_ROWS = 10_000
"""Rows of either side that interactions are taken over; with more, every k-th is taken."""

SHARE = 0.1
"""Of the error that all tests of dependence together may make, what those of three features get."""

_NAMED = 5


def joint_evidence(
    frames: Frames, reference: Reference, behaviour: Behaviour | None, floors: Floors
) -> Iterator[Evidence]:
    """Test whether features hang together in another way than in the reference.

    The p-values are for the number of tests of dependence, of pairs and of triples.
    """
    triples = list(_interaction_evidence(frames, reference, behaviour, floors))
    for one in dependence_evidence(frames, reference, behaviour, floors):
        yield replace(one, p_value=min(1.0, one.p_value / (1 - SHARE)))
    yield from triples


def _interaction_evidence(
    frames: Frames, reference: Reference, behaviour: Behaviour | None, floors: Floors
) -> Iterator[Evidence]:
    """Triples of features whose rows are independent: for others there is no null to hold them against."""
    if min(frames.rows) < MIN_ROWS:
        return
    known = list(reference.features)
    dependent = (
        set() if behaviour is None else {known[place] for place in np.flatnonzero(behaviour.dependent)}
    )
    names = [name for name in frames.features if name in frames.current and name not in dependent]
    if not 3 <= len(names) <= MOST_COORDINATES:
        return
    coordinates = Coordinates.of(reference.profile, names)
    if not 3 <= coordinates.size <= MOST_COORDINATES:
        return
    before, after = (
        _points(coordinates, side, np.arange(0, count, max(1, -(-count // MOST_ROWS))))
        for side, count in zip((frames.reference, frames.current), frames.rows, strict=True)
    )
    found, compared = compare_interactions(before, after, coordinates.owner.tolist(), floor=floors.dependence)
    seen: set[tuple[str, ...]] = set()
    for one in found:
        chosen = tuple(coordinates.features[place] for place in one.coordinates)
        p = one.p_value * compared / SHARE
        if p > 1 or chosen in seen or len(seen) >= _NAMED:
            continue
        seen.add(chosen)
        yield Evidence(
            chosen,
            Aspect.DEPENDENCE,
            "interaction",
            abs(one.after - one.before),
            floors.dependence,
            p,
            Null.INDEPENDENT,
            one.before,
            one.after,
        )


def _points(coordinates: Coordinates, side: Mapping[str, FeatureRows], chosen: Ints) -> Floats:
    """Points of rows, numbers by their ranks within the side: a change of one feature alone shows nothing."""
    made = np.empty((chosen.size, coordinates.size))
    for place, axis in enumerate(coordinates.axes):
        rows = side[axis.feature]
        if isinstance(axis, Scale):
            values = rows.values[chosen]
            if rows.valid is not None:
                values = np.where(rows.valid[chosen], values, np.nan)
            made[:, place] = normal_scores(values)
        else:
            made[:, place] = axis.of((rows.values[chosen], rows.dictionary))
    return made
