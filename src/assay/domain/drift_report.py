"""The verdict on drift, as people and programs read it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from assay.domain.drift_distribution import FeatureDistribution
from assay.domain.plotting import Plotted
from assay.domain.rendering import Table, number, plain
from assay.stats.summaries.feature_profile import FeatureProfile

__all__ = ["DriftEvidence", "DriftReport", "DriftStatus", "DriftType", "FeatureVerdict"]


class DriftType(enum.StrEnum):
    """What has changed first."""

    DATA = "DATA_DRIFT"
    """The inputs."""
    MODEL = "MODEL_DRIFT"
    """Scores or predictions, while the inputs stay."""
    CONCEPT = "CONCEPT_DRIFT"
    """The truth given the inputs."""
    PERFORMANCE = "PERFORMANCE_DRIFT"
    """A metric, where there is nothing to tell why."""


class DriftStatus(enum.StrEnum):
    """What can be said."""

    DRIFT = "drift"
    NO_DRIFT = "no_drift"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class DriftEvidence:
    """One test.

    Attributes
    ----------
    aspect : what about it: distribution, missing, new, rounding, dependence, error or metric.
    statistic : the test's name.
    effect : size of the change in the unit of its floor.
    floor : the smallest effect that matters.
    p_value, adjusted_p_value : by itself, and for the number of tests; None where there is none.
    null : what the p-value is held against.
    drifted : unlikely by chance and at least as large as the floor.
    features : what the test is about: one, two of a dependence, none for the truth and metrics.
    before, after : the figures that are compared, where there is one on each side; None otherwise.
    """

    aspect: str
    statistic: str
    effect: float
    floor: float
    p_value: float | None
    adjusted_p_value: float | None
    null: str
    drifted: bool
    features: tuple[str, ...] = ()
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureVerdict:
    """One feature, or one output of the model.

    Attributes
    ----------
    feature : its name.
    role : "feature", "score" or "prediction".
    drifted : whether any test says so.
    severity : 0 to 100, of what has drifted; 0 where nothing has.
    effect, floor, p_value : of the strongest evidence: what has drifted, else the smallest p-value.
    finding : in one sentence.
    evidence : all tests.
    smallest_detectable : the smallest Kolmogorov-Smirnov distance that this window would have shown with
        probability 0.8; None where it was not computed.
    """

    feature: str
    role: str
    drifted: bool
    severity: float
    effect: float
    floor: float
    p_value: float | None
    finding: str
    evidence: tuple[DriftEvidence, ...] = ()
    smallest_detectable: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DriftReport(Plotted):
    """Whether a window has drifted from its reference, in what, how much, and how sure that is.

    Attributes
    ----------
    status : drift, no_drift or not_enough_data.
    drift_detected : whether the status is drift.
    drift_type : what has changed first; None without drift.
    drift_types : all that have changed.
    drift_severity : 0 to 100, the largest of all findings; 0 without drift.
    drift_confidence : 1 minus the smallest adjusted p-value of what has drifted; without drift 1 minus the
        smallest of all, so how near to an alarm it came.
    affected_features : features that have drifted, the gravest first.
    features : verdict of each feature and output.
    overall : tests that are about several features, the truth or a metric.
    findings : sentences, the gravest first.
    level : probability of a false alarm that was allowed.
    n_reference, n_current : rows.
    season : the season that was recognised, such as "daily and weekly"; "" for none.
    dependent_features : features whose rows depend on those before or on the time.
    smallest_detectable : see :class:`FeatureVerdict`, the median of all features.
    notes : what could not be judged, and why.
    profiles : counts of the reference and of the window, which :meth:`distribution` is read from; no rows.
        They do not leave the process: a report that was read from JSON has none.
    """

    status: DriftStatus
    drift_type: DriftType | None
    drift_types: tuple[DriftType, ...]
    drift_severity: float
    drift_confidence: float
    affected_features: tuple[str, ...]
    features: Mapping[str, FeatureVerdict]
    overall: tuple[DriftEvidence, ...] = ()
    findings: tuple[str, ...] = ()
    level: float = 0.01
    n_reference: int = 0
    n_current: int = 0
    season: str = ""
    dependent_features: tuple[str, ...] = ()
    smallest_detectable: float | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
    profiles: tuple[FeatureProfile, FeatureProfile] | None = field(default=None, repr=False, compare=False)

    @property
    def drift_detected(self) -> bool:
        """Whether there is drift."""
        return self.status is DriftStatus.DRIFT

    @property
    def ranked(self) -> list[FeatureVerdict]:
        """Verdicts of all features: what has drifted, the gravest first, then by how near it came."""
        return sorted(
            self.features.values(),
            key=lambda one: (not one.drifted, -one.severity, 1.0 if one.p_value is None else one.p_value),
        )

    @property
    def summary(self) -> str:
        """The verdict in one sentence, with what to look at first."""
        if self.status is DriftStatus.NOT_ENOUGH_DATA:
            return f"Not enough data for a verdict: the window has {number(self.n_current)} rows."
        if self.status is DriftStatus.NO_DRIFT or self.drift_type is None:
            judged = len(self.features)
            of = "the one feature" if judged == 1 else f"{number(judged)} features and outputs"
            return f"No drift in {of}: no change is both more than chance and large enough to matter."
        named = [_short(name) for name in self.affected_features[:_NAMED]]
        more = len(self.affected_features) - len(named)
        look = ", ".join(named) + (f" and {number(more)} more" if more else "")
        said = f"{_WORDS[self.drift_type]}, with severity {self.drift_severity:.0f} of 100"
        return f"{said}; look at {look}." if look else f"{said}."

    def distribution(self, feature: str) -> FeatureDistribution | None:
        """Return a feature's values on both sides in common bars; None where the counts are not at hand."""
        if self.profiles is None or any(feature not in side.features for side in self.profiles):
            return None
        before, after = (side.features[feature] for side in self.profiles)
        return FeatureDistribution.of(feature, before, after)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; the counts behind the figures are not among them."""
        names = (one.name for one in fields(self) if one.name != "profiles")
        return {name: plain(getattr(self, name)) for name in names}

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        title = {
            DriftStatus.DRIFT: f"{self.drift_type}, severity {self.drift_severity:.0f} of 100",
            DriftStatus.NO_DRIFT: "No drift",
            DriftStatus.NOT_ENOUGH_DATA: "Not enough data for a verdict",
        }[self.status]
        ranked = self.ranked
        rows = [
            (
                one.feature,
                one.role,
                "drifted" if one.drifted else "",
                number(one.severity) if one.drifted else "",
                number(one.effect),
                number(one.floor),
                number(one.p_value),
                one.finding,
            )
            for one in ranked[:_ROWS]
        ]
        notes = [*self.findings[:_NOTES], *self.notes[:_NOTES]]
        if len(ranked) > _ROWS:
            notes.append(f"{len(ranked) - _ROWS} more features")
        columns = ("feature", "role", "verdict", "severity", "effect", "floor", "adjusted p", "finding")
        return Table(title, columns, rows, notes)


_ROWS = 60
_NOTES = 12
_NAMED = 3
_LONGEST_NAME = 40
_WORDS = {
    DriftType.DATA: "The inputs have drifted",
    DriftType.MODEL: "The model's outputs have drifted while its inputs stayed",
    DriftType.CONCEPT: "The truth no longer follows from the inputs as it did",
    DriftType.PERFORMANCE: "Performance has changed",
}


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
