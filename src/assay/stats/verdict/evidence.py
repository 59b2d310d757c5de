"""What speaks for a change of one feature: tests, each with the size of the change that it is about.

Two nulls are used. Where rows are independent of one another and of the time, the classical two-sample tests
hold. Where they are not, the reference's own windows are the null (:mod:`assay.stats.verdict.behaviour`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from assay.stats.drift.bins import MAX_BINS, quantile_bins
from assay.stats.drift.chi_square import chi_square
from assay.stats.drift.jensen_shannon import distance_beyond_chance, distance_of_shares
from assay.stats.drift.ks import ks
from assay.stats.drift.two_proportions import fisher_exact, two_proportions
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile, FeatureSummary
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.verdict.behaviour import Behaviour, Expectation
from assay.stats.verdict.contrasts import ContrastKind
from assay.stats.verdict.floors import Floors

__all__ = ["Aspect", "Evidence", "Null", "feature_evidence", "share_change"]

EXACT_ROWS = 2_000
"""Shares are compared exactly where no more rows than this are counted, or left out."""

BINS = 20
"""Bins of a numeric feature in which its shape is compared."""


class Aspect(enum.StrEnum):
    """What about a feature, or about the rows as a whole, may change."""

    DISTRIBUTION = "distribution"
    MISSING = "missing"
    NEW = "new"
    ROUNDING = "rounding"
    DEPENDENCE = "dependence"
    ERROR = "error"
    METRIC = "metric"


class Null(enum.StrEnum):
    """What a p-value is held against."""

    INDEPENDENT = "independent rows"
    WINDOWS = "windows of the reference"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One test.

    Attributes
    ----------
    feature : what it is about; several for a dependence.
    aspect : what about it may have changed.
    statistic : the test's name.
    effect : size of the change, at least 0, in the unit of the aspect's floor.
    floor : the smallest effect that matters.
    p_value : probability of evidence at least as strong if nothing had changed; NaN where there is none.
    null : what the p-value is held against.
    before, after : the figures that are compared, where there is one on each side; None otherwise.
    """

    feature: tuple[str, ...]
    aspect: Aspect
    statistic: str
    effect: float
    floor: float
    p_value: float
    null: Null
    before: float | None = None
    after: float | None = None


def feature_evidence(
    reference: FeatureProfile,
    current: FeatureProfile,
    floors: Floors,
    *,
    behaviour: Behaviour | None = None,
    expectation: Expectation | None = None,
) -> Iterator[Evidence]:
    """Test each feature of a window.

    Parameters
    ----------
    reference, current : profiles under the same cells.
    floors : effects that matter.
    behaviour, expectation : of the reference in time, and of this window; None: rows are independent.
    """
    now = current.features
    for place, (name, before) in enumerate(reference.features.items()):
        after = now[name]
        if behaviour is not None and expectation is not None and behaviour.dependent[place]:
            yield from _from_windows(name, place, before, after, behaviour, expectation, floors)
        else:
            yield from _from_rows(name, before, after, floors)


def _from_rows(
    name: str, before: FeatureSummary, after: FeatureSummary, floors: Floors
) -> Iterator[Evidence]:
    """Tests for independent rows."""
    null = Null.INDEPENDENT
    if isinstance(before, NumericSummary) and isinstance(after, NumericSummary):
        if before.n and after.n:
            counts = quantile_bins(before, after, bins=BINS)
            distance = ks(before, after)
            size = max(float(distance.value or 0.0), distance_beyond_chance(*counts))
            for statistic in (distance, chi_square(*counts)):
                p = 1.0 if statistic.p_value is None else statistic.p_value
                yield Evidence(
                    (name,), Aspect.DISTRIBUTION, statistic.name, size, floors.distribution, p, null
                )
    elif isinstance(before, CategoricalSummary) and isinstance(after, CategoricalSummary):  # noqa: SIM102
        if before.n and after.n:
            counts = _category_counts(before, after)
            result = chi_square(*counts)
            p = 1.0 if result.p_value is None else result.p_value
            size = distance_beyond_chance(*counts)
            yield Evidence((name,), Aspect.DISTRIBUTION, "chi_square", size, floors.distribution, p, null)
            yield from _new_categories(name, before, after, floors.new)
    rows = (before.rows - before.n, before.rows), (after.rows - after.n, after.rows)
    if rows[0][0] or rows[1][0]:
        yield share_change((name,), Aspect.MISSING, *rows, floors.missing)


def _new_categories(
    name: str, before: CategoricalSummary, after: CategoricalSummary, floor: float
) -> Iterator[Evidence]:
    """Compare the share of new categories with how often new categories come by themselves.

    A row of the reference whose category no other has would have been new to the rest (Good and Turing).
    Rows of one new category come together, so that Fisher's test for independent rows is not enough: the
    p-value is not below that of the normal test with the variance of a sum of categories. Where the reference
    does not name all of its categories, what is new cannot be told.
    """
    if not before.categories.complete or before.unnamed or not before.n or not after.n:
        return
    alone = int(np.count_nonzero(before.counts == 1))
    found = share_change((name,), Aspect.NEW, (alone, before.n), (after.unnamed, after.n), floor)
    if not alone or not after.unnamed:
        yield found
        return
    twice = int(np.count_nonzero(before.counts == 2))
    together = sum(count * count for count in after.new.values()) + after.other
    spread = np.sqrt((alone + 2 * twice) / before.n**2 + together / after.n**2)
    p = float(2 * ndtr(-abs(after.unnamed / after.n - alone / before.n) / spread))
    yield replace(found, p_value=max(found.p_value, p))


def _category_counts(before: CategoricalSummary, after: CategoricalSummary) -> tuple[Ints, Ints]:
    """Counts of the categories that are the most frequent on both sides together, then of all others.

    Choosing them by the reference alone would choose those which are more frequent there by chance.
    """
    new = sorted(before.new.keys() | after.new.keys())
    ours, theirs = (
        np.concatenate([side.counts, np.array([side.new.get(name, 0) for name in new], dtype=np.int64)])
        for side in (before, after)
    )
    kept = np.argsort(-(ours + theirs), kind="stable")[: MAX_BINS - 1]
    return (
        np.append(ours[kept], before.n - int(ours[kept].sum())),
        np.append(theirs[kept], after.n - int(theirs[kept].sum())),
    )


def share_change(
    feature: tuple[str, ...],
    aspect: Aspect,
    before: tuple[int, int],
    after: tuple[int, int],
    floor: float,
) -> Evidence:
    """Compare two shares, each as (rows counted, all rows): exactly where few rows are counted, or left out.

    Fisher's test takes time with these rows; with very many the pooled normal test is as good.
    """
    (k, n), (found, m) = before, after
    ours, theirs = (k / n if n else 0.0), (found / m if m else 0.0)
    p = float("nan")
    if n and m and k + found in (0, n + m):  # the shares cannot differ
        p = 1.0
    elif n and m:
        few = min(n, m, k + found, n + m - k - found) <= EXACT_ROWS
        p = fisher_exact(k, n, found, m) if few else two_proportions(k, n, found, m)
    return Evidence(feature, aspect, "share", abs(theirs - ours), floor, p, Null.INDEPENDENT, ours, theirs)


def _from_windows(
    name: str,
    place: int,
    before: FeatureSummary,
    after: FeatureSummary,
    behaviour: Behaviour,
    expectation: Expectation,
    floors: Floors,
) -> Iterator[Evidence]:
    """Tests against the windows of the reference."""
    contrasts, null = behaviour.contrasts, Null.WINDOWS
    where = contrasts.of_feature(place)
    kinds = contrasts.kind[where]
    own = np.arange(where.start, where.stop)
    expected, observed = expectation.expected, expectation.observed
    design = expectation.design_effect
    p_values = expectation.p_values
    shares = own[(kinds == ContrastKind.BELOW) | (kinds == ContrastKind.CATEGORY)]
    scores = contrasts.size + np.flatnonzero(expectation.feature[contrasts.size :] == place)
    tested = np.concatenate([scores, shares])
    if after.n and shares.size:
        numeric = isinstance(before, NumericSummary)
        change = np.abs(observed[shares] - expected[shares])
        factor = float(np.median(design[shares]))
        size = _distance_of_shares(expected[shares], observed[shares], numeric, factor, before.n, after.n)
        if numeric:
            size = max(size, float(change.max()))
        made = tested[~np.isnan(p_values[tested])]
        # One test of the feature for all its shares: the smallest p-value, for their number.
        p = float(min(1.0, p_values[made].min() * made.size)) if made.size else float("nan")
        yield Evidence((name,), Aspect.DISTRIBUTION, "windows", size, floors.distribution, p, null)
    if isinstance(before, CategoricalSummary) and isinstance(after, CategoricalSummary):
        yield from _new_categories(name, before, after, floors.new)
    for one in own[kinds == ContrastKind.MISSING]:
        if expected[one] > 0:
            size = abs(float(observed[one] - expected[one]))
            p, shown = float(p_values[one]), (float(expected[one]), float(observed[one]))
            yield Evidence((name,), Aspect.MISSING, "windows", size, floors.missing, p, null, *shown)
        elif (
            after.rows > after.n
        ):  # never seen in the reference: no window of it tells how often to expect it
            now = after.rows - after.n, after.rows
            yield share_change((name,), Aspect.MISSING, (0, before.rows), now, floors.missing)


def _distance_of_shares(
    expected: Floats, observed: Floats, numeric: bool, factor: float, n: int, m: int
) -> float:
    """Jensen-Shannon distance between expected and observed shares, without what chance makes of it."""
    if numeric:  # shares below cuts
        p = np.diff(np.concatenate([[0.0], np.sort(np.clip(expected, 0, 1)), [1.0]]))
        q = np.diff(np.concatenate([[0.0], observed, [1.0]]))
    else:
        p = np.append(expected, max(1 - expected.sum(), 0.0))
        q = np.append(observed, max(1 - observed.sum(), 0.0))
    return distance_of_shares(p, q, factor * (1 / n + 1 / m))
