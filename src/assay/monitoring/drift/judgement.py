"""The verdict on one window, from its profile and the reference's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.domain.drift_report import DriftEvidence, DriftReport, DriftStatus, DriftType, FeatureVerdict
from assay.monitoring.drift.words import in_words
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.packed_profile import N
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.attribution import put_down_to
from assay.stats.verdict.behaviour import Behaviour, Expectation
from assay.stats.verdict.evidence import Aspect, Evidence, feature_evidence
from assay.stats.verdict.floors import Floors
from assay.stats.verdict.judging import Finding, judge, smallest_detectable

__all__ = ["FALSE_ALARM_RATE", "Part", "judge_window"]

FALSE_ALARM_RATE = 0.01
"""Probability of a false alarm that a single verdict is allowed."""

NOTHING_SEEN = 0.5
"""A window that could not have shown a Kolmogorov-Smirnov distance of this in any feature is too small."""

FEATURE = "feature"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Columns that are judged together.

    Attributes
    ----------
    reference : what they are held against.
    current : the window's profile, under the reference's cells.
    behaviour : of the reference in time; None: rows are taken for independent.
    """

    reference: Reference
    current: FeatureProfile
    behaviour: Behaviour | None

    @property
    def dependent(self) -> list[str]:
        """Columns whose rows depend on those before or on the time."""
        if self.behaviour is None:
            return []
        names = list(self.reference.features)
        return [names[place] for place in np.flatnonzero(self.behaviour.dependent)]

    def expect(self, starts: Ints | None, weights: Floats | None) -> Expectation | None:
        """Return what the window is expected to be; None where rows are independent."""
        if self.behaviour is None or not self.behaviour.dependent.any():
            return None
        successes, trials = self.behaviour.contrasts.counts(self.current)
        return self.behaviour.expect(successes, trials, starts=starts, weights=weights)


def judge_window(
    reference: Reference,
    current: FeatureProfile,
    *,
    roles: Mapping[str, str] | None = None,
    behaviour: Behaviour | None = None,
    outputs: Part | None = None,
    starts: Ints | None = None,
    weights: Floats | None = None,
    further: Sequence[Evidence] = (),
    floors: Floors | None = None,
    level: float = FALSE_ALARM_RATE,
    waiting: int = 0,
    notes: Sequence[str] = (),
) -> DriftReport:
    """Judge one window.

    Parameters
    ----------
    reference : what it is held against.
    current : the window's profile, under the reference's cells.
    roles : "score" or "prediction" for those columns of the profile that are the model's outputs.
    behaviour : of the reference in time; None: rows are taken for independent.
    outputs : further columns with a reference of their own; `roles` names them too.
    starts, weights : the blocks of the window, for the phases of seasons (see :meth:`Behaviour.expect`).
    further : evidence that profiles do not hold: dependence, errors, metrics.
    floors : effects that matter.
    level : probability of a false alarm that is allowed.
    waiting : groups of tests that will be made later, see :func:`.judging.judge`.
    notes : what could not be judged.
    """
    floors = floors or Floors()
    parts = [Part(reference, current, behaviour), *([] if outputs is None else [outputs])]
    expectations = [part.expect(starts, weights) for part in parts]
    evidence = [
        one
        for part, expectation in zip(parts, expectations, strict=True)
        for one in feature_evidence(
            part.reference.profile,
            part.current,
            floors,
            behaviour=part.behaviour,
            expectation=expectation,
        )
    ]
    evidence += further
    findings = judge(evidence, level=level, waiting=waiting)
    roles = roles or {}
    tests = max(1, sum(not math.isnan(one.p_value) for one in evidence))
    verdicts: dict[str, FeatureVerdict] = {}
    for part, expectation in zip(parts, expectations, strict=True):
        verdicts |= _verdicts(
            part.reference, part.current, findings, roles, expectation, part.behaviour, tests, level
        )
    drifted = sorted((one for one in findings if one.drifted), key=lambda one: -one.severity)
    types = _types(drifted, roles)
    seen = [one.smallest_detectable for one in verdicts.values() if one.smallest_detectable is not None]
    status = DriftStatus.DRIFT if drifted else DriftStatus.NO_DRIFT
    if not drifted and (not current.rows or (seen and min(seen) >= NOTHING_SEEN)):
        status = DriftStatus.NOT_ENOUGH_DATA
    least = min(
        (one.adjusted_p_value for one in (drifted or findings) if not math.isnan(one.adjusted_p_value)),
        default=1.0,
    )
    named = put_down_to(one.evidence for one in drifted)
    affected = dict.fromkeys(
        name
        for one in drifted
        for name in named[one.evidence.feature]
        if name not in roles and _of_features(one)
    )
    said = list(dict.fromkeys(_sentence(one, verdicts) for one in drifted))
    return DriftReport(
        status,
        types[0] if types else None,
        tuple(types),
        max((one.severity for one in drifted), default=0.0),
        1.0 - least,
        tuple(affected),
        verdicts,
        tuple(_plain(one) for one in findings if len(one.evidence.feature) != 1 or not _of_features(one)),
        tuple(said),
        level,
        reference.rows,
        current.rows,
        "" if behaviour is None else behaviour.seasons.name,
        tuple(name for part in parts for name in part.dependent),
        float(np.median(seen)) if seen else None,
        (*notes, *_too_few(status, seen, current.rows)),
        (reference.profile, current),
    )


def _too_few(status: DriftStatus, seen: Sequence[float], rows: int) -> list[str]:
    if status is not DriftStatus.NOT_ENOUGH_DATA:
        return []
    if not rows:
        return ["the window has no rows"]
    least = f"{min(seen):.2f} of 1"
    return [f"a window like this one would only have shown a distance of at least {least}; take a longer one"]


def _verdicts(
    reference: Reference,
    current: FeatureProfile,
    findings: Sequence[Finding],
    roles: Mapping[str, str],
    expectation: Expectation | None,
    behaviour: Behaviour | None,
    tests: int,
    level: float,
) -> dict[str, FeatureVerdict]:
    by_feature: dict[str, list[Finding]] = {name: [] for name in reference.features}
    for one in findings:
        if len(one.evidence.feature) == 1 and one.evidence.feature[0] in by_feature:
            by_feature[one.evidence.feature[0]].append(one)
    joint: dict[str, list[Finding]] = {}
    named = put_down_to(one.evidence for one in findings if one.drifted)
    for one in findings:
        if one.drifted and len(one.evidence.feature) > 1:
            for name in named[one.evidence.feature]:
                joint.setdefault(name, []).append(one)
    before, after = reference.profile.features, current.features
    made = {}
    for place, (name, own) in enumerate(by_feature.items()):
        drifted = sorted(
            (one for one in [*own, *joint.get(name, [])] if one.drifted), key=lambda one: -one.severity
        )
        strongest = drifted[0] if drifted else min(own, key=_rank, default=None)
        factor = 1.0
        if behaviour is not None and expectation is not None and behaviour.dependent[place]:
            where = behaviour.contrasts.of_feature(place)
            factor = float(np.median(expectation.design_effect[where])) if where.stop > where.start else 1.0
        rows = int(reference.profile.tallies[place, N]), int(current.tallies[place, N])
        detectable = smallest_detectable(rows, tests=tests, level=level, design_effect=factor)
        said = "; ".join(dict.fromkeys(in_words(one, before[name], after[name]) for one in drifted[:3]))
        made[name] = FeatureVerdict(
            name,
            roles.get(name, FEATURE),
            bool(drifted),
            drifted[0].severity if drifted else 0.0,
            strongest.evidence.effect if strongest else 0.0,
            strongest.evidence.floor if strongest else 0.0,
            None if strongest is None else _known(strongest.adjusted_p_value),
            said,
            tuple(_plain(one) for one in own),
            detectable,
        )
    return made


def _rank(one: Finding) -> tuple[bool, float]:
    return math.isnan(one.adjusted_p_value), one.adjusted_p_value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _plain(one: Finding) -> DriftEvidence:
    of = one.evidence
    return DriftEvidence(
        of.aspect.value,
        of.statistic,
        of.effect,
        of.floor,
        _known(of.p_value),
        _known(one.adjusted_p_value),
        of.null.value,
        one.drifted,
        tuple(name for name in of.feature if name),
        of.before,
        of.after,
    )


def _of_features(one: Finding) -> bool:
    return one.evidence.aspect not in (Aspect.ERROR, Aspect.METRIC)


def _sentence(one: Finding, verdicts: Mapping[str, FeatureVerdict]) -> str:
    names = one.evidence.feature
    if len(names) == 1 and names[0] in verdicts and _of_features(one):
        return f"{names[0]:.80}: {verdicts[names[0]].finding}"
    return in_words(one, None, None)


def _types(drifted: Sequence[Finding], roles: Mapping[str, str]) -> list[DriftType]:
    """Types of drift, what has changed first before what follows from it.

    Truth that has come loose from its inputs is said first, since it makes errors; scores follow inputs, and
    metrics follow all of these.
    """
    found = set()
    for one in drifted:
        if one.evidence.aspect is Aspect.ERROR:
            found.add(DriftType.CONCEPT)
        elif one.evidence.aspect is Aspect.METRIC:
            found.add(DriftType.PERFORMANCE)
        elif all(name in roles for name in one.evidence.feature):
            found.add(DriftType.MODEL)
        else:
            found.add(DriftType.DATA)
    order = (DriftType.CONCEPT, DriftType.DATA, DriftType.MODEL, DriftType.PERFORMANCE)
    return [kind for kind in order if kind in found]
