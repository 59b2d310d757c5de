"""Verdicts on windows in a row, as figures and tables show them: how large a change is against its floor."""

from __future__ import annotations

import math

from assay.domain.drift_report import DriftReport, FeatureVerdict
from assay.figures.numbers import p_text, value_text

__all__ = ["GRAVE", "against_floor", "beyond_chance_of", "finding_words", "tone"]

GRAVE = 50.0
"""From this severity on a finding is red; it is that of a change which is commonly called a major one."""


def against_floor(one: FeatureVerdict | None) -> float | None:
    """Return the strongest evidence's effect over its floor: 1 and more matters; None: unknown.

    >>> against_floor(FeatureVerdict("x", "feature", True, 40.0, -0.3, 0.1, 0.001, "moved"))
    3.0
    """
    if one is None or not one.floor > 0 or not math.isfinite(one.effect):
        return None
    return round(abs(one.effect) / one.floor, 12)


def beyond_chance_of(report: DriftReport, feature: str) -> bool:
    """Return whether the feature's change is more than chance, at the level of the whole verdict."""
    one = report.features.get(feature)
    return one is not None and (one.drifted or (one.p_value is not None and one.p_value <= report.level))


def tone(severity: float) -> str:
    """Return how a finding is coloured: ``""``, ``look`` or ``large``."""
    return "large" if severity >= GRAVE else "look" if severity > 0 else ""


def finding_words(one: FeatureVerdict) -> str:
    """Return a feature's verdict in a few words, for a label."""
    if one.drifted:
        return f"drifted, severity {one.severity:.0f} of 100"
    ratio = against_floor(one)
    size = "" if ratio is None else f", {value_text(ratio, 'ratio')} of what matters"
    return f"no drift{size} (p {p_text(one.p_value)})"
