"""Where each feature of a prediction lies in the reference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.domain.feature_place import UNUSUAL, FeaturePlace
from assay.stats.drift.missing_share import missing_rows
from assay.stats.placement import place_category, place_number
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.feature_profile import FeatureSummary
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.summaries.reference import Reference

__all__ = ["feature_places"]

_SPREAD = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_DRAWN = 200
"""Places that come with the reference's quantiles: those of the most unusual features."""

_ORDER = ("outside", "new", "mistyped", "unknown")
"""Of places that are equally unusual, these come first, in this order."""


def feature_places(features: Mapping[str, Any], reference: Reference | None) -> tuple[FeaturePlace, ...]:
    """Place the features of a prediction, the most unusual first (then by name).

    Parameters
    ----------
    features : value by name, without those that are missing.
    reference : what they are compared with; features of it that the prediction lacks are placed, too.
    """
    if reference is None:
        return tuple(FeaturePlace(name, value, None, "unknown") for name, value in sorted(features.items()))
    known = reference.profile.features
    places = [_place(name, features.get(name), known[name]) for name in known] + [
        FeaturePlace(name, value, None, "unknown") for name, value in features.items() if name not in known
    ]
    places.sort(key=_unusual_first)
    return tuple(
        _with_spread(place, known[place.feature]) if rank < _DRAWN and place.kind == "numeric" else place
        for rank, place in enumerate(places)
    )


def _unusual_first(place: FeaturePlace) -> tuple[float, int, str]:
    rank = _ORDER.index(place.place) if place.place in _ORDER else len(_ORDER)
    return (UNUSUAL if place.rarity is None else place.rarity, rank, place.feature)


def _place(name: str, value: Any, summary: FeatureSummary) -> FeaturePlace:
    """Place one value; None and NaN are missing ones."""
    kind = "numeric" if isinstance(summary, NumericSummary) else "categorical"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        share = missing_rows(summary) / summary.rows if summary.rows else 0.0
        return FeaturePlace(name, value, kind, "missing", unusual=share < UNUSUAL, rarity=share, share=share)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number != (kind == "numeric"):
        share = summary.mistyped / summary.rows if summary.rows else 0.0
        return FeaturePlace(name, value, kind, "mistyped", unusual=share < UNUSUAL, rarity=share)
    if isinstance(summary, CategoricalSummary):
        return _category(name, value, summary)
    found = place_number(float(value), summary)
    if found is None:
        return FeaturePlace(name, value, kind, "unknown")
    unusual = found.rarity < UNUSUAL
    return FeaturePlace(
        name,
        value,
        kind,
        "outside" if found.outside else "outer" if unusual else "within",
        unusual=unusual,
        rarity=found.rarity,
        percentile=found.percentile,
        bound=found.bound,
    )


def _category(name: str, value: str | bool, summary: CategoricalSummary) -> FeaturePlace:
    text = ("true" if value else "false") if isinstance(value, bool) else value
    found = place_category(text, summary)
    if found is None:
        return FeaturePlace(name, value, "categorical", "unknown")
    unusual = found.rarity < UNUSUAL
    return FeaturePlace(
        name,
        value,
        "categorical",
        "new" if found.new else "outer" if unusual else "within",
        unusual=unusual,
        rarity=found.rarity,
        share=found.share,
    )


def _with_spread(place: FeaturePlace, summary: FeatureSummary) -> FeaturePlace:
    """Add the reference's quantiles."""
    assert isinstance(summary, NumericSummary)  # noqa: S101 - as its kind says
    if not summary.n:
        return place
    quantiles = {name: summary.quantile(share) for name, share in _SPREAD.items()}
    spread = {"min": summary.min, **quantiles, "max": summary.max}
    found = {name: value for name, value in spread.items() if value is not None}
    return replace(place, spread=found)
