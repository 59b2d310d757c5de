"""A verdict about some features, or some types of drift, alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from assay.domain.drift_report import DriftEvidence, DriftReport, DriftStatus, DriftType, FeatureVerdict
from assay.errors import InvalidInput, NotFound
from assay.stats.drift.pair import Pair
from assay.stats.drift.registry import STATISTICS, compare
from assay.stats.drift.result import FeatureDrift

__all__ = ["figures_of", "narrowed"]

Report = TypeVar("Report", bound=DriftReport)


def narrowed(
    report: Report, *, features: Collection[str] | None = None, types: Collection[DriftType] | None = None
) -> Report:
    """Leave out of a verdict what it is not asked about.

    What is left was weighed with all other tests of the window, so that asking about a part raises no more
    alarms than asking about the whole.

    Parameters
    ----------
    report : the whole verdict.
    features : names; None: all.
    types : types of drift; None: all.

    Raises
    ------
    NotFound
        Where the verdict knows no such feature.
    """
    if features is None and types is None:
        return report
    for name in features or ():
        if name not in report.features:
            raise NotFound(f"the reference has no feature {name[:80]!r}")
    wanted = set(DriftType if types is None else types)
    kept = {
        name: one
        for name, one in report.features.items()
        if (features is None or name in features) and _type_of(one) in wanted
    }
    overall = tuple(
        one
        for one in report.overall
        if _type_of_all(one, report) in wanted and (features is None or set(one.features) <= kept.keys())
    )
    drifted = [one for one in kept.values() if one.drifted]
    others = [one for one in overall if one.drifted]
    found = {_type_of(one) for one in drifted} | {_type_of_all(one, report) for one in others}
    left = tuple(one for one in report.drift_types if one in found)
    status = report.status
    if status is DriftStatus.DRIFT and not left:
        status = DriftStatus.NO_DRIFT
    p_values = [one.p_value for one in (drifted or kept.values()) if one.p_value is not None]
    p_values += [one.adjusted_p_value for one in (others or overall) if one.adjusted_p_value is not None]
    gone = [f"{name:.80}: " for name in report.features if name not in kept]
    return replace(
        report,
        status=status,
        drift_type=left[0] if left else None,
        drift_types=left,
        drift_severity=report.drift_severity
        if others
        else max((one.severity for one in drifted), default=0.0),
        drift_confidence=1.0 - min(p_values, default=1.0),
        affected_features=tuple(name for name in report.affected_features if name in kept),
        features=kept,
        overall=overall,
        findings=tuple(said for said in report.findings if not said.startswith(tuple(gone))) if left else (),
        dependent_features=tuple(name for name in report.dependent_features if name in kept),
    )


def figures_of(report: DriftReport, methods: Collection[str]) -> list[FeatureDrift]:
    """Compute statistics by name for each feature of a verdict, those that are for its kind.

    Raises
    ------
    InvalidInput
        Where there is no such statistic, or it needs raw rows, of which a profile has none.
    """
    for name in methods:
        if name not in STATISTICS:
            raise InvalidInput(f"there is no statistic {name[:80]!r}; there are {', '.join(STATISTICS)}")
        if STATISTICS[name].raw_only:
            raise InvalidInput(
                f"{name} is computed from raw rows; assay.detect_drift() and its tables have it"
            )
    if report.profiles is None:
        return []
    before, after = (side.features for side in report.profiles)
    found = []
    for feature in report.features:
        if feature not in before:
            continue
        pair = Pair.of(before[feature], after[feature])
        chosen = [name for name in methods if pair.kind in STATISTICS[name].kinds]
        found.append(FeatureDrift(feature, pair.kind, *pair.n, compare(pair, chosen)))
    return found


def _type_of(one: FeatureVerdict) -> DriftType:
    return DriftType.DATA if one.role == "feature" else DriftType.MODEL


def _type_of_all(one: DriftEvidence, report: DriftReport) -> DriftType:
    if one.aspect == "error":
        return DriftType.CONCEPT
    if one.aspect == "metric":
        return DriftType.PERFORMANCE
    roles = {report.features[name].role for name in one.features if name in report.features}
    return DriftType.DATA if "feature" in roles or not roles else DriftType.MODEL
