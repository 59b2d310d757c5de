"""From stored errors of a regression to evidence about its metric, and about the truth given the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from assay.monitoring.drift.outputs import merged
from assay.monitoring.drift.stored_outcome import MIN_LABELS, design_effect, too_few
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.verdict.evidence import Aspect, Evidence, Null
from assay.stats.verdict.floors import Floors

__all__ = ["ErrorPast"]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorPast:
    """How a regression usually errs, over the time that windows are held against.

    Attributes
    ----------
    usual : all of that time.
    hours : of each hour, in order of time.

    Notes
    -----
    Variances are those of independent rows, and larger where hours differ by more than chance, as for a
    classifier (:class:`~assay.monitoring.drift.stored_outcome.OutcomePast`).
    """

    usual: RegressionSummary
    hours: tuple[RegressionSummary, ...]

    @classmethod
    def learn(cls, hours: Sequence[RegressionSummary]) -> ErrorPast:
        """Learn from hours in order of time, at least one."""
        return cls(merged(hours), tuple(hours))

    def too_few(self, window: RegressionSummary) -> str:
        """Say why the truth of a window is not judged; "" where it is, or where there never is any."""
        return too_few(self.usual, window)

    def evidence(self, window: RegressionSummary, floors: Floors) -> Iterator[Evidence]:
        """Test whether the truth lies elsewhere than predicted, and whether errors have grown."""
        if min(self.usual.n, window.n) < MIN_LABELS:
            return
        errors = [(one.error, one.n) for one in self.hours]
        sizes = [(one.absolute, one.n) for one in self.hours]
        yield from _moved(
            Aspect.ERROR,
            "mean error",
            (self.usual.error, self.usual.error2, self.usual.n),
            (window.error, window.error2, window.n),
            errors,
            floors.error,
        )
        yield from _moved(
            Aspect.METRIC,
            "mean absolute error",
            (self.usual.absolute, self.usual.error2, self.usual.n),
            (window.absolute, window.error2, window.n),
            sizes,
            floors.metric,
        )


def _moved(
    aspect: Aspect,
    statistic: str,
    before: tuple[float, float, int],
    after: tuple[float, float, int],
    hours: Sequence[tuple[float, int]],
    floor: float,
) -> Iterator[Evidence]:
    """Compare means by their sums, sums of squares and numbers; nothing where they overflow or never vary."""
    (ours, ours2, n), (theirs, theirs2, m) = before, after
    mean, now = ours / n, theirs / m
    variance, variance_now = ours2 / n - mean**2, theirs2 / m - now**2
    if not np.isfinite([mean, now, variance, variance_now]).all() or variance <= 0:
        return
    design = design_effect([(total - count * mean, count) for total, count in hours], variance, m)
    total = design * (variance / n + max(variance_now, 0.1 * variance) / m)
    yield Evidence(
        ("",),
        aspect,
        statistic,
        abs(now - mean) / float(np.sqrt(variance)),
        floor,
        float(2 * ndtr(-abs(now - mean) / np.sqrt(total))),
        Null.WINDOWS if design > 1 else Null.INDEPENDENT,
        mean,
        now,
    )
