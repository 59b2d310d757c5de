"""Run lengths that were promised and those that come; delays after a change, beside River's detectors.

Every detector is tuned, by its one parameter of sensitivity, to the same run length: rows between false
alarms, counted after a warm-up that is the same for all. Delays are those of streams in which nothing was
raised before the change.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import assay
from assay.stats.sequential import Detector
from bench.report import Figure

_WARM_UP = 1_000
_BEFORE = 500  # rows between the warm-up and the change
_AFTER = 3_000
_TARGET = 2_000

Rows = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, float, int], Rows]


def _ones(rng: np.random.Generator, level: float, n: int) -> Rows:
    return (rng.random(n) < level).astype(float)


def _normal(rng: np.random.Generator, level: float, n: int) -> Rows:
    return rng.normal(level, 1.0, n)


def _beta(rng: np.random.Generator, level: float, n: int) -> Rows:
    return rng.beta(20 * level, 20 * (1 - level), n)


DRAWS: dict[str, Draw] = {"ones": _ones, "normal": _normal, "beta": _beta}


@dataclass(frozen=True)
class Tuned:
    """A detector, its parameter of sensitivity, and the range that is searched (logarithmically)."""

    name: str
    parameter: str
    low: float
    high: float
    rises: bool  # whether a larger parameter means rarer alarms
    options: tuple[tuple[str, object], ...] = ()
    share: float = 1.0  # of the streams: KSWIN takes a hundred times as long as the others
    from_moments: bool = (
        False  # made from mean and deviation of the warm-up; else it sees it as all other rows
    )

    def make(self, value: float, warm_up: Rows) -> Detector:
        options = {**dict(self.options), self.parameter: value}
        if self.from_moments:
            options |= {"mean": float(warm_up.mean()), "sd": float(warm_up.std(ddof=1))}
        made = assay.detector(self.name, **options)
        if not self.from_moments:
            made.update(warm_up)
        return made


def _alarms(tuned: Tuned, value: float, rows: Rows) -> list[int]:
    """Rows after the warm-up, from 1, at which there is an alarm."""
    made = tuned.make(value, rows[:_WARM_UP])
    offset = made.n
    return [place - offset for place in made.update(rows[_WARM_UP:]).alarms]


def _run_length(tuned: Tuned, value: float, draw: Draw, level: float, *, streams: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    length = 4 * _TARGET
    alarms = sum(
        len(_alarms(tuned, value, draw(rng, level, _WARM_UP + length)))
        for _ in range(max(int(streams * tuned.share), 4))
    )
    return max(int(streams * tuned.share), 4) * length / max(alarms, 0.5)


def _tune(tuned: Tuned, draw: Draw, level: float, *, streams: int) -> tuple[float, float]:
    """The parameter at which alarms are as rare as wanted, just so or a little less, and their run length."""
    low, high = math.log(tuned.low), math.log(tuned.high)
    best = (tuned.high if tuned.rises else tuned.low, math.inf)
    for _ in range(8):
        middle = (low + high) / 2
        found = _run_length(tuned, math.exp(middle), draw, level, streams=streams, seed=1)
        rare = found >= 0.97 * _TARGET
        if rare and found < best[1]:
            best = (math.exp(middle), found)
        if rare == tuned.rises:
            high = middle
        else:
            low = middle
    return best


def _delay(
    tuned: Tuned, value: float, draw: Draw, levels: tuple[float, float], *, streams: int
) -> tuple[float, float]:
    """Mean rows from the change to the alarm, and its standard error."""
    rng = np.random.default_rng(7)
    delays = []
    for _ in range(max(int(streams * tuned.share), 10)):
        rows = np.concatenate(
            [draw(rng, levels[0], _WARM_UP + _BEFORE), draw(rng, levels[1], _AFTER)],
        )
        made = tuned.make(value, rows[:_WARM_UP])
        begun = made.n
        if made.update(rows[_WARM_UP : _WARM_UP + _BEFORE]).alarms:
            continue
        for piece in np.split(rows[_WARM_UP + _BEFORE :], _AFTER // 100):
            if alarms := made.update(piece).alarms:
                delays.append(alarms[0] - begun - _BEFORE)
                break
        else:
            delays.append(_AFTER)
    return float(np.mean(delays)), float(np.std(delays) / math.sqrt(len(delays)))


def _race(
    job: tuple[Tuned, str, float, tuple[float, ...], int, int],
) -> tuple[float, float, list[tuple[float, float]]]:
    tuned, kind, level, after, tuning, racing = job
    value, found = _tune(tuned, DRAWS[kind], level, streams=tuning)
    return (
        value,
        found,
        [_delay(tuned, value, DRAWS[kind], (level, other), streams=racing) for other in after],
    )


_RIVER_ANY = (
    Tuned("adwin", "delta", 1e-9, 0.99, rises=False),
    Tuned("page-hinkley", "threshold", 1.0, 1_000, rises=True, options=(("mode", "up"),)),
    Tuned("kswin", "alpha", 1e-9, 0.5, rises=False, share=0.14),
)
_RIVER_ONES = (
    *_RIVER_ANY,
    Tuned("ddm", "drift_threshold", 1.0, 12, rises=True, options=(("warning_threshold", 1.0),)),
    Tuned("eddm", "beta", 0.05, 0.95, rises=False, options=(("alpha", 0.95),)),
    Tuned("hddm-a", "drift_confidence", 1e-12, 0.99, rises=False),
    Tuned("hddm-w", "drift_confidence", 1e-12, 0.99, rises=False),
)
_E = Tuned("e-detector", "run_length", 20, 200_000, rises=True, options=(("learn", "estimate"),))
_E_BOUND = Tuned("e-detector", "run_length", 2, 200_000, rises=True, options=(("learn", "bound"),))
_CUSUM = Tuned(
    "cusum",
    "threshold",
    1.0,
    60,
    rises=True,
    options=(("direction", "up"), ("shift", 0.5)),
    from_moments=True,
)

RACES: tuple[tuple[str, float, tuple[float, ...], tuple[Tuned, ...], tuple[Tuned, ...]], ...] = (
    ("ones", 0.1, (0.15, 0.2, 0.3, 0.5), (_E, _E_BOUND), _RIVER_ONES),
    ("ones", 0.3, (0.37, 0.45, 0.6, 0.8), (_E, _E_BOUND), _RIVER_ONES),
    ("normal", 0.0, (0.25, 0.5, 1.0, 2.0), (_CUSUM,), _RIVER_ANY),
)


def _races(*, quick: bool) -> Iterator[Figure]:
    tuning, racing = (4, 10) if quick else (30, 150)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for kind, level, after, ours, rivers in RACES:
            jobs = [(one, kind, level, after, tuning, racing) for one in (*ours, *rivers)]
            results = list(pool.map(_race, jobs))
            print(
                f"  {kind} at {level:g}, then {', '.join(f'{x:g}' for x in after)}: "
                f"delays at a run length of {_TARGET:,}"
            )
            for job, (value, found, delays) in zip(jobs, results, strict=True):
                label = " ".join([job[0].name, *(str(x) for key, x in job[0].options if key == "learn")])
                told = "  ".join(f"{mean:7.1f} ±{error:5.1f}" for mean, error in delays)
                print(f"    {label:<20} {job[0].parameter:>17}={value:<10.4g} every {found:7,.0f}   {told}")
            for place, other in enumerate(after):
                best, river = (
                    results[0][2][place],
                    min(
                        (result[2][place], job[0].name)
                        for job, result in zip(jobs[len(ours) :], results[len(ours) :], strict=True)
                    ),
                )
                noise = 2 * math.hypot(best[1], river[0][1])
                yield Figure(
                    f"delay, {kind} {level:g} to {other:g} ({ours[0].name})",
                    f"{best[0]:.1f} rows",
                    f"<= {river[0][0]:.1f} ({river[1]})",
                    best[0] <= river[0][0] + noise,
                )


def _promises(*, quick: bool) -> Iterator[Figure]:
    """Mean run lengths, each cut off at twenty times the promise: the mean is too low if anything."""
    promised, streams = 1_000, (20 if quick else 100)
    cases: list[tuple[str, str, float, Callable[[Rows], dict[str, object]]]] = [
        ("e-detector", "ones", 0.1, lambda _: {"baseline": 0.1}),
        ("e-detector", "ones", 0.3, lambda _: {"baseline": 0.3}),
        ("e-detector", "beta", 0.3, lambda _: {"baseline": 0.3}),
        ("e-detector", "ones", 0.1, lambda rows: {"reference": rows}),
        ("e-detector", "ones", 0.3, lambda rows: {"reference": rows}),
        ("e-detector", "beta", 0.3, lambda rows: {"reference": rows}),
        ("e-detector", "ones", 0.1, lambda _: {}),
        ("e-detector", "ones", 0.3, lambda _: {}),
        ("cusum", "normal", 0.0, lambda _: {"mean": 0.0, "sd": 1.0}),
        ("bernoulli-cusum", "ones", 0.1, lambda _: {"before": 0.1, "after": 0.2}),
    ]
    for name, kind, level, options in cases:
        rng = np.random.default_rng(11)
        lengths = []
        for _ in range(streams):
            given = options(DRAWS[kind](rng, level, _WARM_UP))
            made = assay.detector(name, run_length=promised, **given)
            for _ in range(20):
                if (alarms := made.update(DRAWS[kind](rng, level, promised)).alarms) or made.detected:
                    lengths.append(alarms[0])
                    break
            else:
                lengths.append(20 * promised)
        mean, error = float(np.mean(lengths)), float(np.std(lengths) / math.sqrt(streams))
        given_names = ", ".join(options(np.zeros(1))) or "learned from the stream"
        yield Figure(
            f"run length, {name}, {kind} {level:g} ({given_names})",
            f"{mean:,.0f} ± {error:,.0f}",
            f">= {promised:,} promised",
            mean + 2 * error >= promised,
        )


def streams(*, quick: bool = False) -> Iterator[Figure]:
    """All figures about streams."""
    yield from _promises(quick=quick)
    yield from _races(quick=quick)
