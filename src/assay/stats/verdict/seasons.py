"""Daily and weekly seasons, recognised from blocks of the reference.

A season of a period explains more of a series than its autocorrelation does: the means of the phases of the
true period differ far more than those of periods a little shorter or longer. Comparing with such wrong
periods, and not with white noise, keeps slow wandering from being taken for a season.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.blocks import DAY

__all__ = ["MIN_CYCLES", "Layer", "Seasons"]

MIN_CYCLES = 3
"""A period is looked for where the reference covers it at least this many times."""

_HOUR = DAY // 24
_LOOKED_FOR = (("daily", DAY, _HOUR), ("weekly", 7 * DAY, 6 * _HOUR))
"""Periods that are looked for, with the least length of a phase: a week of hours would leave too few blocks
for each to be known."""

_STRENGTH = 2.0
"""The phases of a true period explain this many times more than those of the wrong ones."""

_WRONG = (0.71, 0.77, 0.83, 0.89, 1.13, 1.19, 1.27, 1.37)
"""Wrong periods, as multiples of the right one."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What one period adds to the expectation of a series.

    Attributes
    ----------
    name : "daily" or "weekly".
    phase_length : microseconds.
    means : float64[phases, series], about 0.
    cycles : how often the reference covers the period.
    """

    name: str
    phase_length: int
    means: Floats
    cycles: float

    def at(self, starts: Ints) -> Floats:
        """Return what is added to blocks that begin at `starts` (microseconds): float64[blocks, series]."""
        return np.asarray(self.means[(starts // self.phase_length) % len(self.means)])


@dataclass(frozen=True, slots=True, eq=False)
class Seasons:
    """All periods found; their layers are added."""

    layers: tuple[Layer, ...] = ()

    @property
    def name(self) -> str:
        """Such as "daily and weekly"; "" for none."""
        return " and ".join(layer.name for layer in self.layers)

    @property
    def phases(self) -> int:
        """Number of means that were learnt, the overall one included."""
        return 1 + sum(len(layer.means) - 1 for layer in self.layers)

    @property
    def cycles(self) -> float:
        """How often the reference covers the longest period found; infinite for none."""
        return min((layer.cycles for layer in self.layers), default=float("inf"))

    def at(self, starts: Ints, series: int) -> Floats:
        """Return what the seasons add to blocks that begin at `starts`: float64[blocks, series]."""
        found = np.zeros((starts.size, series))
        for layer in self.layers:
            found += layer.at(starts)
        return found

    def average(self, starts: Ints, weights: Floats, series: int) -> Floats:
        """Return what the seasons add to a window of blocks of these weights: float64[series]."""
        found = np.zeros(series)
        for layer in self.layers:
            phase = (starts // layer.phase_length) % len(layer.means)
            found += np.bincount(phase, weights, minlength=len(layer.means)) @ layer.means
        return found / weights.sum()

    @classmethod
    def recognise(
        cls, residual: Floats, weights: Floats, starts: Ints, width: int, told: Sequence[int]
    ) -> Seasons:
        """Find the seasons that any of the series shows.

        Parameters
        ----------
        residual : float64[blocks, series], about the mean.
        weights : float64[blocks, series], rows.
        starts : int64[blocks], microseconds.
        width : length of a block, microseconds.
        told : the series that are looked at.
        """
        span = int(starts[-1] - starts[0]) + width if starts.size else 0
        layers = []
        left = residual
        for name, period, least in _LOOKED_FOR:
            length = max(width, least)
            phases = period // length
            if period % length or phases < 2 or span < MIN_CYCLES * period:
                continue
            if not _stands_out(left[:, list(told)], starts // length, phases):
                continue
            phase = (starts // length) % phases
            weight = by_phase(weights, phase, phases)
            with np.errstate(divide="ignore", invalid="ignore"):
                means = np.where(weight > 0, by_phase(left * weights, phase, phases) / weight, 0.0)
            layers.append(Layer(name, length, means, span / period))
            left = left - means[phase]
        return cls(tuple(layers))


def by_phase(values: Floats, phase: Ints, phases: int) -> Floats:
    """Sum of the rows of each phase: float64[phases, series]."""
    found = np.zeros((phases, values.shape[1]))
    order = np.argsort(phase, kind="stable")
    seen, begin = np.unique(phase[order], return_index=True)
    if seen.size:
        found[seen] = np.add.reduceat(values[order], begin, axis=0)
    return found


def _stands_out(residual: Floats, number: Ints, phases: int) -> bool:
    """Whether the phases explain far more than those of wrong periods, in any series."""
    total = np.einsum("ij,ij->j", residual, residual)
    blocks = residual.shape[0]
    noise = total / max(blocks, 1)
    right = _explained(residual, number, phases)
    wrong = np.zeros_like(right)
    for factor in _WRONG:
        other = max(2, round(phases * factor))
        if other != phases:
            # Beside what chance explains with so many phases.
            wrong = np.maximum(wrong, _explained(residual, number, other) - (other - 1) * noise)
    excess = right - (phases - 1) * noise
    sure = excess > 4.0 * np.sqrt(2.0 * (phases - 1)) * noise
    return bool(np.any(sure & (excess > _STRENGTH * wrong) & (total > 0)))


def _explained(residual: Floats, number: Ints, period: int) -> Floats:
    """Sum of squares that the means of the phases explain."""
    phase = number % period
    count = np.bincount(phase, minlength=period).astype(np.float64)
    total = by_phase(residual, phase, period)
    return np.asarray((total**2 / np.maximum(count, 1)[:, None]).sum(axis=0))
