"""Profiles of features and the references that they are counted under, in one place."""

from __future__ import annotations

from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary
from assay.stats.summaries.reference import Reference

__all__ = ["Column", "FeatureProfile", "FeatureSummary", "Reference"]
