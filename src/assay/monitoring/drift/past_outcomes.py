"""Outputs and truth of a model in the hours that its windows are held against, kept for a day."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from assay.domain.model import Model
from assay.domain.profile import ProfileKind
from assay.domain.time import HOUR, Granularity
from assay.monitoring.deltas import decode_if_fits
from assay.monitoring.drift.hours import SeriesName
from assay.monitoring.drift.learning import Learnt
from assay.monitoring.drift.outputs import OutcomeHour, Outputs
from assay.monitoring.drift.stored_outcome import OutcomePast
from assay.monitoring.task import positive_class
from assay.ports.profiles import Profiles
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["Past", "PastOutcomes"]

_KEPT = 256


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is known of a series' outputs and of their truth; `outputs` None where there were too few."""

    outputs: Outputs | None
    outcomes: OutcomePast


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
        """Return what windows are held against; None where the model does not classify, or did nothing yet.

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
        used = set(learnt.used.tolist())
        found: dict[int, ClassificationSummary] = {}
        for key, data in self._profiles.scan(
            model.model_id,
            ProfileKind.OUTCOMES,
            Granularity.HOUR,
            start=min(used),
            end=max(used) + HOUR,
            version=name.version,
            slice_key=name.slice[0],
            slice_value=name.slice[1],
        ):
            summary = decode_if_fits(model, key, data, {}) if key.start in used else None
            if isinstance(summary, ClassificationSummary):
                known = found.get(key.start)
                found[key.start] = summary if known is None else known.merge(summary)
        if not found:
            return None
        hours = [OutcomeHour(start, summary) for start, summary in sorted(found.items())]
        outputs = Outputs.learn(hours, set(learnt.own.tolist()), taken=taken)
        return Past(outputs, OutcomePast.learn([hour.summary for hour in hours], positive))
