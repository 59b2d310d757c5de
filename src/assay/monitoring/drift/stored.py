"""The verdict on drift of any window of a model, from its stored profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from assay.domain.model import Model
from assay.domain.time import DAY, HOUR, Granularity, from_micros
from assay.domain.window_drift import Baseline, WindowDrift
from assay.errors import NotFound
from assay.monitoring.analyst import Analyst, Selection
from assay.monitoring.drift.budget import FALSE_ALARMS_PER_MONTH, level_of
from assay.monitoring.drift.hours import SeriesName, read_volume
from assay.monitoring.drift.judgement import Part, judge_window
from assay.monitoring.drift.learning import MOST_DAYS, Drifted, Learner, Learnt
from assay.monitoring.drift.past_outcomes import PastOutcomes
from assay.monitoring.references import ReferenceKeeper
from assay.ports.profiles import Profiles
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.verdict.evidence import Evidence
from assay.stats.verdict.floors import Floors

__all__ = ["StoredDrift"]

_ALL_HOURS = 3 * DAY
"""Windows up to this long are weighted by the rows of each of their hours, longer ones by what is usual."""


@dataclass(frozen=True, slots=True)
class _Against:
    """What a window is held against."""

    reference: Reference
    baseline: Baseline
    notes: tuple[str, ...] = ()


class StoredDrift:
    """Judges windows of stored rows; thread-safe.

    A verdict is a merge of stored profiles and a few vector operations, however many rows there are. How the
    model's rows behave in time is learnt once a day (:class:`~assay.monitoring.drift.learning.Learner`).

    Parameters
    ----------
    profiles, references, analyst : what is stored, and who reads it.
    clock : microseconds since the epoch.
    drifted : windows that were found drifted, from which nothing is learnt.
    budget : false alarms that a model may raise in a month.
    """

    def __init__(
        self,
        profiles: Profiles,
        references: ReferenceKeeper,
        analyst: Analyst,
        *,
        clock: Callable[[], int],
        drifted: Drifted = lambda *_: (),
        budget: float = FALSE_ALARMS_PER_MONTH,
    ) -> None:
        self._profiles = profiles
        self._references = references
        self._analyst = analyst
        self._clock = clock
        self._budget = budget
        self._learner = Learner(profiles, drifted)
        self._past = PastOutcomes(profiles)

    def judge(
        self, model: Model, selection: Selection, *, level: float | None = None, look: int = 1
    ) -> WindowDrift:
        """Judge a window, widened to whole hours.

        Parameters
        ----------
        model, selection : which rows.
        level : probability of a false alarm that is allowed; None: see :func:`.budget.level_of`.
        look : 1 where the truth of the window has not been judged before, else one more than how often. The
            k-th look is allowed 2^-k of what truth may spend, so that all looks together keep to it.

        Raises
        ------
        NotFound
            Where the model has no reference yet.
        """
        reference = self._references.active(model)
        if reference is None:
            raise NotFound(
                f"model {model.model_id[:80]!r} has no reference yet: log predictions, or give one"
            )
        extent = self._profiles.extent(model.model_id)
        whole = [bounds for (_, key, _), bounds in extent.items() if not key]
        first = min((low for low, _ in whole), default=selection.start)
        name = SeriesName(model.model_id, selection.version, selection.slice)
        start, end, current = self._analyst.profile(model, selection, reference)
        against = self._against(model, name, reference, first, start)
        learnt = self._learner.learn(
            name, against.reference, first=first, start=start, past=against.baseline is Baseline.CONSECUTIVE
        )
        starts, weights = self._hours(name, learnt, start, end)
        notes = [*against.notes, *_remarks(learnt, reference, current.rows, start, end)]
        roles, outputs, further = {}, None, []
        past = self._past.of(model, name, learnt, day=start // DAY, taken=reference.features)
        window = self._analyst.outcome(model, Selection(start, end, selection.version, selection.slice))
        if past is not None and isinstance(window, ClassificationSummary | RegressionSummary):
            if past.outputs is not None and isinstance(window, ClassificationSummary):
                roles = past.outputs.roles
                outputs = Part(past.outputs.reference, past.outputs.profile(window), past.outputs.behaviour)
            waiting = past.too_few(window)
            if waiting:
                notes.append(waiting)
            else:
                further = [_at(look, one) for one in past.evidence(window, Floors())]
        report = judge_window(
            against.reference,
            current,
            roles=roles,
            behaviour=learnt.behaviour,
            outputs=outputs,
            further=further,
            starts=starts,
            weights=weights,
            level=level_of(end - start, budget=self._budget, series=_side_by_side(extent, start))
            if level is None
            else level,
            waiting=0 if further or window is None else 1,
            notes=notes,
        )
        return WindowDrift.of(
            report,
            model_id=model.model_id,
            version=selection.version,
            slice=selection.slice if selection.slice[0] else None,
            start=from_micros(start),
            end=from_micros(end),
            reference_id=reference.id,
            baseline=against.baseline,
            learnt_hours=learnt.hours,
            computed_at=from_micros(self._clock()),
        )

    def forget(self, model_id: str) -> None:
        """Learn anew how a model behaves: verdicts on earlier days have come."""
        self._learner.forget(model_id)

    def forget_truth(self, model_id: str) -> None:
        """Read anew what usually comes true of a model: labels have come."""
        self._past.forget(model_id)

    def _against(
        self, model: Model, name: SeriesName, reference: Reference, first: int, start: int
    ) -> _Against:
        """Return the reference; for a slice its own past, since it is no sample of the whole model."""
        if not name.slice[0]:
            return _Against(reference, Baseline.BASELINE)
        day = start // DAY * DAY
        begin = max(day - MOST_DAYS * DAY, Granularity.DAY.floor(first))
        if begin < day:
            selection = Selection(begin, day, name.version, name.slice)
            _, _, past = self._analyst.profile(model, selection, reference)
            if past.rows:
                own = Reference(reference.layout, past, reference.provisional, reference.id)
                return _Against(own, Baseline.CONSECUTIVE)
        return _Against(
            reference,
            Baseline.BASELINE,
            ("the slice has no rows before this day: held against the reference",),
        )

    def _hours(self, name: SeriesName, learnt: Learnt, start: int, end: int) -> tuple[Ints, Floats]:
        """Hours that the window consists of, and how many rows each has."""
        if end - start <= _ALL_HOURS:
            starts, rows = read_volume(self._profiles, name, start, end)
            if starts.size:
                return starts, rows
        starts = np.arange(start, end, HOUR, dtype=np.int64)
        return starts, learnt.usual[(starts // HOUR) % 24] + 1e-9


def _at(look: int, evidence: Evidence) -> Evidence:
    """Evidence of the truth as it counts when it is looked at for the `look`-th time."""
    return replace(evidence, p_value=min(1.0, evidence.p_value * 2.0**look))


def _side_by_side(extent: Mapping[tuple[str, str, str], tuple[int, int]], start: int) -> int:
    """How many series of the model are judged: all together, and each version where several serve."""
    serving = [
        version for (version, key, _), (low, last) in extent.items() if not key and low <= start <= last + DAY
    ]
    return 1 + len(serving) if len(serving) > 1 else 1


def _remarks(learnt: Learnt, reference: Reference, rows: int, start: int, end: int) -> list[str]:
    """What somebody who reads the verdict should know."""
    found = []
    if learnt.behaviour is None and rows:
        found.append(
            "rows were taken for independent of one another and of the time: fewer than 20 hours with rows "
            "are known from before"
        )
    if reference.provisional and learnt.own.size and start <= int(learnt.own[-1]):
        part = "lies" if end <= int(learnt.own[-1]) + HOUR else "begins"
        found.append(f"the window {part} within the first traffic that serves as the reference")
    return found
