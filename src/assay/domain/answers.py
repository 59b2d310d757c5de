"""What the use cases answer: the results that the server, the client and the pages all show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.stats.drift import FeatureDrift
from assay.stats.metrics import Estimate

__all__ = [
    "Calibration",
    "DriftWindow",
    "ErasureAnswer",
    "IngestAnswer",
    "MetricWindow",
    "ModelReport",
    "ModelView",
    "PartHealth",
    "PredictionView",
    "ReferenceView",
    "Rejected",
    "ServiceHealth",
    "TruthView",
]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One item of a request that was not kept.

    `index` is its place in the request, counted from 0; `code` is a short name for programs
    (``duplicate`` is used for predictions whose id came before).
    """

    index: int
    code: str
    message: str
    prediction_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "index": self.index,
            "code": self.code,
            "message": self.message,
            "prediction_id": self.prediction_id,
        }


@dataclass(frozen=True, slots=True)
class IngestAnswer:
    """What became of a batch of predictions or labels.

    Attributes
    ----------
    model_id : the model.
    accepted : items now stored durably.
    duplicates : items whose prediction id had come before; the first one is kept.
    rejected : items that cannot be used, and duplicates, one by one.
    rejected_total : number of bad items (without duplicates); `rejected` lists at most 1,000 of all.
    notes : what was assumed, such as the zone of timestamps without one.
    replayed : the Idempotency-Key had come before; this is the first answer again.
    """

    model_id: str
    accepted: int
    duplicates: int = 0
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    notes: tuple[str, ...] = ()
    replayed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "model_id": self.model_id,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected_total": self.rejected_total,
            "rejected": [item.to_dict() for item in self.rejected],
            "notes": list(self.notes),
            "replayed": self.replayed,
        }


@dataclass(frozen=True, slots=True)
class ReferenceView:
    """A reference: what current data is compared with.

    `progress` is the share (0 to 1) of the stored rows whose profiles have been made again under it;
    1 when it is in use.
    """

    reference_id: str
    name: str
    provisional: bool
    rows: int
    created_at: datetime
    active: bool
    progress: float
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model with what is stored about it.

    `first`, `last` bound the event times of its predictions to the hour; `slices` maps each declared
    tag to the values seen; `waiting_labels` have found no prediction yet, `orphan_labels` were given up.
    """

    model: Model
    versions: tuple[str, ...]
    slices: dict[str, tuple[str, ...]]
    first: datetime | None
    last: datetime | None
    predictions: int
    labelled: int
    waiting_labels: int
    orphan_labels: int
    reference: ReferenceView | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricWindow:
    """Metrics of one window of event time, ``start <= t < end``.

    `coverage` is the share of the window's predictions that have their truth; None without predictions.
    """

    start: datetime
    end: datetime
    n_predictions: int
    n_labelled: int
    coverage: float | None
    metrics: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability curve, confusion matrix and score distribution of one window.

    `bins`: (mean score, share of positives, n) per bin. `confusion`: (actual, predicted) to count.
    `score_edges` (k+1 values) cut the scores; `score_counts` maps a true class, or ``unlabelled``, to
    k counts.
    """

    start: datetime
    end: datetime
    n_predictions: int
    n_labelled: int
    coverage: float | None
    bins: tuple[tuple[float, float, int], ...]
    confusion: dict[tuple[str, str], int]
    score_edges: tuple[float, ...] = ()
    score_counts: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DriftWindow:
    """Univariate drift of every feature in one window against the reference."""

    start: datetime
    end: datetime
    n: int
    reference_id: str
    provisional: bool
    features: dict[str, FeatureDrift]


@dataclass(frozen=True, slots=True)
class TruthView:
    """One label that came for a prediction."""

    actual: float | str | None
    observed_at: datetime
    received_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class PredictionView:
    """One prediction as logged, with every label that came for it (newest observation first)."""

    prediction_id: str
    model_id: str
    model_version: str
    timestamp: datetime
    received_at: datetime
    prediction: float | str | None
    score: float | None
    features: dict[str, Any]
    tags: dict[str, str]
    probabilities: dict[str, float]
    values: dict[str, Any]
    truth: float | str | None
    labels: tuple[TruthView, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureAnswer:
    """What an erasure did; predictions that never came are not counted."""

    model_id: str
    erased: int
    buckets_rebuilt: int


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything about a model over one period: the answer to "can I trust it?"."""

    report_id: str
    model_id: str
    version: str | None
    created_at: datetime
    whole: MetricWindow
    windows: tuple[MetricWindow, ...]
    drift: DriftWindow | None
    reference: ReferenceView | None
    positions_behind: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartHealth:
    """State of one part: ``ok``, ``degraded`` or ``failed``, with a sentence and figures."""

    name: str
    status: str
    message: str
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """State of the whole service; `ready` when every part is ok or degraded."""

    ready: bool
    parts: tuple[PartHealth, ...]
