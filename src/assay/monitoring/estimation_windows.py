"""Performance of a model's stored windows without their labels, learnt from its first labelled days."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assay.domain.estimates import EstimatedChunk, PerformanceEstimate
from assay.domain.model import Model, Task
from assay.domain.time import DAY, HOUR, Granularity, from_micros
from assay.monitoring.analyst import Analyst, OutcomeWindow, Selection
from assay.monitoring.estimation_losses import way_of_losses
from assay.monitoring.estimation_ways import Day, Taught, Way, way_of
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import ReferenceKeeper
from assay.stats.estimation.result import MetricEstimate
from assay.stats.summaries.feature_profile import FeatureProfile

__all__ = [
    "LEARNT_FROM",
    "LEAST_DAYS",
    "MOST_DAYS",
    "Lesson",
    "WindowEstimates",
    "learn",
    "window_estimates",
]

LEAST_DAYS = 7
"""Days that are learnt from at least: the truth given the score may have a week's season."""

MOST_DAYS = 56
"""Days that are learnt from at most, however few labels they have."""

LEARNT_FROM = "the estimates are learnt from this window's labels"
"""Why a window has no estimate."""

_OF_HOURS = (
    "a regression is estimated from profiles of its features, which are of whole hours; take such steps"
)
_KEPT = 16
_Days = Iterable[OutcomeWindow]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a model's first labelled days teach.

    Attributes
    ----------
    start, end : the days, in microseconds; the end is excluded.
    labelled : labelled predictions with a score in them.
    taught : what was learnt.
    """

    start: int
    end: int
    labelled: int
    taught: Taught


class WindowEstimates:
    """Estimates of any window of a model, from profiles. What was learnt is kept. Thread-safe.

    Parameters
    ----------
    analyst : reads profiles.
    references : says in which cells features are counted.
    raw : stored rows, from which a regression's losses are learnt.
    """

    def __init__(self, analyst: Analyst, references: ReferenceKeeper, raw: RawRows) -> None:
        self._analyst = analyst
        self._references = references
        self._raw = raw
        self._lock = threading.Lock()
        self._lessons: OrderedDict[tuple[object, ...], tuple[int, Lesson | str]] = OrderedDict()

    def of(
        self,
        model: Model,
        selection: Selection,
        *,
        step: int | None,
        extent: Mapping[tuple[str, str, str], tuple[int, int]],
    ) -> PerformanceEstimate:
        """Estimate the window, or each step of it.

        Parameters
        ----------
        model : whose.
        selection : the window, a version or all, a slice or all. What is learnt is of the same part.
        step : width of the windows, microseconds; None: it is one.
        extent : begin of the first hour and of the last that is stored, by version, slice key and value.
        """
        part = selection.version, selection.slice
        reference = None
        way: Way | str
        if model.task is Task.REGRESSION:
            reference = self._references.active(model)
            way = way_of_losses(model, reference, self._raw, part)
        else:
            way = way_of(model)
        if isinstance(way, str):
            return PerformanceEstimate(str(model.task or ""), None, 0, (), way)
        bounds = [
            span
            for (version, *part), span in extent.items()
            if tuple(part) == selection.slice and selection.version in (None, version)
        ]
        lesson: Lesson | str = "nothing was logged yet"
        if bounds:
            since, until = min(first for first, _ in bounds), max(last for _, last in bounds) + HOUR
            lesson = self._lesson(model, way, part, since, until)
        profiles = None
        if way.of_features and reference is not None:
            if step is not None and step % HOUR:
                return PerformanceEstimate(way.task, None, 0, (), _OF_HOURS)
            windows = self._analyst.outcomes(model, selection, step=step, finest=Granularity.HOUR)
            if isinstance(lesson, Lesson):
                profiles = self._analyst.profiles(model, selection, reference, step=step)
        else:
            windows = self._analyst.outcomes(model, selection, step=step)
        found = window_estimates(way, lesson, windows, profiles)
        if isinstance(lesson, Lesson) and (newer := sum(first >= lesson.end for first, _ in bounds)):
            return _with_note(found, newer)
        return found

    def _lesson(
        self, model: Model, way: Way, part: tuple[str | None, tuple[str, str]], since: int, until: int
    ) -> Lesson | str:
        """Learn, or remember what these very profiles taught."""
        days = _first_days(self._analyst, model, part, since, until)
        wanted = model.settings.reference_rows
        stretch = _stretch(days, way, wanted, until)
        key = (model.model_id, *part, way.task, way.positive)
        mark = hash(tuple((start, way.mark(outcome)) for start, _, outcome in stretch.days))
        with self._lock:
            held = self._lessons.get(key)
            if held is not None and held[0] == mark:
                self._lessons.move_to_end(key)
                return held[1]
        lesson = _taught(stretch, way, wanted)
        with self._lock:
            self._lessons[key] = (mark, lesson)
            self._lessons.move_to_end(key)
            while len(self._lessons) > _KEPT:
                self._lessons.popitem(last=False)
        return lesson


def learn(way: Way, days: _Days, *, wanted: int, until: int) -> Lesson | str:
    """Learn from a model's days, in order of time; or say why not.

    The first day with labelled scores begins, and what follows is added until there are `LEAST_DAYS` days and
    as many labelled scores as `wanted`, or `MOST_DAYS` days.
    """
    return _taught(_stretch(days, way, wanted, until), way, wanted)


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    days: list[Day]
    labelled: int
    whole: bool
    """Whether enough is there."""


def _stretch(days: _Days, way: Way, wanted: int, until: int) -> _Stretch:
    """Find the days that are learnt from."""
    taken: list[Day] = []
    labelled = 0
    for start, end, outcome in days:
        if outcome is None:
            continue
        count = way.labelled(outcome)
        if not taken and not count:
            continue
        taken.append((start, end, outcome))
        labelled += count
        length = end - taken[0][0]
        if end <= until and length >= LEAST_DAYS * DAY and (labelled >= wanted or length >= MOST_DAYS * DAY):
            return _Stretch(taken, labelled, whole=True)
    return _Stretch(taken, labelled, whole=False)


def _taught(stretch: _Stretch, way: Way, wanted: int) -> Lesson | str:
    if not stretch.whole:
        days = len(stretch.days)
        return (
            f"estimates are learnt from the first {LEAST_DAYS} days with labelled scores and {wanted:,} of "
            f"these, or from {MOST_DAYS} days; so far there {'is' if days == 1 else 'are'} {days} "
            f"day{'' if days == 1 else 's'} with {stretch.labelled:,}"
        )
    taught = way.fit(stretch.days)
    return Lesson(stretch.days[0][0], stretch.days[-1][1], stretch.labelled, taught)


def window_estimates(
    way: Way,
    lesson: Lesson | str,
    windows: Sequence[OutcomeWindow],
    profiles: Sequence[FeatureProfile] | None = None,
) -> PerformanceEstimate:
    """Estimate windows, and put what was found beside the estimates.

    Parameters
    ----------
    way : how estimates of the model's task are told.
    lesson : what was learnt, or why nothing was.
    windows : start, end and outcomes of each, in order of time. Those that overlap what was learnt from get
        no estimate: it would be told by its own labels.
    profiles : of the features in each window, where the way needs them.
    """
    chunks: list[EstimatedChunk] = []
    first = 0
    for place, (start, end, outcome) in enumerate(windows):
        count = way.scored(outcome)
        if isinstance(lesson, str):
            found = _without(way, count, lesson)
        elif start < lesson.end and end > lesson.start:
            found = _without(way, count, LEARNT_FROM)
        else:
            found = lesson.taught.estimate(outcome, None if profiles is None else profiles[place])
        real = way.realised(outcome)
        metrics = {name: replace(one, realised=real.get(name)) for name, one in found.items()}
        chunks.append(
            EstimatedChunk(
                *(first, first + count, count, metrics),
                start=from_micros(start),
                end=from_micros(end),
                n_labelled=getattr(outcome, "n_labelled", 0),
            )
        )
        first += count
    if isinstance(lesson, str):
        return PerformanceEstimate(way.task, way.positive, 0, tuple(chunks), lesson)
    span = f"{from_micros(lesson.start):%Y-%m-%d} to {from_micros(lesson.end - 1):%Y-%m-%d}"
    note = f"learnt from the labels of {span}"
    return PerformanceEstimate(
        way.task,
        way.positive,
        lesson.labelled,
        tuple(chunks),
        lesson.taught.refusal,
        (note, *lesson.taught.notes),
    )


def _without(way: Way, count: int, reason: str) -> dict[str, MetricEstimate]:
    return {name: MetricEstimate.refused(name, count, reason) for name in way.names}


def _with_note(found: PerformanceEstimate, newer: int) -> PerformanceEstimate:
    note = (
        f"{newer} version{' was' if newer == 1 else 's were'} first seen later, and may score differently; "
        "choose a version to learn from its own labels"
    )
    return replace(found, notes=(*found.notes, note))


def _first_days(
    analyst: Analyst, model: Model, part: tuple[str | None, tuple[str, str]], since: int, until: int
) -> Iterator[OutcomeWindow]:
    """Read the model's days from the first on, some weeks at a time."""
    for begin in itertools.count(since // DAY * DAY, MOST_DAYS * DAY):
        if begin >= until:
            return
        yield from analyst.outcomes(model, Selection(begin, begin + MOST_DAYS * DAY, *part), step=DAY)
