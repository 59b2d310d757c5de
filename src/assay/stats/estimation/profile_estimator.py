"""Metrics without labels from stored profiles: score histograms in, estimates out, and no raw row read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.errors import InvalidInput
from assay.stats.estimation.expected import OF_PREDICTIONS, Cost
from assay.stats.estimation.histogram import labelled_scores, threshold_refusal
from assay.stats.estimation.score_estimator import ScoreEstimator, fit_scores
from assay.stats.estimation.scored import Scored
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["fit_profiles"]


def fit_profiles(
    blocks: Sequence[ClassificationSummary],
    positive: str,
    names: tuple[str, ...],
    *,
    cost: Cost | None = None,
    held_out: int | None = None,
) -> ScoreEstimator:
    """Learn from the labelled predictions of stored profiles.

    Parameters
    ----------
    blocks : profiles of stretches of the reference's time, at least two, best as long as the windows that
        will be estimated: held-out errors are measured on each of them.
    positive : the class that the scores are about.
    names : metrics wanted, of :data:`assay.stats.estimation.expected.BINARY_METRICS`.
    cost : for ``business_value``.
    held_out : neighbouring profiles are left out together, so that this many stretches of the reference (at
        least 2) are told by the others; errors are measured on each profile all the same. None: each by
        itself.

    Returns
    -------
    ScoreEstimator
        To be asked with :func:`assay.stats.estimation.histogram.window_scores` of a window's profile. Where
        the predictions of the reference do not follow a threshold of the score, which profiles show, the
        metrics that depend on them are refused.

    Raises
    ------
    InvalidInput
        Where fewer than two blocks have labelled scores.
    """
    found = [rows for rows in (labelled_scores(block, positive) for block in blocks) if rows.total]
    if len(found) < 2:
        raise InvalidInput(
            f"{len(found)} of {len(blocks)} profiles have labelled scores; at least 2 are needed, since each "
            "is judged by what the others say"
        )
    rows = Scored(
        *(
            np.concatenate([getattr(one, field) for one in found])
            for field in ("score", "predicted", "n", "positive")
        )
    )
    profile = np.repeat(np.arange(len(found)), [one.n.size for one in found])
    pieces = [np.flatnonzero(profile == number) for number in range(len(found))]
    stretches = len(found) if held_out is None else max(2, min(held_out, len(found)))
    fitted = fit_scores(rows, profile * stretches // len(found), names, cost=cost, pieces=pieces)
    reason = threshold_refusal(blocks, positive)
    if reason is None:
        return fitted
    return replace(fitted, refusals={name: reason for name in names if name in OF_PREDICTIONS})
