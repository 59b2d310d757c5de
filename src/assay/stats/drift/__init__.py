"""Drift: how far a window's features are from their reference, as figures without verdict.

A good figure of drift depends on the size of the change and not on the number of rows; whether a change is
more than chance is the p-value's business, and whether it matters is for thresholds to say.
"""

from __future__ import annotations

from assay.stats.drift.chi_square import chi_square
from assay.stats.drift.feature_drift import feature_drift
from assay.stats.drift.jensen_shannon import jensen_shannon_distance, jensen_shannon_divergence
from assay.stats.drift.ks import ks
from assay.stats.drift.missing_share import missing_share
from assay.stats.drift.profile_drift import ProfileComparison, profile_drift
from assay.stats.drift.psi import psi
from assay.stats.drift.result import DriftStatistic, FeatureDrift

__all__ = [
    "DriftStatistic",
    "FeatureDrift",
    "ProfileComparison",
    "chi_square",
    "feature_drift",
    "jensen_shannon_distance",
    "jensen_shannon_divergence",
    "ks",
    "missing_share",
    "profile_drift",
    "psi",
]
