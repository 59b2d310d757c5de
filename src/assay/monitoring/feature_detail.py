"""One feature in full: both sides' figures, common bars, windows, and what changed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assay.domain.feature_view import FeatureSide, FeatureView, FeatureWindow
from assay.domain.feature_words import changes_in_words
from assay.domain.time import from_micros
from assay.errors import NotFound
from assay.stats.drift import feature_drift
from assay.stats.drift.histogram import Bar, category_bars, numeric_bars
from assay.stats.drift.missing_share import missing_rows
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary
from assay.stats.summaries.floats import finite_or_none
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.summaries.reference import Reference

__all__ = ["Cut", "feature_view", "unknown_feature"]

Cut = tuple[int, int, FeatureProfile]
"""A window's bounds (µs) and the profile of its rows."""

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def feature_view(
    model_id: str, feature: str, reference: Reference, name: str, whole: Cut, windows: Sequence[Cut]
) -> FeatureView:
    """Lay a feature's profiles out against the reference.

    Parameters
    ----------
    reference, name : what is compared with, and its name.
    whole : the whole period.
    windows : its steps, or none.

    Raises
    ------
    NotFound
        Where the reference does not know the feature.
    """
    if feature not in reference.features:
        raise unknown_feature(model_id, feature)
    expected = reference.profile.features[feature]
    start, end, profile = whole
    observed = profile.features[feature]
    drift = feature_drift(expected, observed, feature=feature)
    ours, theirs = _side(expected, expected), _side(observed, expected)
    bars = _bars(expected, observed)
    return FeatureView(
        model_id=model_id,
        feature=feature,
        kind=drift.kind,
        start=from_micros(start),
        end=from_micros(end),
        reference_id=reference.id,
        reference_name=name,
        provisional=reference.provisional,
        reference=ours,
        current=theirs,
        drift=drift,
        bars=tuple(bars),
        changes=changes_in_words(ours, theirs, drift, bars),
        windows=tuple(
            FeatureWindow(
                from_micros(low),
                from_micros(high),
                _side(part.features[feature], expected),
                feature_drift(expected, part.features[feature], feature=feature),
            )
            for low, high, part in windows
        ),
    )


def unknown_feature(model_id: str, feature: str) -> NotFound:
    """Return the error for a feature that the reference does not know."""
    return NotFound(
        f"the reference of {model_id[:80]!r} knows no feature {feature[:80]!r}; "
        "features that came later are compared once a new reference is given"
    )


def _bars(expected: FeatureSummary, observed: FeatureSummary) -> list[Bar]:
    if isinstance(expected, NumericSummary) and isinstance(observed, NumericSummary):
        return numeric_bars(expected, observed)
    assert isinstance(expected, CategoricalSummary)  # noqa: S101 - one layout, one kind
    assert isinstance(observed, CategoricalSummary)  # noqa: S101
    return category_bars(expected, observed)


def _side(summary: FeatureSummary, expected: FeatureSummary) -> FeatureSide:
    """Figures of one summary; `expected` says what is new."""
    missing = missing_rows(summary)
    share = missing / summary.rows if summary.rows else None
    if isinstance(summary, CategoricalSummary):
        return FeatureSide(
            rows=summary.rows,
            n=summary.n,
            missing=missing,
            missing_share=share,
            infinite=0,
            mistyped=summary.mistyped,
            mean=None,
            std=None,
            min=None,
            max=None,
            quantiles={},
            categories=int(np.count_nonzero(summary.counts)) + len(summary.new),
            new_share=summary.unnamed / summary.n if summary.n else None,
        )
    variance = summary.variance
    outside = int(summary.counts[0] + summary.counts[-1]) if expected.n else summary.n
    return FeatureSide(
        rows=summary.rows,
        n=summary.n,
        missing=missing,
        missing_share=share,
        infinite=summary.pos_inf + summary.neg_inf,
        mistyped=summary.mistyped,
        mean=finite_or_none(summary.mean) if summary.n else None,
        std=None if variance is None else math.sqrt(max(variance, 0.0)),
        min=finite_or_none(summary.min),
        max=finite_or_none(summary.max),
        quantiles={f"p{round(100 * q):02d}": summary.quantile(q) for q in _QUANTILES},
        categories=None,
        new_share=outside / summary.n if summary.n else None,
    )
