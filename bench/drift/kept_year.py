"""A simulated year of a model in service, judged hour by hour and day by day by the service's own watch.

Profiles of every hour and day are put into stores in memory as they close, and the watch judges them just as
it does in a server: with the budget, with what it learns of the hours, without those that it found drifted.
Nothing ever changes, so that every alarm is a false one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from assay.domain.model import Model, ModelSettings, Task
from assay.domain.profile import ProfileKey, ProfileKind
from assay.domain.time import DAY, HOUR, MINUTE, Granularity
from assay.monitoring.analyst import Analyst
from assay.monitoring.drift.budget import FALSE_ALARMS_PER_MONTH
from assay.monitoring.drift.verdicts import Verdicts
from assay.monitoring.drift.watch import DriftWatch
from assay.monitoring.references import ReferenceKeeper, store_form
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.traffic import TrafficSummary
from bench.drift.draw import ar1, zipf_shares
from bench.drift.memory import MemoryDriftLog, MemoryProfiles, MemoryRegistry
from bench.report import Figure

MODEL = "year"
VERSION = "1"
MONDAY = 1_736_121_600_000_000  # 2025-01-06, UTC
DAYS_OF_MONTH = 365.25 / 12
_POINTS = 200  # cells of a number: verdicts look at twenty bins and nine cuts


@dataclass(frozen=True)
class Habit:
    """How a model's rows behave in time.

    Attributes
    ----------
    name : of the habit.
    memory : autocorrelation, from hour to hour, of what all rows of an hour have in common.
    strength : its standard deviation, in those of a row.
    season : size of the daily and weekly seasons, in standard deviations of a row.
    outputs : whether scores, predictions and their truth are judged too.
    label_days : days after which the truth comes.
    provisional : whether the reference is taken from first traffic (and so tells its behaviour by itself), or
        was given, as that of a training set is.
    """

    name: str
    memory: float = 0.0
    strength: float = 0.0
    season: float = 0.0
    outputs: bool = False
    label_days: int = 0
    provisional: bool = True


HABITS = (
    Habit("independent rows"),
    Habit("seasons", season=0.8),
    Habit("memory 0.9", memory=0.9, strength=0.7),
    Habit("memory 0.98", memory=0.98, strength=0.7),
    Habit("seasons, memory 0.9", memory=0.9, strength=0.7, season=0.8),
    Habit("seasons, memory 0.98", memory=0.98, strength=0.7, season=0.8),
    Habit("the same, outputs", memory=0.98, strength=0.7, season=0.8, outputs=True),
    Habit("the same, given reference", memory=0.98, strength=0.7, season=0.8, provisional=False),
    Habit(
        "seasons, memory 0.9, late labels", memory=0.9, strength=0.7, season=0.8, outputs=True, label_days=2
    ),
)


@dataclass(frozen=True)
class Alarms:
    """What the watch said in a year. Windows in alarm one after the other are one episode."""

    habit: str
    seed: int
    months: float
    windows: Mapping[Granularity, int]
    in_alarm: Mapping[Granularity, int]
    episodes: Mapping[Granularity, int]
    why: Mapping[str, int]

    @property
    def per_month(self) -> float:
        """Episodes of hours and of days together, a month."""
        return sum(self.episodes.values()) / self.months


def rows_of(rng: np.random.Generator, habit: Habit, days: int, rows_an_hour: int) -> dict[str, np.ndarray]:
    """Draw `days` days: twelve features, the score, and the truth as often as the score says."""
    hours = days * 24
    rows = hours * rows_an_hour
    clock = np.arange(hours)
    night = np.sin(2 * np.pi * (clock / 24 + 0.25))
    leisure = (clock // 24 % 7 >= 5).astype(float)

    def level(daily: float, weekly: float) -> np.ndarray:
        wave = habit.season * (daily * night + weekly * leisure)
        if habit.strength:
            wave = wave + habit.strength * ar1(rng, hours, habit.memory)
        return np.repeat(wave, rows_an_hour)

    found: dict[str, np.ndarray] = {
        "amount": np.exp(0.8 * (level(1, 0.5) + rng.standard_normal(rows))),
        "load": 10 + level(1.2, -1) + rng.standard_normal(rows),
        "slow": level(0, 0) + rng.standard_normal(rows),
        "slower": level(0, 0.5) + rng.laplace(size=rows),
        "tail": level(0.3, 0) + rng.standard_t(3, rows),
        "count": rng.poisson(np.exp(0.5 + 0.3 * level(0.7, 0.3))).astype(float),
        "steady": rng.standard_normal(rows),
        "far": rng.standard_cauchy(rows),
    }
    gap = rng.random(rows) < 0.1 + 0.05 * np.clip(level(0.5, 1), -2, 2)
    found["optional"] = np.where(gap, np.nan, rng.gamma(2, 1, rows))
    mobile = rng.random(rows) < 1 / (1 + np.exp(-level(0.8, 0.4)))
    found["device"] = mobile.astype(np.int64)
    found["country"] = rng.choice(5, rows, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    found["shop"] = rng.choice(200, rows, p=zipf_shares(200, 1.2))
    logit = -1.5 + 0.3 * np.log(found["amount"]) + 0.5 * mobile + 0.3 * found["slow"]
    found["score"] = 1 / (1 + np.exp(-logit))
    found["target"] = (rng.random(rows) < found["score"]).astype(np.int64)
    return found


_TEXTS = {"device": 2, "country": 5, "shop": 200}
_OUTPUTS = ("score", "target")


def _columns(rows: Mapping[str, np.ndarray], part: slice) -> dict[str, Column]:
    made = {}
    for name, values in rows.items():
        if name in _TEXTS:
            texts = [f"{name}{code}" for code in range(_TEXTS[name])]
            made[name] = Column.categorical((values[part], texts))
        elif name not in _OUTPUTS:
            made[name] = Column.numeric(values[part])
    return made


class _Service:
    """One model with its stores and the watch over it."""

    def __init__(
        self, rows: Mapping[str, np.ndarray], habit: Habit, reference_days: int, an_hour: int, budget: float
    ):
        self.rows, self.habit, self.an_hour = rows, habit, an_hour
        of_reference = slice(0, reference_days * 24 * an_hour)
        self.reference = Reference.of(
            _columns(rows, of_reference), provisional=habit.provisional, max_points=_POINTS
        )
        settings = ModelSettings(classes=("0", "1"), reference_rows=of_reference.stop)
        self.model = Model(MODEL, Task.BINARY, settings=settings, reference_id=self.reference.id)
        self.profiles, self.log = MemoryProfiles(), MemoryDriftLog()
        self.profiles.references_.append(store_form(MODEL, self.reference, now=MONDAY))
        self.now = MONDAY
        self.revisions: dict[str, int] = {MODEL: 0}
        kept = cast("Any", self.profiles)
        references = ReferenceKeeper(cast("Any", None), kept)
        analyst = Analyst(kept, references, clock=lambda: self.now)
        log = cast("Any", self.log)
        verdicts = Verdicts(kept, references, analyst, log, clock=lambda: self.now, budget=budget)
        self.watch = DriftWatch(
            cast("Any", MemoryRegistry(self.model)), kept, references, verdicts.stored, log,
            revisions=self.revisions, clock=lambda: self.now,
        )  # fmt: skip

    def _outcomes(self, part: slice, *, labelled: bool) -> ClassificationSummary:
        score, target = self.rows["score"][part], self.rows["target"][part]
        texts = ["0", "1"]
        truth = target if labelled else np.full(target.size, -1)
        return ClassificationSummary.of(
            (truth, texts), ((score >= 0.5).astype(np.int64), texts), score, positive_class="1"
        )

    def _put(self, kind: ProfileKind, width: Granularity, start: int, data: bytes) -> None:
        of = self.reference.id if kind is ProfileKind.FEATURES else ""
        self.profiles.put(ProfileKey(MODEL, VERSION, kind, width, start, reference_id=of), data)

    def label(self, day: int, *, labelled: bool) -> None:
        """Keep the outcomes of a day, with its truth or without."""
        found = []
        for hour in range(day * 24, day * 24 + 24):
            found.append(
                self._outcomes(slice(hour * self.an_hour, (hour + 1) * self.an_hour), labelled=labelled)
            )
            self._put(ProfileKind.OUTCOMES, Granularity.HOUR, MONDAY + hour * HOUR, found[-1].to_bytes())
        whole = found[0]
        for one in found[1:]:
            whole = whole.merge(one)
        self._put(ProfileKind.OUTCOMES, Granularity.DAY, MONDAY + day * DAY, whole.to_bytes())

    def log_day(self, day: int) -> None:
        """Keep the profiles of a day's rows, and the truth that has come by its end."""
        hours = []
        for hour in range(day * 24, day * 24 + 24):
            part = slice(hour * self.an_hour, (hour + 1) * self.an_hour)
            hours.append(FeatureProfile.of(_columns(self.rows, part), self.reference))
            start = MONDAY + hour * HOUR
            self._put(ProfileKind.FEATURES, Granularity.HOUR, start, hours[-1].to_bytes())
            moments = start + np.arange(self.an_hour) * (HOUR // self.an_hour)
            self._put(
                ProfileKind.TRAFFIC, Granularity.HOUR, start, TrafficSummary.of(timestamps=moments).to_bytes()
            )
        whole = FeatureProfile.merge_many(hours)
        self._put(ProfileKind.FEATURES, Granularity.DAY, MONDAY + day * DAY, whole.to_bytes())
        if not self.habit.outputs:
            return
        self.label(day, labelled=not self.habit.label_days)
        if self.habit.label_days and day >= self.habit.label_days:
            self.label(day - self.habit.label_days, labelled=True)

    def judge(self, day: int) -> None:
        """Let the watch look just after the end of a day."""
        self.now = MONDAY + (day + 1) * DAY + 10 * MINUTE
        self.revisions[MODEL] += 1
        self.watch.run()


def simulate(
    habit: Habit,
    *,
    seed: int = 0,
    reference_days: int = 56,
    days: int = 365,
    rows_an_hour: int = 60,
    budget: float = FALSE_ALARMS_PER_MONTH,
) -> Alarms:
    """Count the false alarms of a year after the reference. Deterministic by `seed`."""
    rng = np.random.default_rng(np.random.SeedSequence((20_250_106, seed)))
    rows = rows_of(rng, habit, reference_days + days, rows_an_hour)
    service = _Service(rows, habit, reference_days, rows_an_hour, budget)
    for day in range(reference_days + days):
        service.log_day(day)
        if day >= reference_days - 1:
            service.judge(day)
    first = MONDAY + reference_days * DAY
    windows, in_alarm, episodes = {}, {}, {}
    why: dict[str, int] = {}
    for width in (Granularity.HOUR, Granularity.DAY):
        found = sorted(
            (one for (kind, _, start), one in service.log.all.items() if kind is width and start >= first),
            key=lambda one: one.start,
        )
        alarm = [one.drifted for one in found]
        windows[width], in_alarm[width] = len(found), sum(alarm)
        begins = [now and not before for before, now in zip([False, *alarm], alarm, strict=False)]
        episodes[width] = sum(begins)
        for one, begin in zip(found, begins, strict=True):
            if begin:
                name = f"{width.value}: {', '.join(one.affected) or one.drift_type}"
                why[name] = why.get(name, 0) + 1
    return Alarms(habit.name, seed, days / DAYS_OF_MONTH, windows, in_alarm, episodes, why)


def within_budget(found: Sequence[Alarms], budget: float = FALSE_ALARMS_PER_MONTH) -> bool:
    """Whether episodes of several years together are within the budget, up to what chance does to counts.

    Windows that are held against one reference err together, so that counts of years differ by more than
    Poisson's law: where there are several years their own spread counts, if it is larger.
    """
    counts = np.array([sum(one.episodes.values()) for one in found], dtype=np.float64)
    allowed = np.array([budget * one.months for one in found]).sum()
    own = float(counts.var(ddof=1) * counts.size) if counts.size > 1 else 0.0
    return bool(counts.sum() <= allowed + 1.64 * np.sqrt(max(allowed, own)))


def figures(*, quick: bool) -> Iterator[Figure]:
    """False alarms a month of each habit; a short run looks at a month of two of them."""
    seeds, days = (1, 30) if quick else (3, 365)
    for habit in HABITS[2:4] if quick else HABITS:
        found = [simulate(habit, seed=seed, days=days) for seed in range(seeds)]
        months = sum(one.months for one in found)
        parts = [
            f"{sum(one.episodes[width] for one in found) / months:.2f} of {width.value}s"
            for width in (Granularity.HOUR, Granularity.DAY)
        ]
        yield Figure(
            f"false alarms a month, {habit.name} ({months:.0f} months)",
            " + ".join(parts),
            f"<= {FALSE_ALARMS_PER_MONTH:g} in all",
            within_budget(found),
        )
