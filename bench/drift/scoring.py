"""How verdicts are counted. A judge that says nothing about a case is wrong about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from bench.drift.case import DATA, NONE
from bench.drift.run import Outcome


@dataclass(frozen=True)
class Score:
    """Figures of one judge over many outcomes; every share is between 0 and 1, NaN where nothing was
    asked."""

    title: str
    cases: int
    by_family: dict[str, float]
    specificity: float
    sensitivity: float
    false_alarms: float
    f1: float
    type_right: float
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    seconds: float = float("nan")

    @property
    def balanced(self) -> float:
        """Mean of specificity over families without drift and sensitivity over those with."""
        return (self.specificity + self.sensitivity) / 2

    @property
    def worst(self) -> tuple[str, float]:
        return min(self.by_family.items(), key=lambda item: item[1])

    def to_dict(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "cases": self.cases,
            "balanced_accuracy": self.balanced,
            "specificity": self.specificity,
            "sensitivity": self.sensitivity,
            "false_alarms": self.false_alarms,
            "affected_f1": self.f1,
            "type_right": self.type_right,
            "seconds_median": self.seconds,
            "unanswered": dict(self.unanswered),
            "types": [[*pair, count] for pair, count in sorted(self.types.items())],
            "families": dict(sorted(self.by_family.items())),
        }


def right(outcome: Outcome) -> bool:
    return not outcome.verdict.error and outcome.verdict.drifted == (outcome.drift != NONE)


def score(title: str, outcomes: Sequence[Outcome]) -> Score:
    """The figures of the judge of this title."""
    mine = [outcome for outcome in outcomes if outcome.title == title]
    families: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in mine:
        families[outcome.family].append(outcome)
    accuracy = {name: fmean(right(outcome) for outcome in group) for name, group in families.items()}
    calm = [accuracy[name] for name, group in families.items() if group[0].drift == NONE]
    moved = [accuracy[name] for name, group in families.items() if group[0].drift != NONE]
    quiet = [outcome for outcome in mine if outcome.drift == NONE]
    found = [outcome for outcome in mine if outcome.drift != NONE and right(outcome)]
    return Score(
        title=title,
        cases=len(mine),
        by_family=accuracy,
        specificity=_mean(calm),
        sensitivity=_mean(moved),
        false_alarms=_mean([outcome.verdict.drifted for outcome in quiet if not outcome.verdict.error]),
        f1=_f1(found),
        type_right=_mean([outcome.verdict.type == outcome.drift for outcome in found]),
        types=Counter((outcome.drift, str(outcome.verdict.type)) for outcome in found),
        unanswered=Counter(outcome.family for outcome in mine if outcome.verdict.error),
        seconds=median([outcome.verdict.seconds for outcome in mine] or [float("nan")]),
    )


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else float("nan")


def _f1(found: Iterable[Outcome]) -> float:
    """Micro F1 of the affected features over cases of data drift that were found.

    Only features count: a judge may name a score or the truth beside them, rightly or not.
    """
    hits = extra = missed = 0
    for outcome in found:
        if outcome.drift != DATA:
            continue
        said = set(outcome.verdict.affected) & outcome.features
        hits += len(said & set(outcome.affected))
        extra += len(said - set(outcome.affected))
        missed += len(set(outcome.affected) - said)
    total = 2 * hits + extra + missed
    return 2 * hits / total if total else float("nan")
