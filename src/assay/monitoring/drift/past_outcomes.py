"""Outputs and truth of a model in the hours that its windows are held against, kept for a day."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from assay.domain.model import Model
from assay.domain.profile import ProfileKind
from assay.domain.time import HOUR
from assay.monitoring.deltas import decode_if_fits, outcome_type
from assay.monitoring.drift.hours import SeriesName, scan_hours
from assay.monitoring.drift.learning import Learnt
from assay.monitoring.drift.outputs import OutcomeHour, OutcomeSummary, Outputs
from assay.monitoring.drift.stored_error import ErrorPast
from assay.monitoring.drift.stored_outcome import OutcomePast
from assay.monitoring.task import positive_class
from assay.ports.profiles import Profiles
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.verdict.evidence import Evidence
from assay.stats.verdict.floors import Floors

__all__ = ["Past", "PastOutcomes"]

S = TypeVar("S", ClassificationSummary, RegressionSummary)

_KEPT = 256


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is known of a series' outputs and of their truth; `outputs` None where there were too few."""

    outputs: Outputs | None
    outcomes: OutcomePast | ErrorPast

    def too_few(self, window: OutcomeSummary) -> str:
        """Say why the truth of a window is not judged; "" where it is, or where there never is any."""
        match self.outcomes, window:
            case OutcomePast() as past, ClassificationSummary() as classified:
                return past.too_few(classified)
            case ErrorPast() as past, RegressionSummary() as errors:
                return past.too_few(errors)
        return ""

    def evidence(self, window: OutcomeSummary, floors: Floors) -> list[Evidence]:
        """Return what speaks for a change of the truth; nothing where the model's task is another now."""
        match self.outcomes, window:
            case OutcomePast() as past, ClassificationSummary() as classified:
                return list(past.evidence(classified, floors))
            case ErrorPast() as past, RegressionSummary() as errors:
                return list(past.evidence(errors, floors))
        return []


class PastOutcomes:
    """Reads outcomes of the hours that behaviour is learnt from; thread-safe.

    Parameters
    ----------
    profiles : where they are.
    """

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._kept: OrderedDict[tuple[SeriesName, int, int, int, int, str | None], Past | None] = (
            OrderedDict()
        )
        self._lock = threading.Lock()

    def of(
        self, model: Model, name: SeriesName, learnt: Learnt, *, day: int, taken: Collection[str]
    ) -> Past | None:
        """Return what windows are held against; None where the model did nothing yet.

        Parameters
        ----------
        model, name : the series.
        learnt : the hours of its inputs that count.
        day : of the window; what is remembered is read again for another day, since labels come late.
        taken : names of features.
        """
        if not learnt.used.size:
            return None
        positive = positive_class(model)
        first, last = int(learnt.used[0]), int(learnt.used[-1])
        key = (name, first, last, learnt.used.size, day, positive)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._read(model, name, learnt, positive, taken)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def forget(self, model_id: str) -> None:
        """Forget what was read of a model: more of its truth has come."""
        with self._lock:
            for key in [key for key in self._kept if key[0].model_id == model_id]:
                del self._kept[key]

    def _read(
        self, model: Model, name: SeriesName, learnt: Learnt, positive: str | None, taken: Collection[str]
    ) -> Past | None:
        own = set(learnt.own.tolist())
        if outcome_type(model) is RegressionSummary:
            errors = self._hours(model, name, learnt, RegressionSummary)
            return Past(None, ErrorPast.learn([summary for _, summary in errors])) if errors else None
        classified = self._hours(model, name, learnt, ClassificationSummary)
        if not classified:
            return None
        outputs = Outputs.learn([OutcomeHour(*hour) for hour in classified], own, taken=taken)
        return Past(outputs, OutcomePast.learn([summary for _, summary in classified], positive))

    def _hours(self, model: Model, name: SeriesName, learnt: Learnt, kind: type[S]) -> list[tuple[int, S]]:
        """Start and outcomes of each hour that counts, in order of time."""
        used = set(learnt.used.tolist())
        found: dict[int, S] = {}
        stored = scan_hours(self._profiles, name, ProfileKind.OUTCOMES, min(used), max(used) + HOUR)
        for key, data in stored:
            summary = decode_if_fits(model, key, data, {}) if key.start in used else None
            if isinstance(summary, kind):
                known = found.get(key.start)
                found[key.start] = summary if known is None else known.merge(summary)
        return sorted(found.items(), key=lambda hour: hour[0])
