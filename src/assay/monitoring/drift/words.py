"""Findings in one sentence each, with the figures that they stand on."""

from __future__ import annotations

from assay.domain.rendering import number, share
from assay.stats.summaries.categorical import CategoricalSummary
from assay.stats.summaries.feature_profile import FeatureSummary
from assay.stats.summaries.numeric import NumericSummary
from assay.stats.verdict.evidence import Aspect, Evidence
from assay.stats.verdict.judging import Finding

__all__ = ["in_words"]


def in_words(finding: Finding, before: FeatureSummary | None, after: FeatureSummary | None) -> str:
    """Say what has changed in a feature.

    Parameters
    ----------
    finding : what drifted.
    before, after : the feature's values on both sides; None for a finding about several features.
    """
    one = finding.evidence
    match one.aspect:
        case Aspect.MISSING:
            return _missing(one, before, after)
        case Aspect.NEW:
            return _new(one, after)
        case Aspect.ROUNDING:
            return f"rounded: {share(one.after)} of values have as few decimals as {share(one.before)} had"
        case Aspect.DEPENDENCE:
            if len(one.feature) > 2:
                *most, last = (f"{name:.80}" for name in one.feature)
                return (
                    f"{', '.join(most)} and {last} depend on one another together, and not in pairs alone, "
                    f"in another way: mean product {number(one.before)} before, {number(one.after)} now"
                )
            names = " and ".join(one.feature)
            if one.before is None or one.after is None:
                return f"{names} depend on one another in another way than in the reference"
            return f"correlation of {names}: {number(one.before)} before, {number(one.after)} now"
        case Aspect.ERROR:
            return f"the truth given the inputs has moved by {number(one.effect)} standard deviations"
        case Aspect.METRIC:
            return f"{one.statistic}: {number(one.before)} before, {number(one.after)} now"
    return _distribution(one, before, after)


def _missing(one: Evidence, before: FeatureSummary | None, after: FeatureSummary | None) -> str:
    if after is not None and before is not None and after.rows and not after.n:
        kind = "of another kind" if after.mistyped == after.rows else "missing"
        return f"every value is {kind}"
    return f"missing: {share(one.before)} of rows before, {share(one.after)} now"


def _new(one: Evidence, after: FeatureSummary | None) -> str:
    named = ""
    if isinstance(after, CategoricalSummary) and after.new:
        largest = max(after.new, key=lambda name: (after.new[name], name))
        named = f", most often {largest!r:.60}"
    return f"categories that the reference does not have in {share(one.after)} of rows{named}"


def _distribution(one: Evidence, before: FeatureSummary | None, after: FeatureSummary | None) -> str:
    if isinstance(before, NumericSummary) and isinstance(after, NumericSummary):
        if after.n and after.min == after.max and before.min != before.max:
            usual = f"{number(before.min)} to {number(before.max)}"
            return f"every value is {number(after.min)}, where the reference has {usual}"
        moved = "" if before.quantile(0.5) == after.quantile(0.5) else _median(before, after)
        spread = _spread(before, after)
        said = "; ".join(part for part in (moved, spread) if part)
        return said or f"the shape of the distribution has changed by {number(one.effect)}"
    if (
        isinstance(before, CategoricalSummary)
        and isinstance(after, CategoricalSummary)
        and before.n
        and after.n
    ):
        ours, theirs = before.counts / before.n, after.counts / after.n
        place = int(abs(theirs - ours).argmax())
        name = before.categories.names[place]
        return f"{name!r:.60}: {share(float(ours[place]))} of rows before, {share(float(theirs[place]))} now"
    return f"the distribution has changed by {number(one.effect)}"


def _median(before: NumericSummary, after: NumericSummary) -> str:
    return f"median {number(before.quantile(0.5))} before, {number(after.quantile(0.5))} now"


def _spread(before: NumericSummary, after: NumericSummary) -> str:
    ours, theirs = (
        None if (low := side.quantile(0.1)) is None or (high := side.quantile(0.9)) is None else high - low
        for side in (before, after)
    )
    if not ours or theirs is None or abs(theirs / ours - 1) < 0.05:
        return ""
    return f"middle 80% spans {number(ours)} before, {number(theirs)} now"
