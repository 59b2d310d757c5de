"""Scored predictions from the counts that profiles keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assay.stats.estimation.scored import Scored
from assay.stats.summaries.classification import ClassificationSummary

__all__ = ["beyond_threshold", "cut", "labelled_scores", "threshold_refusal", "window_scores"]

_Floats = npt.NDArray[np.float64]

_MOST_BEYOND = 0.005
"""Share of the labelled predictions that may lie on the other side of a threshold."""


def labelled_scores(summary: ClassificationSummary, positive: str) -> Scored:
    """Labelled predictions of a summary with scores, cell by cell.

    Profiles count scores per truth, and predicted classes per truth, and not both together. A prediction is
    taken to be positive above a threshold: the one above which lie as many scores as there were positive
    predictions. A cell that it cuts is shared out in proportion.
    """
    if summary.scores is None:
        return _nothing()
    hits, others = summary.scores.split(positive)
    counts = (hits + others).astype(np.float64)
    guessed = int(summary.matrix[:, _place(summary, positive)].sum())
    return cut(_points(summary), counts, hits.astype(np.float64), guessed * _part(counts.sum(), summary.n))


def window_scores(summary: ClassificationSummary, positive: str) -> Scored:
    """All predictions of a summary with scores, cell by cell; see :func:`labelled_scores`."""
    if summary.scores is None:
        return _nothing()
    counts = summary.scores.everyone.astype(np.float64)
    guessed = int(summary.predicted[_place(summary, positive)])
    part = _part(counts.sum(), int(summary.predicted.sum()))
    return cut(_points(summary), counts, np.zeros_like(counts), guessed * part)


def beyond_threshold(summary: ClassificationSummary, positive: str) -> int:
    """Count right positive predictions that no threshold of the score explains, of those labelled.

    A threshold that gives as many positive predictions as there were leaves open only how the scores of the
    cell that it cuts are shared out.
    """
    if summary.scores is None:
        return 0
    hits, others = summary.scores.split(positive)
    place = _place(summary, positive)
    # Some of the labelled predictions may have no score, and some scores no predicted class.
    part = _part(float((hits + others).sum()), summary.n)
    guessed, right = (
        round(float(n) * part) for n in (summary.matrix[:, place].sum(), summary.matrix[place, place])
    )
    counts = hits + others
    above = np.cumsum(counts[::-1])[::-1] - counts
    whole = above + counts <= guessed
    surely = int(hits[whole].sum())
    cell = int(np.flatnonzero(~whole)[-1]) if not whole.all() else None
    if cell is None:
        return abs(right - surely)
    rest = guessed - int(above[cell])
    least = surely + max(0, rest - int(others[cell]))
    most = surely + min(rest, int(hits[cell]))
    return max(least - right, right - most, 0)


def threshold_refusal(blocks: Sequence[ClassificationSummary], positive: str) -> str | None:
    """Why what was predicted cannot be read from scores; None where it follows a threshold in each block."""
    labelled = sum(block.n for block in blocks)
    if not labelled:
        return "no predicted classes are stored beside the scores"
    beyond = sum(beyond_threshold(block, positive) for block in blocks)
    if beyond <= _MOST_BEYOND * labelled:
        return None
    return (
        "predictions do not follow a threshold of the score: at least "
        f"{beyond:,} of the reference's {labelled:,} labelled ones lie on the other side of it, and a "
        "profile does not say which were predicted positive"
    )


def _nothing() -> Scored:
    none = np.zeros(0)
    return Scored(none, none.astype(bool), none, none)


def _points(summary: ClassificationSummary) -> _Floats:
    """Score of each cell: the score itself, or the middle of its cell."""
    if summary.scores is None:
        return np.zeros(0)
    if summary.scores.points is not None:
        return summary.scores.points
    cells = summary.scores.everyone.size
    return np.asarray((np.arange(cells) + 0.5) / cells)


def _place(summary: ClassificationSummary, positive: str) -> int:
    """Where predictions of `positive` are counted; those of a class not told apart are in the last place."""
    return summary.classes.index(positive) if positive in summary.classes else len(summary.classes)


def _part(scored: float, predicted: int) -> float:
    """Scores for each predicted class: 1 where all predictions have both."""
    return scored / predicted if predicted else 0.0


def cut(points: _Floats, counts: _Floats, hits: _Floats, guessed: float) -> Scored:
    """Share each cell out among the predicted classes, the highest scores being predicted positive."""
    above = np.cumsum(counts[::-1])[::-1] - counts
    positive = np.clip(guessed - above, 0.0, counts)
    share = np.divide(positive, counts, out=np.zeros_like(counts), where=counts > 0)
    n = np.concatenate([counts - positive, positive])
    seen = n > 1e-9
    return Scored(
        np.concatenate([points, points])[seen],
        np.repeat([False, True], points.size)[seen],
        n[seen],
        np.concatenate([hits * (1 - share), hits * share])[seen],
    )
