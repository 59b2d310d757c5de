"""From the documents of the HTTP API to the results of the Python API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from assay.domain.answers import Calibration, IngestAnswer
from assay.domain.drift_report import DriftEvidence, DriftStatus, DriftType, FeatureVerdict
from assay.domain.window_drift import Baseline, WindowDrift
from assay.errors import AssayError, InvalidInput

__all__ = ["calibration_of", "joined", "read", "window_drift_of"]

T = TypeVar("T")

_LISTED = 1_000


def read(document: Any, kind: type[T]) -> T:
    """Return the record of class `kind` that a document describes; fields that it does not know are left out.

    Raises
    ------
    AssayError
        Where the document does not describe one, because the server is of another release.
    """
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as exc:
        raise AssayError(
            f"the server's answer is no {kind.__name__} ({exc}); client and server are of different releases"
        ) from exc


def calibration_of(document: dict[str, Any]) -> Calibration:
    """Return the calibration that a document describes; its pairs and bins are objects in JSON."""
    bins = [(item["score"], item["positive"], item["n"]) for item in document["bins"]]
    confusion = {(item["actual"], item["predicted"]): item["n"] for item in document["confusion"]}
    plain = {name: value for name, value in document.items() if name not in ("bins", "confusion")}
    return replace(read(plain | {"bins": bins, "confusion": {}}, Calibration), confusion=confusion)


@dataclass(frozen=True, slots=True)
class _DriftDocument:
    """The verdict on a window, as JSON has it: without the counts behind it."""

    status: DriftStatus
    drift_type: DriftType | None
    drift_types: tuple[DriftType, ...]
    drift_severity: float
    drift_confidence: float
    affected_features: tuple[str, ...]
    features: dict[str, FeatureVerdict]
    overall: tuple[DriftEvidence, ...]
    findings: tuple[str, ...]
    level: float
    n_reference: int
    n_current: int
    season: str
    dependent_features: tuple[str, ...]
    smallest_detectable: float | None
    notes: tuple[str, ...]
    model_id: str
    version: str | None
    slice: tuple[str, str] | None
    start: datetime
    end: datetime
    reference_id: str
    baseline: Baseline
    learnt_hours: int
    computed_at: datetime


def window_drift_of(document: dict[str, Any]) -> WindowDrift:
    """Return the verdict that a document describes."""
    found = read(document, _DriftDocument)
    return WindowDrift(**{item.name: getattr(found, item.name) for item in fields(found)})


def joined(answers: Sequence[tuple[int, IngestAnswer]]) -> IngestAnswer:
    """Join the answers to the batches of one call; each comes with the place of its first row.

    Raises
    ------
    InvalidInput
        Where every row was bad: nothing was stored.
    """
    _, first = answers[0]
    rejected = [
        replace(item, index=item.index + offset) for offset, answer in answers for item in answer.rejected
    ]
    result = IngestAnswer(
        model_id=first.model_id,
        accepted=sum(answer.accepted for _, answer in answers),
        duplicates=sum(answer.duplicates for _, answer in answers),
        rejected=tuple(rejected[:_LISTED]),
        rejected_total=sum(answer.rejected_total for _, answer in answers),
        notes=tuple(dict.fromkeys(note for _, answer in answers for note in answer.notes)),
        replayed=all(answer.replayed for _, answer in answers),
    )
    if result.rejected_total and not result.accepted and not result.duplicates:
        reason = result.rejected[0].message if result.rejected else "see the server's log"
        raise InvalidInput(f"none of the {result.rejected_total} rows can be used; the first: {reason}")
    return result
