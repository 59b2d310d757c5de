"""Answers about windows of time, from stored profiles alone."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from assay.domain.answers import Calibration, DriftWindow, MetricWindow
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model
from assay.domain.profile import ProfileKey, ProfileKind
from assay.domain.time import DAY, HOUR, Granularity, from_micros
from assay.errors import NotFound
from assay.monitoring.coverage import Piece, cover, plan_steps, snap
from assay.monitoring.deltas import decode_if_fits, outcome_type
from assay.monitoring.feature_detail import Cut, feature_view, unknown_feature
from assay.monitoring.profile_cache import ProfileCache
from assay.monitoring.references import ReferenceKeeper
from assay.monitoring.score_counts import class_scores, score_counts, score_edges
from assay.monitoring.summary_pool import StoredSummary
from assay.monitoring.task import positive_class
from assay.ports.profiles import Profiles
from assay.stats.drift import ProfileComparison
from assay.stats.metrics import (
    Estimate,
    classification_metrics,
    regression_metrics,
    reliability_curve,
    traffic_metrics,
)
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.packed_profile import PackedProfile
from assay.stats.summaries.parallel import map_columns
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary

__all__ = ["Analyst", "OutcomeWindow", "Selection"]

_CACHED_BYTES = 64 << 20
_KEPT = (Granularity.DAY, Granularity.MONTH)  # decoded ones; there are too many of the others
OutcomeWindow = tuple[int, int, StoredSummary | None]
"""Start, end (µs), and what is known of its outcomes."""

_Read = tuple[ProfileKey, int, int]  # whose bytes, how many, and their hash
_ORDER = (Granularity.MINUTE, Granularity.HOUR, Granularity.DAY, Granularity.MONTH)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a model: a window of event time (µs), a version or all, a slice or all."""

    start: int
    end: int
    version: str | None = None
    slice: tuple[str, str] = ("", "")


class Analyst:
    """Reads profiles and computes metrics, calibration and drift of any window.

    Parameters
    ----------
    profiles : the stored profiles.
    clock : microseconds since the epoch.
    """

    def __init__(self, profiles: Profiles, references: ReferenceKeeper, *, clock: Callable[[], int]) -> None:
        self._profiles = profiles
        self._references = references
        self._clock = clock
        self._decoded: ProfileCache[_Read, StoredSummary | PackedProfile] = ProfileCache(_CACHED_BYTES)

    def metrics(
        self,
        model: Model,
        selection: Selection,
        *,
        step: int | None = None,
        names: Collection[str] | None = None,
    ) -> list[MetricWindow]:
        """Metrics of the window, or of each step of it.

        Bounds are widened to whole buckets (minutes for recent times, else hours); each answer says which
        window it really covers.
        """
        windows = self._windows(model, selection, step, Granularity.MINUTE)
        traffic = self._series(model, ProfileKind.TRAFFIC, selection, windows)
        outcomes = self._series(model, ProfileKind.OUTCOMES, selection, windows)
        return [
            self._metric_window(model, bounds, calls, results, names)
            for bounds, calls, results in zip(windows.bounds, traffic, outcomes, strict=True)
        ]

    def calibration(self, model: Model, selection: Selection, *, bins: int = 10) -> Calibration:
        """Reliability curve, confusion matrix and distribution of scores of the window."""
        windows = self._windows(model, selection, None, Granularity.MINUTE)
        (outcome,) = self._series(model, ProfileKind.OUTCOMES, selection, windows)
        start, end = windows.bounds[0]
        if not isinstance(outcome, ClassificationSummary):
            return Calibration(
                from_micros(start), from_micros(end), getattr(outcome, "n_predictions", 0), 0, None, (), {}
            )
        positive = positive_class(model)
        curve = reliability_curve(outcome, positive_class=positive, bins=bins)
        return Calibration(
            start=from_micros(start),
            end=from_micros(end),
            n_predictions=outcome.n_predictions,
            n_labelled=outcome.n_labelled,
            coverage=outcome.coverage,
            bins=tuple((bin_.mean_score or 0.0, bin_.observed or 0.0, bin_.n) for bin_ in curve if bin_.n),
            confusion={
                (actual or "(other)", predicted or "(other)"): count
                for (actual, predicted), count in outcome.confusion.items()
            },
            score_edges=score_edges(outcome),
            score_counts=score_counts(outcome),
            class_scores=class_scores(outcome),
        )

    def outcomes(
        self,
        model: Model,
        selection: Selection,
        *,
        step: int | None = None,
        finest: Granularity = Granularity.MINUTE,
    ) -> list[OutcomeWindow]:
        """Summary of predictions and truth of the window, or of each step of it; None where there is none."""
        windows = self._windows(model, selection, step, finest)
        found = self._series(model, ProfileKind.OUTCOMES, selection, windows)
        return [(start, end, one) for (start, end), one in zip(windows.bounds, found, strict=True)]

    def drift(
        self,
        model: Model,
        selection: Selection,
        *,
        step: int | None = None,
        features: Collection[str] | None = None,
    ) -> list[DriftWindow]:
        """Univariate drift of each feature against the active reference; empty where there is none."""
        reference = self._reference(model)
        if reference is None:
            return []
        wanted = [name for name in reference.features if features is None or name in features]
        whole = len(wanted) == len(reference.features)
        expected = reference.profile if whole else reference.profile.part(reference.layout.part(wanted))
        comparison = ProfileComparison(expected)
        return [
            DriftWindow(
                start=from_micros(start),
                end=from_micros(end),
                n=current.rows,
                reference_id=reference.id,
                provisional=reference.provisional,
                features=comparison.with_(current),
            )
            for start, end, current in self._profiles_of(model, selection, step, reference, wanted)
        ]

    def feature(
        self, model: Model, selection: Selection, feature: str, *, step: int | None = None, name: str = ""
    ) -> FeatureView:
        """One feature against the active reference, called `name`; see :class:`FeatureView`.

        Raises
        ------
        NotFound
            Where there is no reference, or it does not know the feature.
        """
        reference = self._reference(model)
        if reference is None:
            raise NotFound(
                f"model {model.model_id[:80]!r} has no reference yet: log predictions, or give one"
            )
        if feature not in reference.features:
            raise unknown_feature(model.model_id, feature)
        cuts = [] if step is None else self._profiles_of(model, selection, step, reference, [feature])
        (bounds,) = self._windows(model, selection, None, Granularity.HOUR).bounds
        if cuts and (cuts[0][0], cuts[-1][1]) == bounds:  # adding up costs less than reading again
            whole = (*bounds, FeatureProfile.merge_many([one for _, _, one in cuts]))
        else:
            (whole,) = self._profiles_of(model, selection, None, reference, [feature])
        return feature_view(model.model_id, feature, reference, name, whole, cuts)

    def _profiles_of(
        self,
        model: Model,
        selection: Selection,
        step: int | None,
        reference: Reference,
        features: Sequence[str],
    ) -> list[Cut]:
        """Return the profile of some features in each window, an empty one where nothing was logged."""
        windows = self._windows(model, selection, step, Granularity.HOUR)
        stored = self._stored(model, ProfileKind.FEATURES, selection, windows, reference)
        packed = map_columns(
            lambda item: self._unpack(*item, reference), stored, values=len(stored) * reference.layout.size
        )
        whole = len(features) == len(reference.features)
        layout = reference.layout if whole else reference.layout.part(features)
        parts: list[list[FeatureProfile | PackedProfile]] = [[] for _ in windows.bounds]
        for (key, _), one in zip(stored, packed, strict=True):
            parts[windows.place(key.start)].append(one if whole else FeatureProfile.cut(one, layout))
        return [
            (low, high, FeatureProfile.merge_many(part or [FeatureProfile.assemble(layout, 0, [])]))
            for (low, high), part in zip(windows.bounds, parts, strict=True)
        ]

    def profile(self, model: Model, selection: Selection, reference: Reference) -> Cut:
        """Profile of all features of one window of whole hours, with its bounds."""
        (whole,) = self._profiles_of(model, selection, None, reference, list(reference.features))
        return whole

    def profiles(
        self, model: Model, selection: Selection, reference: Reference, *, step: int | None
    ) -> list[FeatureProfile]:
        """Profiles of all features in a window of whole hours, or in each step of it."""
        found = self._profiles_of(model, selection, step, reference, list(reference.features))
        return [one for _, _, one in found]

    def outcome(self, model: Model, selection: Selection) -> StoredSummary | None:
        """Predictions of one window of whole hours against their truth; None where there are none."""
        windows = self._windows(model, selection, None, Granularity.HOUR)
        return self._series(model, ProfileKind.OUTCOMES, selection, windows)[0]

    def totals(self, model: Model) -> tuple[int, int]:
        """Predictions and labelled predictions of all time."""
        predictions = labelled = 0
        for kind in (ProfileKind.TRAFFIC, ProfileKind.OUTCOMES):
            for key, data in self._profiles.scan(
                model.model_id, kind, Granularity.MONTH, start=-(1 << 62), end=1 << 62
            ):
                summary = self._decode(model, key, data)
                if isinstance(summary, TrafficSummary):
                    predictions += summary.n
                elif isinstance(summary, ClassificationSummary):
                    labelled += summary.n_labelled
                elif isinstance(summary, RegressionSummary):
                    labelled += summary.n + summary.infinite
        return predictions, labelled

    def _reference(self, model: Model) -> Reference | None:
        if model.reference_id is None:
            return None
        known = self._references.by_id(model.model_id)
        if model.reference_id not in known:
            self._references.reset(model.model_id)
            known = self._references.by_id(model.model_id)
        return known.get(model.reference_id)

    # -- windows ----------------------------------------------------------------------------------

    def _windows(self, model: Model, selection: Selection, step: int | None, finest: Granularity) -> _Windows:
        """Plan which buckets to read."""
        minutes_since = self._clock() - model.settings.minute_retention
        start, end = snap(selection.start, selection.end, finest, minutes_since=minutes_since)
        if Granularity.HOUR.floor(start) < minutes_since:
            finest = Granularity.HOUR
        if step is None:
            return _Windows([(start, end)], cover(start, end, self._finest(start, end, finest)))
        if step % HOUR == 0:
            unit = Granularity.DAY if step % DAY == 0 else Granularity.HOUR
            start = unit.floor(start)
        width, starts = plan_steps(start, end, step, finest)
        last = starts[-1] + step
        return _Windows([(low, low + step) for low in starts], [Piece(width, start, last)])

    def _finest(self, start: int, end: int, finest: Granularity) -> Granularity:
        """Return the coarsest width that divides both bounds."""
        for width in reversed(_ORDER[_ORDER.index(finest) :]):
            if width.floor(start) == start and width.floor(end) == end:
                return width
        return finest

    def _series(
        self, model: Model, kind: ProfileKind, selection: Selection, windows: _Windows
    ) -> list[StoredSummary | None]:
        """Merge the stored buckets into one summary a window; None where there is none."""
        parts: list[list[StoredSummary]] = [[] for _ in windows.bounds]
        for key, data in self._stored(model, kind, selection, windows):
            summary = self._decode(model, key, data)
            if summary is not None:
                parts[windows.place(key.start)].append(summary)
        return [_merge(part) for part in parts]

    def _stored(
        self,
        model: Model,
        kind: ProfileKind,
        selection: Selection,
        windows: _Windows,
        reference: Reference | None = None,
    ) -> list[tuple[ProfileKey, bytes]]:
        """Read the buckets that make up the windows."""
        return [
            item
            for piece in windows.pieces
            for item in self._profiles.scan(
                model.model_id,
                kind,
                piece.granularity,
                start=piece.start,
                end=piece.end,
                version=selection.version,
                slice_key=selection.slice[0],
                slice_value=selection.slice[1],
                reference_id=reference.id if reference is not None else "",
            )
        ]

    def _decode(self, model: Model, key: ProfileKey, data: bytes) -> StoredSummary | None:
        """Read a profile, or remember having read these very bytes."""
        name = (key, len(data), hash(data))
        held = self._decoded.find((name,)).get(name)
        if held is None:
            held = decode_if_fits(model, key, data, {})
            if held is not None and key.granularity in _KEPT:
                self._decoded.store({name: held})
        assert not isinstance(held, PackedProfile)  # noqa: S101 - of another kind, under another key
        return held

    def _unpack(self, key: ProfileKey, data: bytes, reference: Reference) -> PackedProfile:
        """Read a profile of features, or remember having read these very bytes."""
        name = (key, len(data), hash(data))
        held = self._decoded.find((name,)).get(name)
        if isinstance(held, PackedProfile):
            return held
        packed = PackedProfile.from_bytes(data, reference.layout)
        if key.granularity in _KEPT:
            self._decoded.store({name: packed})
        return packed

    def _metric_window(
        self,
        model: Model,
        bounds: tuple[int, int],
        calls: StoredSummary | None,
        results: StoredSummary | None,
        names: Collection[str] | None,
    ) -> MetricWindow:
        traffic = calls if isinstance(calls, TrafficSummary) else TrafficSummary.empty()
        metrics: dict[str, Estimate] = dict(traffic_metrics(traffic))
        outcome = results if results is not None else outcome_type(model).empty()
        labelled = 0
        if isinstance(outcome, ClassificationSummary):
            labelled = outcome.n_labelled
            metrics |= classification_metrics(outcome, positive_class=positive_class(model))
        elif isinstance(outcome, RegressionSummary):
            labelled = outcome.n + outcome.infinite
            metrics |= regression_metrics(outcome)
        if names is not None:
            metrics = {name: value for name, value in metrics.items() if name in names}
        return MetricWindow(
            start=from_micros(bounds[0]),
            end=from_micros(bounds[1]),
            n_predictions=traffic.n,
            n_labelled=labelled,
            coverage=labelled / traffic.n if traffic.n else None,
            metrics=metrics,
            error_types=dict(sorted(traffic.error_types.items(), key=lambda item: (-item[1], item[0]))),
        )


@dataclass(frozen=True, slots=True)
class _Windows:
    """Bounds of the windows asked for, and the stored buckets that make them up."""

    bounds: list[tuple[int, int]]
    pieces: list[Piece]

    def place(self, start: int) -> int:
        """Return the place of the window that holds a bucket."""
        return bisect.bisect_right(self.bounds, start, key=lambda bounds: bounds[0]) - 1


def _merge(parts: Sequence[StoredSummary]) -> StoredSummary | None:
    if not parts:
        return None
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)  # type: ignore[arg-type] # one series, one type
    return merged
