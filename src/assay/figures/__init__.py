"""Figures: pure functions from results to :class:`plotly.graph_objects.Figure`.

The same functions serve pages, notebooks and reports. Every figure says in ``layout.meta`` what a reader
who cannot see it needs: ``alt``, a sentence, and ``table``, its data (`caption`, `columns`, `rows`).
"""

from __future__ import annotations

from assay.figures.confusion import confusion_figure
from assay.figures.drift_heatmap import MAX_FEATURES, drift_heatmap
from assay.figures.drift_verdict import drift_verdict_figure
from assay.figures.errors import error_types_figure
from assay.figures.feature_distribution import distribution_figure, feature_distribution_figure
from assay.figures.feature_drift import feature_drift_figure
from assay.figures.feature_values import feature_gaps_figure, feature_values_figure
from assay.figures.feature_verdict import feature_verdict_figure
from assay.figures.latency import latency_figure, latency_stages_figure
from assay.figures.means import means_figure
from assay.figures.metric import metric_figure
from assay.figures.reliability import reliability_figure
from assay.figures.scores import score_figure
from assay.figures.theme import DARK, LIGHT, Theme
from assay.figures.volume import volume_figure

__all__ = [
    "DARK",
    "LIGHT",
    "MAX_FEATURES",
    "Theme",
    "confusion_figure",
    "distribution_figure",
    "drift_heatmap",
    "drift_verdict_figure",
    "error_types_figure",
    "feature_distribution_figure",
    "feature_drift_figure",
    "feature_gaps_figure",
    "feature_values_figure",
    "feature_verdict_figure",
    "latency_figure",
    "latency_stages_figure",
    "means_figure",
    "metric_figure",
    "reliability_figure",
    "score_figure",
    "volume_figure",
]
