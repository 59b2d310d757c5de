"""Drift of all features of a profile at once: what :func:`feature_drift` gives for each, in fewer steps.

Of five hundred features, a hundred thousand small steps become a few over all their counts. A numeric feature
of many distinct values with rows on both sides is compared in this way, all others one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import rel_entr

from assay.errors import InvalidInput
from assay.stats.drift.bins import BINS
from assay.stats.drift.feature_drift import feature_drift
from assay.stats.drift.psi import SMOOTHING
from assay.stats.drift.result import DriftStatistic, FeatureDrift
from assay.stats.drift.smirnov import smirnov_tail
from assay.stats.drift.two_proportions import two_proportions
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.numeric import NumericCells
from assay.stats.summaries.packed_profile import N
from assay.stats.summaries.parallel import map_columns

__all__ = ["ProfileComparison", "profile_drift"]

_FEW = 2 * BINS + 1  # cells of a numeric feature whose values may have a bin each
_TOGETHER = 1 << 15  # cells worked on at once, so that they stay in the processor's cache
_MISSING, _NAN = 1, 3  # columns of the tallies
_ROWS = slice(0, 6)


def profile_drift(reference: FeatureProfile, current: FeatureProfile) -> dict[str, FeatureDrift]:
    """Compare all features of a window with the reference's own profile, in the reference's order.

    Raises
    ------
    InvalidInput
        Where `current` was profiled under another reference.
    """
    return ProfileComparison(reference).with_(current)


class ProfileComparison:
    """Compares profiles with one reference; what rests on the reference alone is found once.

    Parameters
    ----------
    reference : the reference's own profile.
    """

    def __init__(self, reference: FeatureProfile) -> None:
        layout = reference.layout
        self._reference = reference
        self._names = list(layout.features)
        numeric = np.array(
            [isinstance(cells, NumericCells) for cells in layout.features.values()], dtype=bool
        )
        self._together = numeric & (np.diff(layout.offsets) > _FEW) & (reference.tallies[:, N] > 0)
        self._upto = _upto(reference.cells)
        self._starts, self._bins = self._cut()
        self._runs: list[_Run] | None = None

    def with_(self, current: FeatureProfile) -> dict[str, FeatureDrift]:
        """Return the drift of each feature of `current`, in the reference's order.

        Raises
        ------
        InvalidInput
            Where `current` was profiled under another reference.
        """
        if current.layout.digest != self._reference.layout.digest:
            raise InvalidInput("the two were profiled under different references; profile both under one")
        places = np.flatnonzero(self._together & (current.tallies[:, N] > 0))
        found = dict(self._of_many(current, places))
        expected, observed = self._reference.features, current.features
        return {
            name: found[place]
            if place in found
            else feature_drift(expected[name], observed[name], feature=name)
            for place, name in enumerate(self._names)
        }

    def _cut(self) -> tuple[Ints, Ints]:
        """Return where each feature's quantile bins start (int64[features, BINS]), and how many there are.

        Starts come first in each row, in order; of features that are compared one by one there are none.
        """
        offsets, upto = self._reference.layout.offsets, self._upto
        begin, end = offsets[:-1], offsets[1:]
        n = self._reference.tallies[:, N]
        steps = -(-np.arange(1, BINS) * n[:, None] // BINS)
        # A bin starts with the first cell before which the reference has passed the next step.
        starts = np.column_stack([begin, np.searchsorted(upto, upto[begin][:, None] + steps)])
        last = np.searchsorted(upto, upto[end]) - 1  # of the cells in which the reference has anything
        keep = (starts <= last[:, None]) & (np.diff(starts, axis=1, prepend=-1) > 0)
        keep &= self._together[:, None]
        order = np.argsort(~keep, axis=1, kind="stable")
        return np.take_along_axis(starts, order, axis=1), keep.sum(axis=1)

    def _of_many(self, current: FeatureProfile, places: Ints) -> Iterator[tuple[int, FeatureDrift]]:
        """Compare the features at `places`, which have rows on both sides."""
        ours, theirs = self._reference.tallies[places], current.tallies[places]
        n, m = ours[:, N].tolist(), theirs[:, N].tolist()
        rows = ours[:, _ROWS].sum(axis=1).tolist(), theirs[:, _ROWS].sum(axis=1).tolist()
        missing = [(side[:, _MISSING] + side[:, _NAN]).tolist() for side in (ours, theirs)]
        upto = _upto(current.cells)
        psi, shannon = self._binned(upto, places)
        ks, bounds = self._distances(current, upto, places)
        for row, place in enumerate(places.tolist()):
            gone = missing[0][row], rows[0][row], missing[1][row], rows[1][row]
            yield (
                place,
                FeatureDrift(
                    self._names[place],
                    "numeric",
                    n[row],
                    m[row],
                    {
                        "ks": DriftStatistic(
                            "ks", ks[row], bounds[row], smirnov_tail(ks[row], n[row], m[row])
                        ),
                        "psi": DriftStatistic("psi", psi[row]),
                        "jensen_shannon": DriftStatistic("jensen_shannon", shannon[row]),
                        "missing_share": DriftStatistic(
                            "missing_share",
                            gone[2] / gone[3] - gone[0] / gone[1],
                            p_value=two_proportions(*gone),
                        ),
                    },
                ),
            )

    def _binned(self, upto: Ints, places: Ints) -> tuple[list[float], list[float]]:
        """Return PSI and Jensen-Shannon distance of each feature at `places`; `upto`: see :func:`_upto`."""
        ends = self._reference.layout.offsets[1:]
        psi, shannon = np.zeros(len(places)), np.zeros(len(places))
        bins = self._bins[places]
        for width in np.unique(bins).tolist():
            rows = np.flatnonzero(bins == width)
            edges = np.column_stack([self._starts[places[rows], :width], ends[places[rows]]])
            ours, theirs = np.diff(self._upto[edges], axis=1), np.diff(upto[edges], axis=1)
            n, m = ours.sum(axis=1, keepdims=True), theirs.sum(axis=1, keepdims=True)
            p, q = (
                (ours + SMOOTHING) / (n + SMOOTHING * width),
                (theirs + SMOOTHING) / (m + SMOOTHING * width),
            )
            psi[rows] = np.sum((q - p) * np.log(q / p), axis=1)
            p, q = ours / n, theirs / m
            middle = (p + q) / 2
            bits = np.sum(rel_entr(p, middle) + rel_entr(q, middle), axis=1) / (2 * math.log(2))
            shannon[rows] = np.sqrt(np.clip(bits, 0.0, 1.0))
        return psi.tolist(), shannon.tolist()

    def _distances(
        self, current: FeatureProfile, upto: Ints, places: Ints
    ) -> tuple[list[float], list[float]]:
        """Return the Kolmogorov-Smirnov distance and its bound of each feature at `places`."""
        if self._runs is None:
            n = np.maximum(self._reference.tallies[:, N], 1)
            self._runs = [
                _Run.of(self._reference.cells, self._upto, self._reference.layout.offsets, some, n[some])
                for some in _runs(self._reference.layout.offsets)
            ]
        values, bounds = np.zeros(len(self._names)), np.zeros(len(self._names))
        m = np.maximum(current.tallies[:, N], 1)

        def work(run: _Run) -> None:
            theirs, other = current.cells[run.stretch], np.repeat(m[run.features], run.sizes)
            here = upto[run.stretch.start : run.stretch.stop + 1]
            upto_theirs = (here[1:] - here[run.begins]) / other
            values[run.features] = np.maximum.reduceat(np.abs(run.upto - upto_theirs), run.starts)
            # Inside an open interval, each feature's even cells, either function may be anywhere between its
            # ends; where one of the two has nothing there, the ends say it all.
            open_too = theirs[run.open] > 0
            at, begin, end = run.open[open_too], run.open_begin[open_too], run.open_end[open_too]
            end_theirs = upto_theirs[at]
            begin_theirs = end_theirs - theirs[at] / other[at]
            inside = np.zeros(theirs.size)
            inside[at] = np.maximum(end - begin_theirs, end_theirs - begin)
            widest = np.maximum.reduceat(inside, run.starts)
            bounds[run.features] = np.maximum(widest - values[run.features], 0.0)

        map_columns(work, self._runs, values=int(self._reference.layout.offsets[-1]))
        return values[places].tolist(), bounds[places].tolist()


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Some features next to one another in the reference, and what of their distances rests on it alone.

    Attributes
    ----------
    features : their places.
    stretch : their cells.
    starts, sizes : first of each one's cells within the stretch, and how many.
    begins : for each cell, the first of its feature's.
    upto : the reference's distribution function at each cell.
    open : even cells in which the reference has rows: open intervals.
    open_begin, open_end : its distribution function before and at these.
    """

    features: Ints
    stretch: slice
    starts: Ints
    sizes: Ints
    begins: Ints
    upto: Floats
    open: Ints
    open_begin: Floats
    open_end: Floats

    @classmethod
    def of(cls, cells: Ints, upto: Ints, offsets: Ints, features: Ints, n: Ints) -> _Run:
        """Prepare the `features` with `n` rows; `upto`: rows before each of all cells."""
        stretch = slice(int(offsets[features[0]]), int(offsets[features[-1] + 1]))
        starts = offsets[features] - stretch.start
        sizes = np.diff(starts, append=stretch.stop - stretch.start)
        begins, rows = np.repeat(starts, sizes), np.repeat(n, sizes)
        here = upto[stretch.start : stretch.stop + 1]
        share = (here[1:] - here[begins]) / rows
        ours = cells[stretch]
        filled = np.flatnonzero(ours > 0)
        even = filled[(filled - begins[filled]) % 2 == 0]
        end = share[even]
        return cls(features, stretch, starts, sizes, begins, share, even, end - ours[even] / rows[even], end)


def _runs(offsets: Ints) -> Iterator[Ints]:
    """Give the places of all features that have cells, in runs of not too many cells together."""
    some = np.flatnonzero(np.diff(offsets))
    runs = (offsets[some] // _TOGETHER) if some.size else some
    yield from np.split(some, np.flatnonzero(np.diff(runs)) + 1) if some.size else ()


def _upto(cells: Ints) -> Ints:
    """Return the sum of the counts before each cell, and of all."""
    upto = np.zeros(cells.size + 1, dtype=np.int64)
    np.cumsum(cells, out=upto[1:])
    return upto
