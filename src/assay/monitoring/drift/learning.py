"""How a model's rows behave in time, learnt from its stored hours and kept for a day."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.domain.time import DAY, HOUR
from assay.monitoring.drift.hours import Hours, SeriesName, read_hours
from assay.ports.profiles import Profiles
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.behaviour import MIN_BLOCKS, Behaviour, Centre
from assay.stats.verdict.contrasts import Contrasts
from assay.stats.verdict.seasons import MIN_CYCLES

__all__ = ["MOST_DAYS", "Drifted", "Learner", "Learnt"]

MOST_DAYS = 56
"""Behaviour is learnt from so many days before the day of the window, at most."""

MOST_COUNTS = 4_000_000
"""And from so many counts (hours times contrasts): of models with many features, from fewer days."""

_KEPT_BYTES = 128 << 20
_CHUNK = 28 * DAY
_LONGEST = 3_650 * DAY
_OWN_KEPT = 64

Drifted = Callable[[SeriesName, str, int, int], Sequence[tuple[int, int]]]
"""Stretches of time (µs) in which a series was found drifted from a reference, between two moments."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What is known of a series' behaviour in time.

    Attributes
    ----------
    behaviour : None where fewer than :data:`~assay.stats.verdict.behaviour.MIN_BLOCKS` hours are known.
    hours : how many it was learnt from.
    usual : float64[24], rows of each hour of the day (UTC).
    own : int64[any], the hours that a provisional reference was taken from; empty for one that was given.
    used : int64[any], the hours that are known and not left out, few or many; microseconds.
    """

    behaviour: Behaviour | None
    hours: int
    usual: Floats
    own: Ints
    used: Ints

    @property
    def nbytes(self) -> int:
        """Bytes of memory, roughly."""
        return 1_024 + (0 if self.behaviour is None else 2 * self.behaviour.running.nbytes)


class Learner:
    """Learns behaviour from stored hourly profiles; thread-safe.

    A reference that was taken from three weeks of first traffic, or more, has hours of its own that tell how
    its windows behave. For any other it is the hours before the day of the window that tell it, up to eight
    weeks, without what was found drifted; the shares expected stay the reference's.

    Parameters
    ----------
    profiles : where the hours are.
    drifted : what was found drifted.
    """

    def __init__(self, profiles: Profiles, drifted: Drifted) -> None:
        self._profiles = profiles
        self._drifted = drifted
        self._kept: OrderedDict[tuple[SeriesName, str, int], Learnt] = OrderedDict()
        self._own: OrderedDict[tuple[SeriesName, str], Hours] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def learn(
        self, name: SeriesName, reference: Reference, *, first: int, start: int, past: bool = False
    ) -> Learnt:
        """Return what is known at the start of the day in which a window begins.

        Parameters
        ----------
        name : the series.
        reference : what it is held against.
        first : the model's first hour (microseconds).
        start : when the window begins.
        past : whether the reference is the series' own past, up to that day.
        """
        day = start // DAY * DAY
        contrasts: Contrasts | None = None
        own: Hours | None = None
        if reference.provisional and not past:
            contrasts = Contrasts.of(reference.profile)
            own = self._own_hours(SeriesName(name.model_id), reference, contrasts, first)
            if _tells_seasons(own):
                day = 0  # what the reference itself shows does not depend on the window
            elif own.rows.size:
                day = max(day, -(-(int(own.starts[-1]) + HOUR) // DAY) * DAY)
        key = (name, reference.id, day)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        contrasts = contrasts or Contrasts.of(reference.profile)
        made = self._made(name, reference, contrasts, own, first, day, past=past)
        with self._lock:
            self._keep(key, made)
        return made

    def forget(self, model_id: str) -> None:
        """Forget what was learnt of a model: other hours of it were found drifted since."""
        with self._lock:
            for key in [key for key in self._kept if key[0].model_id == model_id]:
                self._bytes -= self._kept.pop(key).nbytes

    def _made(
        self,
        name: SeriesName,
        reference: Reference,
        contrasts: Contrasts,
        own: Hours | None,
        first: int,
        day: int,
        *,
        past: bool,
    ) -> Learnt:
        nothing = np.zeros(0, dtype=np.int64)
        if own is not None and _tells_seasons(own):
            behaviour = Behaviour.learn(own.blocks)
            return Learnt(behaviour, own.rows.size, own.usual_rows(), own.starts, own.starts)
        begin = max(day - self.days(contrasts) * DAY, first)
        hours = read_hours(self._profiles, name, reference, contrasts, begin, day)
        for low, high in self._drifted(name, reference.id, begin, day):
            hours = hours.chosen((hours.starts + HOUR <= low) | (hours.starts >= high))
        if hours.rows.size < MIN_BLOCKS and name.version is not None:  # a new version takes after the others
            everybody = SeriesName(name.model_id, slice=name.slice)
            return self._made(everybody, reference, contrasts, own, first, day, past=past)
        centre = None
        if not past:
            _, trials = contrasts.counts(reference.profile)
            centre = Centre(trials)
            if own is not None and own.rows.size:
                centre = Centre(trials, own.starts, own.rows.astype(np.float64))
        behaviour = Behaviour.learn(hours.blocks, centre=centre)
        return Learnt(
            behaviour,
            0 if behaviour is None else hours.rows.size,
            hours.usual_rows(),
            nothing if own is None else own.starts,
            hours.starts,
        )

    @staticmethod
    def days(contrasts: Contrasts) -> int:
        """Return how many days before a window are learnt from."""
        return min(MOST_DAYS, max(1, MOST_COUNTS // (24 * max(contrasts.size, 1))))

    def _own_hours(self, name: SeriesName, reference: Reference, contrasts: Contrasts, first: int) -> Hours:
        """Return the hours that first traffic was taken from: the first that hold as many rows."""
        key = (name, reference.id)
        with self._lock:
            if key in self._own:
                self._own.move_to_end(key)
                return self._own[key]
        length = _CHUNK
        while True:  # once, but for models with very little traffic
            hours = read_hours(self._profiles, name, reference, contrasts, first, first + length)
            if hours.rows.sum() >= reference.rows or length > _LONGEST:
                break
            length *= 4
        upto = int(np.searchsorted(np.cumsum(hours.rows), reference.rows)) + 1
        found = hours.chosen(np.arange(hours.rows.size) < upto)
        with self._lock:
            self._own[key] = found
            while len(self._own) > _OWN_KEPT:
                self._own.popitem(last=False)
        return found

    def _keep(self, key: tuple[SeriesName, str, int], made: Learnt) -> None:
        if key not in self._kept:
            self._bytes += made.nbytes
        self._kept[key] = made
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.nbytes


def _tells_seasons(hours: Hours) -> bool:
    """Whether the hours are enough to recognise the longest season, a week."""
    if hours.rows.size < MIN_BLOCKS:
        return False
    return int(hours.starts[-1]) + HOUR - int(hours.starts[0]) >= MIN_CYCLES * 7 * DAY
