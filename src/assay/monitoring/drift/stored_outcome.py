"""From stored outcomes to evidence about metrics, and about the truth given the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr

from assay.monitoring.drift.outputs import OutcomeSummary, classes_of, merged
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.autoregression import Autoregression
from assay.stats.verdict.behaviour import MIN_BLOCKS
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.floors import Floors

__all__ = ["LEAST_COVERAGE", "MIN_LABELS", "OutcomePast", "design_effect", "too_few"]

LEAST_COVERAGE = 0.8
"""Truth is judged where the share of predictions that have it is at least this part of what is usual."""

MIN_LABELS = 50
"""Labelled rows that both sides have at least."""

_Split = tuple[Ints, Ints]  # int64[cells] twice: labelled rows of a class, and of others
_GROUPS = 10
_IN_A_GROUP = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """How often a class came true at like scores, or at like probabilities of it.

    Attributes
    ----------
    name : of the class.
    group : int64[cells], the group of like scores that each cell is of.
    count, labelled : float64[groups], rows of the class and all labelled ones.
    errors : (rows of the class beyond what the score says, labelled) of each hour.
    """

    name: str
    group: Ints
    count: Floats
    labelled: Floats
    errors: tuple[tuple[float, int], ...]

    @classmethod
    def learn(cls, name: str, whole: _Split, hours: Sequence[_Split]) -> _Scored:
        """Learn from counts per cell: rows of the class, and of others."""
        group = _grouping(whole[0] + whole[1])
        count, labelled = _by_group(whole, group)
        expected = _rates(count, labelled)
        errors = []
        for one in hours:
            ours, among = _by_group(one, group)
            errors.append((float((ours - among * expected).sum()), int(among.sum())))
        return cls(name, group, count, labelled, tuple(errors))

    def evidence(self, window: _Split, floor: float, *, of: str) -> Iterator[Evidence]:
        """Test whether the class comes true more or less often at like scores; `of` names it in words."""
        k, n = self.count, self.labelled
        found, m = _by_group(window, self.group)
        if min(n.sum(), m.sum()) < MIN_LABELS:
            return
        rate = _rates(k, n)
        spread = float(np.sqrt((n * rate * (1 - rate)).sum() / n.sum()))
        design = design_effect(self.errors, spread**2, int(m.sum()))
        enough = (n >= _IN_A_GROUP) & (m >= _IN_A_GROUP)
        if enough.any():
            yield _of_groups(k[enough], n[enough], found[enough], m[enough], design, spread, floor, of)
        # All groups together: a small change that leans to one side everywhere.
        difference = float((found - m * rate).sum() / m.sum())
        variance = design * spread**2 * (1 / float(m.sum()) + 1 / float(n.sum()))
        yield Evidence(
            ("",),
            Aspect.ERROR,
            f"truth{of} by none",
            abs(difference) / spread,
            floor,
            float(2 * ndtr(-abs(difference) / np.sqrt(variance))),
            Null.WINDOWS if design > 1 else Null.INDEPENDENT,
        )


@dataclass(frozen=True, slots=True, eq=False)
class OutcomePast:
    """What usually came true of a classifier's predictions, over the time that windows are held against.

    Attributes
    ----------
    usual : all of that time.
    right : (correct beyond the mean rate, labelled) of each hour.
    positive : the class whose probability the score is; None for several classes.
    scored : of the positive class by score; of several classes each by its own probability, the most frequent
        :data:`~assay.monitoring.drift.outputs.MOST_CLASSES`. Empty without labelled scores.

    Notes
    -----
    Where hours differ by more than chance, variances are those of the means of such hours: an autoregression
    is fitted to them, and the window's length is counted in hours of the usual size.
    """

    usual: ClassificationSummary
    right: tuple[tuple[float, int], ...]
    positive: str | None
    scored: tuple[_Scored, ...]

    @classmethod
    def learn(cls, hours: Sequence[ClassificationSummary], positive: str | None) -> OutcomePast:
        """Learn from hours in order of time."""
        usual = merged(hours)
        rate = usual.correct / usual.n if usual.n else 0.0
        right = tuple((one.correct - one.n * rate, one.n) for one in hours)
        names = [positive] if usual.scores is not None and positive is not None else classes_of(usual)
        scored = []
        for name in names:
            whole = _split(usual, name, positive)
            if whole is not None and sum(side.sum() for side in whole):
                parts = (_split(one, name, positive) for one in hours)
                scored.append(_Scored.learn(name, whole, [one for one in parts if one is not None]))
        return cls(usual, right, positive, tuple(scored))

    def too_few(self, window: ClassificationSummary) -> str:
        """Say why the truth of a window is not judged; "" where it is, or where there never is any.

        Labels that come early need not be like those that come late, so that a window is left until about as
        much of its truth is known as usual.
        """
        return too_few(self.usual, window)

    def evidence(self, window: ClassificationSummary, floors: Floors) -> Iterator[Evidence]:
        """Test whether the accuracy, and the rate of the positive class at like scores, have changed."""
        usual = self.usual
        if usual.n >= MIN_LABELS and window.n >= MIN_LABELS:
            yield _accuracy((usual.correct, usual.n), (window.correct, window.n), self.right, floors.metric)
        for one in self.scored:
            split = _split(window, one.name, self.positive)
            if split is not None:
                of = "" if len(self.scored) == 1 else f" of {one.name:.80}"
                yield from one.evidence(split, floors.error, of=of)


def too_few(usual: OutcomeSummary, window: OutcomeSummary) -> str:
    """Say that a window has less of its truth than usual; "" where it has, or where there never is any."""
    if not usual.n_labelled or not window.n_predictions:
        return ""
    before, now = usual.coverage or 0.0, window.coverage or 0.0
    if now >= LEAST_COVERAGE * before:
        return ""
    return f"{now:.0%} of the predictions have their truth, {before:.0%} is usual: it is not judged yet"


def _split(summary: ClassificationSummary, name: str, positive: str | None) -> _Split | None:
    """Labelled rows of a class and of others, by the cell of its score; None where there are no scores."""
    if summary.scores is not None and name == positive:
        return summary.scores.binned().split(name)
    if summary.probabilities is None or name not in summary.probabilities.classes:
        return None
    _, own, others = summary.probabilities.classes[name].binned().counts
    return own, others


def _rates(count: Floats, labelled: Floats) -> Floats:
    """Rate of the positive class in each group, never quite 0 or 1."""
    return np.asarray((count + 0.5) / (labelled + 1.0))


def _of_groups(
    k: Floats,
    n: Floats,
    found: Floats,
    m: Floats,
    design: float,
    spread: float,
    floor: float,
    of: str,
) -> Evidence:
    pooled = (k + found + 0.5) / (n + m + 1.0)
    variance = design * pooled * (1 - pooled) * (1 / n + 1 / m)
    difference = found / m - k / n
    excess = float((m * (difference**2 - variance)).sum() / m.sum())
    return Evidence(
        ("",),
        Aspect.ERROR,
        f"truth{of} by score",
        float(np.sqrt(max(excess, 0.0)) / spread),
        floor,
        float(chdtrc(k.size, float((difference**2 / variance).sum()))),
        Null.WINDOWS if design > 1 else Null.INDEPENDENT,
    )


def _accuracy(
    before: tuple[int, int], after: tuple[int, int], hours: Sequence[tuple[float, int]], floor: float
) -> Evidence:
    ours, theirs = before[0] / before[1], after[0] / after[1]
    rate = (before[0] + 0.5) / (before[1] + 1.0)
    variance = rate * (1 - rate)
    design = design_effect(hours, variance, after[1])
    now = max((after[0] + 0.5) / (after[1] + 1.0), 1e-9)
    total = design * (variance / before[1] + max(now * (1 - now), 0.1 * variance) / after[1])
    return Evidence(
        ("",),
        Aspect.METRIC,
        "accuracy",
        abs(theirs - ours) / float(np.sqrt(variance)),
        floor,
        float(2 * ndtr(-abs(theirs - ours) / np.sqrt(total))),
        Null.WINDOWS if design > 1 else Null.INDEPENDENT,
        ours,
        theirs,
    )


def design_effect(hours: Sequence[tuple[float, int]], variance: float, window: int) -> float:
    """Variance of a window's mean over that of independent rows; hours are sums of errors, and their rows."""
    seen = [(total, n) for total, n in hours if n]
    if len(seen) < MIN_BLOCKS or not variance or not window:
        return 1.0
    means = np.array([total / n for total, n in seen])
    rows = float(np.mean([n for _, n in seen]))
    fitted = Autoregression.fit((means - means.mean())[:, None])
    blocks = max(window / rows, 1.0)
    return max(1.0, float(fitted.variance_of_mean(blocks)[0]) * blocks * rows / variance)


def _grouping(counts: Ints) -> Ints:
    """Group of each cell: about equally many labelled rows in each."""
    middle = (np.cumsum(counts) - counts / 2) / max(int(counts.sum()), 1)
    group = np.minimum((middle * _GROUPS).astype(np.int64), _GROUPS - 1)
    return np.asarray(np.maximum.accumulate(group))


def _by_group(split: tuple[Ints, Ints], group: Ints) -> tuple[Floats, Floats]:
    """Positive and all labelled rows of each group: float64[groups] twice."""
    positive, others = (np.bincount(group, side, minlength=_GROUPS).astype(np.float64) for side in split)
    return positive, positive + others
