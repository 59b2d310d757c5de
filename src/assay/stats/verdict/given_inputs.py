"""Truth given inputs: whether what happens to rows like these has changed.

A metric also falls when harder rows arrive. What tells a change of the concept from that is the error given
the score and the features: the expectation of the truth is fitted on the reference, and what is left of the
window's truth is compared within groups of like rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, expit, stdtr

from assay.stats.estimation.logistic import fit_logistic
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.evidence import Aspect, Evidence, Null

__all__ = ["Partition", "error_evidence", "expected_truth", "mean_evidence"]

MIN_ROWS = 10
"""Groups with fewer rows on either side are left out."""

_FOLDS = 2
_ROWS_A_TERM = 20
_RIDGE = 1.0
_EXTREME = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Rows of both sides in groups.

    Attributes
    ----------
    name : by what they were grouped.
    reference, current : int64[rows], the group of each row.
    groups : number of groups.
    """

    name: str
    reference: Ints
    current: Ints
    groups: int


def expected_truth(
    design: Floats, truth: Floats, current: Floats, *, binary: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Expect the truth of both sides from the inputs, as the reference has them go together.

    Each half of the reference is judged by the model of the other half, and the window by the mean of both,
    so that a model which fits its own rows too well does so on neither side.

    Parameters
    ----------
    design : float64[rows, terms], the reference's inputs, without a constant.
    truth : float64[rows]; 0 and 1 where `binary`.
    current : float64[rows, terms], the window's inputs.
    binary : a logistic model, else a linear one.
    rng : what splits the reference.

    Returns
    -------
    tuple of numpy.ndarray
        Expectations of the reference's rows and of the window's.
    """
    kept = _strongest(design, truth, max(1, truth.size // (_ROWS_A_TERM * _FOLDS)))
    centre, scale = _location(design[:, kept])
    ours, theirs = (
        np.column_stack([np.ones(len(side)), np.clip((side[:, kept] - centre) / scale, -_EXTREME, _EXTREME)])
        for side in (design, current)
    )
    fold = rng.permutation(truth.size) % _FOLDS
    expected, now = np.empty(truth.size), np.zeros(len(current))
    for held in range(_FOLDS):
        train = fold != held
        coefficients = _fit(ours[train], truth[train], binary=binary)
        expected[~train] = _predict(ours[~train], coefficients, binary=binary)
        now += _predict(theirs, coefficients, binary=binary) / _FOLDS
    return expected, now


def error_evidence(
    partitions: Sequence[Partition],
    errors: tuple[Floats, Floats],
    *,
    floor: float,
    statistic: str,
    design_effect: float = 1.0,
) -> Iterator[Evidence]:
    """Compare errors group by group.

    Parameters
    ----------
    partitions : groupings of the rows.
    errors : float64[rows] of the reference and of the window; extreme ones are cut on both sides alike.
    floor : in standard deviations of the reference's errors.
    statistic : what the errors are of.
    design_effect : variance of a mean over that of independent rows.

    Notes
    -----
    The effect is the root of the mean squared difference over the window's groups, less what chance makes
    of it. The p-value is that of the sum of the groups' squared standardised differences.
    """
    ours, theirs = _without_extremes(*errors)
    spread = float(ours.std())
    if not spread or not theirs.size:
        return
    for partition in partitions:
        before = _groups(ours, partition.reference, partition.groups)
        after = _groups(theirs, partition.current, partition.groups)
        enough = (before[0] >= MIN_ROWS) & (after[0] >= MIN_ROWS)
        if not enough.any():
            continue
        difference = (after[1] - before[1])[enough]
        # A group in which nothing varies on one side has the variance of the other.
        pooled = np.maximum(before[2], after[2])[enough]
        variance = design_effect * (
            np.maximum(before[2][enough], 0.1 * pooled) / before[0][enough]
            + np.maximum(after[2][enough], 0.1 * pooled) / after[0][enough]
        )
        told = variance > 0
        if not told.any():
            continue
        weight = after[0][enough][told]
        excess = difference[told] ** 2 - variance[told]
        size = float(np.sqrt(max((weight * excess).sum() / weight.sum(), 0.0)) / spread)
        p = float(chdtrc(np.count_nonzero(told), (difference[told] ** 2 / variance[told]).sum()))
        yield Evidence(
            ("",), Aspect.ERROR, f"{statistic} by {partition.name}", size, floor, p, Null.INDEPENDENT
        )


def mean_evidence(
    before: Floats, after: Floats, *, floor: float, statistic: str, design_effect: float = 1.0
) -> Evidence | None:
    """Compare a mean of rows, such as the accuracy; None where there is nothing to compare.

    Welch's test, the variances times `design_effect`. The effect is in standard deviations of the reference.
    """
    ours, theirs = _without_extremes(before, after)
    if ours.size < MIN_ROWS or theirs.size < MIN_ROWS:
        return None
    spread = float(ours.std()) or float(theirs.std())
    if not spread:
        return None
    parts = [design_effect * max(float(side.var()), 0.1 * spread**2) / side.size for side in (ours, theirs)]
    difference = float(theirs.mean() - ours.mean())
    freedom = sum(parts) ** 2 / sum(
        part**2 / max(side.size / design_effect - 1, 1)
        for part, side in zip(parts, (ours, theirs), strict=True)
    )
    p = float(2 * stdtr(freedom, -abs(difference) / np.sqrt(sum(parts))))
    return Evidence(
        ("",),
        Aspect.METRIC,
        statistic,
        abs(difference) / spread,
        floor,
        p,
        Null.INDEPENDENT,
        float(before.mean()),
        float(after.mean()),
    )


def _without_extremes(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Cut both sides at the same bounds, far out by the reference's own middle half."""
    if not before.size:
        return before, after
    low, high = np.quantile(before, [0.25, 0.75])
    reach = 6 * (high - low)
    if not reach:
        return before, after
    return np.clip(before, low - reach, high + reach), np.clip(after, low - reach, high + reach)


def _groups(values: Floats, group: Ints, groups: int) -> tuple[Floats, Floats, Floats]:
    """Count, mean and variance of each group; rows of a negative group are left out."""
    inside = group >= 0
    values, group = values[inside], group[inside]
    count = np.bincount(group, minlength=groups).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(group, values, minlength=groups) / count
        square = np.bincount(group, (values - np.nan_to_num(mean)[group]) ** 2, minlength=groups)
        variance = square / np.maximum(count - 1, 1)
    return count, np.nan_to_num(mean), variance


def _strongest(design: Floats, truth: Floats, most: int) -> Ints:
    """Terms that go with the truth the most, where there are more than the rows can carry."""
    if design.shape[1] <= most:
        return np.arange(design.shape[1])
    centred = design - design.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        strength = np.abs(centred.T @ (truth - truth.mean())) / np.sqrt((centred**2).sum(axis=0))
    return np.sort(np.argsort(-np.nan_to_num(strength), kind="stable")[:most])


def _location(design: Floats) -> tuple[Floats, Floats]:
    scale = design.std(axis=0)
    return design.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _fit(design: Floats, truth: Floats, *, binary: bool) -> Floats:
    if binary:
        penalty = np.full(design.shape[1], _RIDGE)
        penalty[0] = 0.0
        return fit_logistic(design, truth, np.ones(truth.size), ridge=penalty)
    gram = design.T @ design + _RIDGE * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(gram, design.T @ truth))


def _predict(design: Floats, coefficients: Floats, *, binary: bool) -> Floats:
    linear = design @ coefficients
    return np.asarray(expit(linear)) if binary else linear
