"""What a figure is drawn of: a model's readings in a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assay.dashboard.feature_list import Choice, chosen_features
from assay.dashboard.names import feature_key
from assay.dashboard.readings import Readings
from assay.dashboard.view import View
from assay.domain.answers import DriftWindow, MetricWindow
from assay.domain.feature_view import FeatureView
from assay.domain.window_drift import WindowDrift
from assay.errors import NotFound
from assay.monitoring.estimation_ways import estimated_metrics
from assay.monitoring.estimation_windows import LEARNT_FROM
from assay.stats.estimation.result import MetricEstimate

__all__ = ["METRIC", "Request", "estimates_of", "feature_named", "request_of"]

METRIC = "metric."
"""What the name of a metric's figure begins with."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a figure is drawn of: a model's readings in a view, perhaps of one feature or a page of them.

    `label`: the class whose probability is drawn; empty: the most frequent one.
    """

    readings: Readings
    model_id: str
    view: View
    feature: str = ""
    choice: Choice = field(default_factory=Choice)
    label: str = ""

    @property
    def windows(self) -> list[MetricWindow]:
        """Metrics of each window."""
        return self.readings.windows(self.model_id, self.view)

    @property
    def before(self) -> list[MetricWindow]:
        """Metrics of each window of the period before, where they are compared."""
        return self.readings.before(self.model_id, self.view)

    @property
    def judged(self) -> list[WindowDrift]:
        """The verdicts on the windows in which drift is shown."""
        return self.readings.verdicts(self.model_id, self.view)

    def expected(self, metric: str) -> list[MetricEstimate | None]:
        """What each window of a metric was estimated to be without labels; empty where nothing was."""
        if metric not in estimated_metrics(self.readings.model(self.model_id).model.task):
            return []
        result = self.readings.estimate(self.model_id, self.view)
        if result.refusal is not None:
            return []
        found = {chunk.start: chunk.metrics.get(metric) for chunk in result.chunks}
        return [found.get(window.start) for window in self.windows]

    @property
    def one(self) -> FeatureView:
        """The feature."""
        return self.readings.feature(self.model_id, self.view, self.feature)

    @property
    def whole(self) -> DriftWindow | None:
        """Drift of the features of the page, in the whole period."""
        found = self.readings.drift(self.model_id, self.view)
        if found is None:
            return None
        names, _ = chosen_features(found, self.choice)
        return DriftWindow(
            found.start,
            found.end,
            found.n,
            found.reference_id,
            found.provisional,
            {name: found.features[name] for name in names},
        )

    @property
    def drift(self) -> list[DriftWindow]:
        """Drift of the features of the page, by window."""
        whole = self.whole
        if whole is None or not whole.features:
            return []
        return self.readings.drift_windows(self.model_id, self.view, tuple(whole.features))


def request_of(
    readings: Readings,
    model_id: str,
    view: View,
    *,
    feature: str = "",
    choice: Choice | None = None,
    label: str = "",
) -> Request:
    """Return what a figure is drawn of, the feature given by its key; see :func:`draw`."""
    named = ""
    if feature:
        reference = readings.model(model_id).reference
        named = feature_named(reference.features if reference else (), feature)
    return Request(readings, model_id, view, named, choice or Choice(), label)


def estimates_of(name: str, of: Request) -> tuple[bool, str | None]:
    """Return whether a figure shows estimates without labels, and a sentence about them or None."""
    metric = name.removeprefix(METRIC)
    if metric == name:
        return False, None
    told_of = estimated_metrics(of.readings.model(of.model_id).model.task)
    if metric not in told_of:
        return False, None if told_of else ""
    result = of.readings.estimate(of.model_id, of.view)
    if result.refusal is not None:
        return False, f"Not estimated without labels: {result.refusal}."
    missing = {
        name: reason
        for chunk in result.chunks
        for name, one in chunk.metrics.items()
        if one.value is None and (reason := one.reason) not in (None, LEARNT_FROM)
    }
    told = {name for chunk in result.chunks for name, one in chunk.metrics.items() if one.value is not None}
    reasons = dict.fromkeys(reason for name, reason in missing.items() if reason and name not in told)
    return metric in told, f"Estimates without labels: {'; '.join([*result.notes, *reasons])}."


def feature_named(names: Sequence[str], key: str) -> str:
    """Return the feature with the given key, see :func:`assay.dashboard.names.feature_key`.

    Raises
    ------
    NotFound
        Where there is none.
    """
    for name in names:
        if feature_key(name) == key:
            return name
    raise NotFound("there is no such feature in the reference; look for it in the table of features")
