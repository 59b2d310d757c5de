"""Verdicts on closed days and hours, put together for the windows that a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.domain.drift_report import FeatureVerdict
from assay.domain.time import from_micros, to_micros
from assay.domain.window_drift import WindowDrift
from assay.figures.verdicts import against_floor

__all__ = ["together"]


def together(verdicts: Sequence[WindowDrift], starts: Sequence[int], step: int) -> list[WindowDrift]:
    """Return one verdict for each window that has any: of each feature the gravest, at the level of its part.

    Parameters
    ----------
    verdicts : on closed days or hours, in any order.
    starts : where the windows begin (µs), in order.
    step : their width; that of the verdicts divides it.
    """
    parts: dict[int, list[WindowDrift]] = {}
    for one in verdicts:
        begin = to_micros(one.start)
        if starts and starts[0] <= begin < starts[-1] + step:
            parts.setdefault(starts[(begin - starts[0]) // step], []).append(one)
    return [_merged(parts[start], start, step) for start in starts if start in parts]


def _merged(parts: list[WindowDrift], start: int, step: int) -> WindowDrift:
    gravest = max(parts, key=lambda one: (one.drift_detected, one.drift_severity))
    features: dict[str, FeatureVerdict] = {}
    for part in parts:
        for name, one in part.features.items():
            if name not in features or _gravity(one) > _gravity(features[name]):
                features[name] = one
    return replace(
        gravest,
        features=features,
        n_current=sum(part.n_current for part in parts),
        start=from_micros(start),
        end=from_micros(start + step),
    )


def _gravity(one: FeatureVerdict) -> tuple[bool, float, float]:
    return one.drifted, one.severity, against_floor(one) or 0.0
