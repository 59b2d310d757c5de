"""Performance of a model's stored windows without their labels, learnt from its first labelled days."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assay.domain.estimates import EstimatedChunk, PerformanceEstimate
from assay.domain.model import Model, Task
from assay.domain.time import DAY, HOUR, from_micros
from assay.monitoring.analyst import Analyst, OutcomeWindow, Selection
from assay.monitoring.task import positive_class
from assay.stats.estimation.histogram import labelled_scores, window_scores
from assay.stats.estimation.profile_estimator import fit_profiles
from assay.stats.estimation.result import MetricEstimate
from assay.stats.estimation.score_estimator import ScoreEstimator
from assay.stats.metrics import classification_metrics
from assay.stats.summaries.classification import ClassificationSummary

__all__ = [
    "LEARNT_FROM",
    "LEAST_DAYS",
    "METRICS",
    "MOST_DAYS",
    "Lesson",
    "WindowEstimates",
    "learn",
    "refused",
    "window_estimates",
]

METRICS = ("roc_auc", "accuracy", "precision", "recall", "f1_score", "brier_score", "log_loss")
"""What is estimated."""

LEAST_DAYS = 7
"""Days that are learnt from at least: the truth given the score may have a week's season."""

MOST_DAYS = 56
"""Days that are learnt from at most, however few labels they have."""

LEARNT_FROM = "the estimates are learnt from this window's labels"
"""Why a window has no estimate."""

_HELD_OUT = 10
_KEPT = 16
_Days = Iterable[OutcomeWindow]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a model's first labelled days teach.

    Attributes
    ----------
    start, end : the days, in microseconds; the end is excluded.
    labelled : labelled predictions with a score in them.
    estimator : what was learnt.
    """

    start: int
    end: int
    labelled: int
    estimator: ScoreEstimator


class WindowEstimates:
    """Estimates of any window of a model, from profiles. What was learnt is kept. Thread-safe.

    Parameters
    ----------
    analyst : reads profiles.
    """

    def __init__(self, analyst: Analyst) -> None:
        self._analyst = analyst
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
        if (reason := refused(model)) is not None:
            return PerformanceEstimate(str(model.task or ""), None, 0, (), reason)
        bounds = [
            span
            for (version, *part), span in extent.items()
            if tuple(part) == selection.slice and selection.version in (None, version)
        ]
        lesson: Lesson | str = "nothing was logged yet"
        if bounds:
            since, until = min(first for first, _ in bounds), max(last for _, last in bounds) + HOUR
            lesson = self._lesson(model, (selection.version, selection.slice), since, until)
        found = window_estimates(model, lesson, self._analyst.outcomes(model, selection, step=step))
        if isinstance(lesson, Lesson) and (newer := sum(first >= lesson.end for first, _ in bounds)):
            return _with_note(found, newer)
        return found

    def _lesson(
        self, model: Model, part: tuple[str | None, tuple[str, str]], since: int, until: int
    ) -> Lesson | str:
        """Learn, or remember what these very profiles taught."""
        days = _first_days(self._analyst, model, part, since, until)
        wanted = model.settings.reference_rows
        stretch = _stretch(days, positive_class(model), wanted, until)
        key = (model.model_id, *part, positive_class(model))
        mark = hash(tuple((start, _mark(outcome)) for start, _, outcome in stretch.days))
        with self._lock:
            held = self._lessons.get(key)
            if held is not None and held[0] == mark:
                self._lessons.move_to_end(key)
                return held[1]
        lesson = _taught(stretch, positive_class(model), wanted)
        with self._lock:
            self._lessons[key] = (mark, lesson)
            self._lessons.move_to_end(key)
            while len(self._lessons) > _KEPT:
                self._lessons.popitem(last=False)
        return lesson


def refused(model: Model) -> str | None:
    """Say why this model's performance cannot be estimated from its profiles at all; None where it can."""
    if model.task is Task.BINARY or (model.task is None and positive_class(model) is not None):
        return None
    if model.task is None:
        return "what the model predicts is not known yet; its first labels say it"
    return (
        f"the profiles of a {model.task} model do not hold what an estimate needs; those of a binary "
        "classifier with scores do"
    )


def learn(model: Model, days: _Days, *, until: int) -> Lesson | str:
    """Learn from a model's days, in order of time; or say why not.

    The first day with labelled scores begins, and what follows is added until there are `LEAST_DAYS` days and
    as many labelled scores as the model's setting ``reference_rows`` says, or `MOST_DAYS` days.
    """
    wanted = model.settings.reference_rows
    return _taught(_stretch(days, positive_class(model), wanted, until), positive_class(model), wanted)


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    days: list[tuple[int, int, ClassificationSummary]]
    labelled: int
    whole: bool
    """Whether enough is there."""


def _stretch(days: _Days, positive: str | None, wanted: int, until: int) -> _Stretch:
    """Find the days that are learnt from."""
    taken: list[tuple[int, int, ClassificationSummary]] = []
    labelled = 0
    for start, end, outcome in days:
        if positive is None or not isinstance(outcome, ClassificationSummary):
            continue
        count = int(labelled_scores(outcome, positive).total)
        if not taken and not count:
            continue
        taken.append((start, end, outcome))
        labelled += count
        length = end - taken[0][0]
        if end <= until and length >= LEAST_DAYS * DAY and (labelled >= wanted or length >= MOST_DAYS * DAY):
            return _Stretch(taken, labelled, whole=True)
    return _Stretch(taken, labelled, whole=False)


def _taught(stretch: _Stretch, positive: str | None, wanted: int) -> Lesson | str:
    if not stretch.whole or positive is None:
        days = len(stretch.days)
        return (
            f"estimates are learnt from the first {LEAST_DAYS} days with labelled scores and {wanted:,} of "
            f"these, or from {MOST_DAYS} days; so far there {'is' if days == 1 else 'are'} {days} "
            f"day{'' if days == 1 else 's'} with {stretch.labelled:,}"
        )
    estimator = fit_profiles(
        [outcome for _, _, outcome in stretch.days], positive, METRICS, held_out=_HELD_OUT
    )
    return Lesson(stretch.days[0][0], stretch.days[-1][1], stretch.labelled, estimator)


def window_estimates(
    model: Model, lesson: Lesson | str, windows: Sequence[OutcomeWindow]
) -> PerformanceEstimate:
    """Estimate windows, and put what was found beside the estimates.

    Parameters
    ----------
    model : whose.
    lesson : what was learnt, or why nothing was.
    windows : start, end and outcomes of each, in order of time. Those that overlap what was learnt from get
        no estimate: it would be told by its own labels.
    """
    positive = positive_class(model)
    chunks: list[EstimatedChunk] = []
    first = 0
    for start, end, outcome in windows:
        summary = outcome if isinstance(outcome, ClassificationSummary) else ClassificationSummary.empty()
        scored = window_scores(summary, positive or "")
        count = int(scored.total)
        if isinstance(lesson, str):
            found = _without(count, lesson)
        elif start < lesson.end and end > lesson.start:
            found = _without(count, LEARNT_FROM)
        else:
            found = lesson.estimator.estimate(scored)
        real = classification_metrics(summary, positive_class=positive, names=METRICS)
        metrics = {
            name: MetricEstimate(
                *(one.name, one.value, one.low, one.high, one.n, one.effective, one.method, one.reason),
                realised=real[name].value if name in real else None,
            )
            for name, one in found.items()
        }
        last = first + count
        chunks.append(
            EstimatedChunk(
                first, last, count, metrics, from_micros(start), from_micros(end), summary.n_labelled
            )
        )
        first = last
    if isinstance(lesson, str):
        return PerformanceEstimate("binary", positive, 0, tuple(chunks), lesson)
    span = f"{from_micros(lesson.start):%Y-%m-%d} to {from_micros(lesson.end - 1):%Y-%m-%d}"
    return PerformanceEstimate(
        "binary",
        positive,
        lesson.labelled,
        tuple(chunks),
        lesson.estimator.refusal,
        (f"learnt from the labels of {span}",),
    )


def _without(count: int, reason: str) -> dict[str, MetricEstimate]:
    return {name: MetricEstimate.refused(name, count, reason) for name in METRICS}


def _with_note(found: PerformanceEstimate, newer: int) -> PerformanceEstimate:
    note = (
        f"{newer} version{' was' if newer == 1 else 's were'} first seen later, and may score differently; "
        "choose a version to learn from its own labels"
    )
    return PerformanceEstimate(
        found.task,
        found.positive_class,
        found.reference_n,
        found.chunks,
        found.refusal,
        (*found.notes, note),
    )


def _first_days(
    analyst: Analyst, model: Model, part: tuple[str | None, tuple[str, str]], since: int, until: int
) -> Iterator[OutcomeWindow]:
    """Read the model's days from the first on, some weeks at a time."""
    for begin in itertools.count(since // DAY * DAY, MOST_DAYS * DAY):
        if begin >= until:
            return
        yield from analyst.outcomes(model, Selection(begin, begin + MOST_DAYS * DAY, *part), step=DAY)


def _mark(outcome: ClassificationSummary) -> int:
    """Return a number that changes with what a profile says about scores."""
    scores = outcome.scores
    counts = b"" if scores is None else scores.counts.tobytes()
    return hash((outcome.classes, outcome.predicted.tobytes(), counts))
