"""Summaries: small values that describe a batch of rows and can be merged.

For every summary ``of(x ++ y) == merge(of(x), of(y))``: counts exactly, sums of floats to rounding. A
window of any length is the merge of the buckets that it covers.
"""

from __future__ import annotations

from assay.stats.summaries.base import Summary
from assay.stats.summaries.categorical import CategoricalSummary, Categories
from assay.stats.summaries.classes import default_positive
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.latency import LatencySummary
from assay.stats.summaries.numeric import NumericCells, NumericSummary
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary

__all__ = [
    "CategoricalSummary",
    "Categories",
    "ClassificationSummary",
    "Column",
    "FeatureProfile",
    "LatencySummary",
    "NumericCells",
    "NumericSummary",
    "Reference",
    "RegressionSummary",
    "Summary",
    "TrafficSummary",
    "default_positive",
]
