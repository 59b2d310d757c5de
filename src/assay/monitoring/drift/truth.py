"""What is known of the truth in closed windows, and whether there is enough news to judge them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from assay.domain.detection import Detection
from assay.domain.model import Model
from assay.domain.profile import ProfileKind
from assay.domain.time import HOUR, Granularity
from assay.monitoring.deltas import decode_if_fits
from assay.monitoring.drift.closed_windows import ClosedWindow
from assay.monitoring.drift.hours import SeriesName
from assay.ports.profiles import Profiles
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["LABEL_GROWTH", "Truth", "read_truth"]

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


def read_truth(profiles: Profiles, model: Model, name: SeriesName, start: int, end: int) -> Truth:
    """Read the truth of the hours that begin in ``[start, end)``."""
    hours: dict[int, tuple[int, int]] = {}
    for key, data in profiles.scan(
        model.model_id,
        ProfileKind.OUTCOMES,
        Granularity.HOUR,
        start=start,
        end=end,
        version=name.version,
        slice_key=name.slice[0],
        slice_value=name.slice[1],
    ):
        summary = decode_if_fits(model, key, data, {})
        if isinstance(summary, ClassificationSummary | RegressionSummary) and summary.n_labelled:
            n, number = hours.get(key.start, _NOTHING)
            hours[key.start] = n + summary.n_labelled, number + crc32(_written(summary))
    return Truth(hours)


def _written(summary: ClassificationSummary | RegressionSummary) -> bytes:
    """The truth in bytes that do not depend on the order in which it came: sums of floats are rounded."""
    if isinstance(summary, RegressionSummary):
        sums = (summary.error, summary.error2, summary.absolute, summary.actual_m2)
        return repr((summary.n, summary.infinite, *(f"{one:.6e}" for one in sums))).encode()
    parts = [repr((summary.classes, summary.correct)).encode(), summary.matrix.tobytes()]
    if summary.scores is not None:
        scores = summary.scores.binned()
        parts += [repr(scores.classes).encode(), scores.counts.tobytes()]
    return b"".join(parts)
