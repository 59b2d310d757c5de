"""Verdicts as records of the log, and back."""

from __future__ import annotations

import math

import msgspec
import zstandard

from assay.client.answers import window_drift_of
from assay.domain.detection import Detection, DriftFigure
from assay.domain.drift_report import DriftEvidence
from assay.domain.time import Granularity, to_micros
from assay.domain.window_drift import WindowDrift
from assay.monitoring.drift.hours import SeriesName
from assay.monitoring.drift.learning import Drifted
from assay.ports.drift_log import DriftLog

__all__ = ["detection_of", "drifted_in", "verdict_of"]

_MOST_BYTES = 256 << 20
_TRUTH = ("error", "metric")


def detection_of(
    verdict: WindowDrift, granularity: Granularity, *, n: int, truth: tuple[int, int] = (0, 0), looks: int = 0
) -> Detection:
    """Return the record of a verdict on a window.

    Parameters
    ----------
    verdict, granularity : what was found, and in what window.
    n : predictions that it held.
    truth : how many of them were labelled, and what stands for their truth.
    looks : how often its truth had been judged before.
    """
    of_truth = [one for one in verdict.overall if one.aspect in _TRUTH]
    accuracy = next((one for one in of_truth if one.statistic == "accuracy"), None)
    return Detection(
        model_id=verdict.model_id,
        version=verdict.version or "",
        granularity=granularity,
        start=to_micros(verdict.start),
        end=to_micros(verdict.end),
        n=n,
        status=verdict.status.value,
        drift_type=None if verdict.drift_type is None else verdict.drift_type.value,
        severity=verdict.drift_severity,
        confidence=verdict.drift_confidence,
        affected=verdict.affected_features,
        columns=sum(one.role == "feature" for one in verdict.features.values()),
        reference_id=verdict.reference_id,
        baseline=verdict.baseline.value,
        learnt_hours=verdict.learnt_hours,
        computed_at=to_micros(verdict.computed_at),
        payload=zstandard.compress(msgspec.json.encode(verdict.to_dict())),
        figures=_figures(verdict),
        types=tuple(one.value for one in verdict.drift_types),
        n_labelled=truth[0],
        truth=truth[1],
        looks=looks + bool(of_truth),
        accuracy_before=None if accuracy is None else accuracy.before,
        accuracy=None if accuracy is None else accuracy.after,
    )


def verdict_of(detection: Detection) -> WindowDrift:
    """Return the verdict that a record was made of, without the counts behind its figures."""
    data = zstandard.ZstdDecompressor().decompress(detection.payload, max_output_size=_MOST_BYTES)
    return window_drift_of(msgspec.json.decode(data))


def drifted_in(log: DriftLog) -> Drifted:
    """Return what tells the windows that a log says have drifted.

    A verdict that was given before behaviour was known does not count: it may be memory, or the season, that
    it took for drift, and that is what is to be learnt.
    """

    def drifted(name: SeriesName, reference_id: str, start: int, end: int) -> list[tuple[int, int]]:
        return [
            (one.start, one.end)
            for version in dict.fromkeys(("", name.version or ""))
            for granularity in (Granularity.DAY, Granularity.HOUR)
            for one in log.read(name.model_id, granularity, start=start, end=end, version=version)
            if one.drifted and one.learnt_hours and one.reference_id == reference_id
        ]

    return drifted


def _figures(verdict: WindowDrift) -> tuple[DriftFigure, ...]:
    found = [(name, one) for name, of in verdict.features.items() for one in of.evidence]
    found += [(" and ".join(one.features), one) for one in verdict.overall]
    return tuple(
        DriftFigure(
            name,
            _named(one),
            one.effect,
            one.adjusted_p_value,
            one.floor,
            verdict.n_current,
        )
        for name, one in found
        if math.isfinite(one.effect)
    )


def _named(one: DriftEvidence) -> str:
    """Name of a test with what it is about, such as ``missing.share``."""
    return f"{one.aspect}.{one.statistic}"
