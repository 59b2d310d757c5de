"""What is known of the truth in closed windows, and whether there is enough news to judge them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from assay.domain.detection import Detection
from assay.domain.model import Model
from assay.domain.profile import ProfileKey, ProfileKind
from assay.domain.time import HOUR
from assay.monitoring.deltas import decode_if_fits
from assay.monitoring.drift.closed_windows import ClosedWindow
from assay.monitoring.drift.hours import SeriesName, scan_hours
from assay.ports.profiles import Profiles
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["LABEL_GROWTH", "Truth", "TruthReader"]

LABEL_GROWTH = 0.05
"""A window is judged again when the truth of so large a share of its predictions has come since."""

_NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of a series, hour by hour.

    Attributes
    ----------
    hours : begin of an hour (µs) to the predictions that have their truth, and to what stands for that truth.
    """

    hours: Mapping[int, tuple[int, int]]

    def of(self, start: int, end: int) -> tuple[int, int]:
        """Labelled predictions from `start` to `end` (µs), and a number that another truth changes."""
        found = [self.hours.get(at, _NOTHING) for at in range(start, end, HOUR)]
        return sum(n for n, _ in found), sum(number for _, number in found)

    def news(self, window: ClosedWindow, verdict: Detection, *, growth: float) -> bool:
        """Whether a window is to be judged again for its truth.

        Where more labels have come, when they are those of a share `growth` of its predictions. Where there
        are as many as before, when they say something else: labels were corrected.
        """
        labelled, number = self.of(window.start, window.end)
        if labelled == verdict.n_labelled:
            return number != verdict.truth
        return abs(labelled - verdict.n_labelled) >= growth * window.n


class TruthReader:
    """Reads the truth of series; not thread-safe.

    A watch asks for the same hours at every look. What an hour's outcomes told is remembered by their digest,
    so that only those are unpacked that have changed.

    Parameters
    ----------
    profiles : where outcomes are stored.
    most : outcomes that are remembered, some hundred bytes each; those asked for longest ago are forgotten.
    """

    def __init__(self, profiles: Profiles, *, most: int = 100_000) -> None:
        self._profiles = profiles
        self._most = most
        self._told: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def read(self, model: Model, name: SeriesName, start: int, end: int) -> Truth:
        """Read the truth of the hours that begin in ``[start, end)`` (µs)."""
        hours: dict[int, tuple[int, int]] = {}
        for key, data in scan_hours(self._profiles, name, ProfileKind.OUTCOMES, start, end):
            labelled, number = self._of(model, key, data)
            if labelled:
                n, before = hours.get(key.start, _NOTHING)
                hours[key.start] = n + labelled, before + number
        return Truth(hours)

    def _of(self, model: Model, key: ProfileKey, data: bytes) -> tuple[int, int]:
        digest = blake2b(data, digest_size=16, key=str(model.task).encode()).digest()
        if digest in self._told:
            self._told.move_to_end(digest)
            return self._told[digest]
        summary = decode_if_fits(model, key, data, {})
        told = _NOTHING
        if isinstance(summary, ClassificationSummary | RegressionSummary) and summary.n_labelled:
            told = summary.n_labelled, crc32(_written(summary))
        self._told[digest] = told
        if len(self._told) > self._most:
            self._told.popitem(last=False)
        return told


def _written(summary: ClassificationSummary | RegressionSummary) -> bytes:
    """The truth in bytes that do not depend on the order in which it came: sums of floats are rounded."""
    if isinstance(summary, RegressionSummary):
        sums = (summary.error, summary.error2, summary.absolute, summary.actual_m2)
        return repr((summary.n, summary.infinite, *(f"{one:.6e}" for one in sums))).encode()
    parts = [repr((summary.classes, summary.correct)).encode(), summary.matrix.tobytes()]
    if summary.scores is not None:
        scores = summary.scores.binned()
        parts += [repr(scores.classes).encode(), scores.counts.tobytes()]
    if summary.probabilities is not None:
        classes = summary.probabilities.classes
        parts += [name.encode() + classes[name].binned().counts.tobytes() for name in sorted(classes)]
    return b"".join(parts)
