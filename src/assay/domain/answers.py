"""What the use cases answer: the results that the server, the client and the pages all show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assay.domain.finding import Finding
from assay.domain.model import Model
from assay.domain.plotting import Plotted
from assay.domain.prediction_view import PredictionView, TruthView
from assay.domain.rendering import Answer, Table, moment, number, plain, share
from assay.stats.drift import FeatureDrift
from assay.stats.metrics import Estimate

__all__ = [
    "Calibration",
    "ClassScores",
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


@dataclass(frozen=True, slots=True, repr=False)
class IngestAnswer(Answer):
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

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        counts = [
            ("accepted", number(self.accepted)),
            ("duplicates", number(self.duplicates)),
            ("rejected", number(self.rejected_total)),
        ]
        notes = [*self.notes, *(f"item {item.index}: {item.message}" for item in self.rejected[:5])]
        if self.replayed:
            notes.append("the Idempotency-Key had come before; this is the first answer again")
        return Table(self.model_id, ("items", "n"), counts, notes)


@dataclass(frozen=True, slots=True, repr=False)
class ReferenceView(Answer):
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


@dataclass(frozen=True, slots=True, repr=False)
class ModelView(Answer):
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

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        task = self.model.task.value if self.model.task else "not known yet"
        rows = [
            ("task", task if self.model.task_declared or not self.model.task else f"{task} (inferred)"),
            ("versions", ", ".join(self.versions)),
            ("predictions", number(self.predictions)),
            ("labelled", number(self.labelled)),
            ("first", moment(self.first)),
            ("last", moment(self.last)),
            ("labels waiting", number(self.waiting_labels)),
            ("orphan labels", number(self.orphan_labels)),
        ]
        if self.reference is not None:
            kind = "provisional" if self.reference.provisional else "given"
            rows.append(("reference", f"{self.reference.name} ({kind}, {number(self.reference.rows)} rows)"))
        return Table(self.model.model_id, ("model", ""), rows, [finding.message for finding in self.findings])


@dataclass(frozen=True, slots=True, repr=False)
class MetricWindow(Plotted):
    """Metrics of one window of event time, ``start <= t < end``.

    `coverage` is the share of the window's predictions that have their truth; None without predictions.
    `error_types` counts the predictions at which the model failed by the type of error, the most frequent
    first; 50 types are counted one by one, the rest is in the error rate only.
    """

    start: datetime
    end: datetime
    n_predictions: int
    n_labelled: int
    coverage: float | None
    metrics: dict[str, Estimate]
    error_types: dict[str, int] = field(default_factory=dict)

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        return Table(_window_title(self), _METRIC_COLUMNS, _metric_rows(self.metrics))


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How often each probability of one class was given; counts by cell of the scores.

    Attributes
    ----------
    own : of the predictions whose truth is the class.
    others : of those whose truth is another.
    unlabelled : of those without truth.
    """

    own: tuple[int, ...]
    others: tuple[int, ...]
    unlabelled: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Plotted):
    """Reliability curve, confusion matrix and score distribution of one window.

    `bins`: (mean score, share of positives, n) per bin. `confusion`: (actual, predicted) to count.
    `score_edges` (k+1 values) cut the scores; `score_counts` maps a true class, or ``unlabelled``, to
    k counts. `class_scores`, where probabilities of several classes were logged: of each class its
    probability's counts in the same cells, the most frequent class first.
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
    class_scores: dict[str, ClassScores] = field(default_factory=dict)

    @property
    def many_classes(self) -> bool:
        """Whether probabilities of several classes stand behind it, and the bins are of the most probable."""
        return bool(self.class_scores) and (len(self.class_scores) > 2 or not self.score_counts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "start": plain(self.start),
            "end": plain(self.end),
            "n_predictions": self.n_predictions,
            "n_labelled": self.n_labelled,
            "coverage": self.coverage,
            "bins": [{"score": score, "positive": positive, "n": n} for score, positive, n in self.bins],
            "confusion": [
                {"actual": actual, "predicted": predicted, "n": n}
                for (actual, predicted), n in self.confusion.items()
            ],
            "score_edges": list(self.score_edges),
            "score_counts": {name: list(counts) for name, counts in self.score_counts.items()},
            "class_scores": {
                name: {"own": list(one.own), "others": list(one.others), "unlabelled": list(one.unlabelled)}
                for name, one in self.class_scores.items()
            },
        }

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [(number(score), number(positive), number(n)) for score, positive, n in self.bins]
        return Table(_window_title(self), ("mean score", "share of positives", "n"), rows)


@dataclass(frozen=True, slots=True, repr=False)
class DriftWindow(Plotted):
    """Univariate drift of every feature in one window against the reference."""

    start: datetime
    end: datetime
    n: int
    reference_id: str
    provisional: bool
    features: dict[str, FeatureDrift]

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        names = sorted({name for drift in self.features.values() for name in drift.statistics})
        rows = [
            (feature, *(number(_statistic(drift, name)) for name in names), number(drift.n_current))
            for feature, drift in self.features.items()
        ]
        kind = "the first predictions" if self.provisional else "the reference"
        title = f"{moment(self.start)} to {moment(self.end)}: {number(self.n)} predictions against {kind}"
        return Table(title, ("feature", *names, "n"), rows)


@dataclass(frozen=True, slots=True, repr=False)
class ErasureAnswer(Answer):
    """What an erasure did; predictions that never came are not counted."""

    model_id: str
    erased: int


@dataclass(frozen=True, slots=True, repr=False)
class ModelReport(Plotted):
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

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        notes = list(self.notes)
        if self.drift is not None:
            moved = sorted(
                ((_statistic(drift, "psi") or 0.0, name) for name, drift in self.drift.features.items()),
                reverse=True,
            )
            notes.append("moved most (PSI): " + ", ".join(f"{name} {number(psi)}" for psi, name in moved[:5]))
        if self.positions_behind:
            notes.append(f"{number(self.positions_behind)} batches are not in these figures yet")
        title = f"{self.model_id}  {_window_title(self.whole)}"
        return Table(title, _METRIC_COLUMNS, _metric_rows(self.whole.metrics), notes)


@dataclass(frozen=True, slots=True, repr=False)
class PartHealth(Answer):
    """State of one part: ``ok``, ``degraded`` or ``failed``, with a sentence and figures."""

    name: str
    status: str
    message: str
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class ServiceHealth(Answer):
    """State of the whole service; `ready` when every part is ok or degraded."""

    ready: bool
    parts: tuple[PartHealth, ...]

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [(part.name, part.status, part.message) for part in self.parts]
        return Table("ready" if self.ready else "not ready", ("part", "state", ""), rows)


_METRIC_COLUMNS = ("metric", "value", "95% interval", "n")


def _window_title(window: MetricWindow | Calibration) -> str:
    """Say what a window covers."""
    labelled = f", {share(window.coverage)} labelled" if window.coverage is not None else ""
    period = f"{moment(window.start)} to {moment(window.end)}"
    return f"{period}: {number(window.n_predictions)} predictions{labelled}"


def _metric_rows(metrics: dict[str, Estimate]) -> list[tuple[str, ...]]:
    """Write each metric with its interval."""
    return [
        (
            name,
            number(estimate.value),
            "" if estimate.low is None else f"{number(estimate.low)} to {number(estimate.high)}",
            number(estimate.n),
        )
        for name, estimate in metrics.items()
    ]


def _statistic(drift: FeatureDrift, name: str) -> float | None:
    """Value of one statistic of a feature, None where it has none."""
    statistic = drift.statistics.get(name)
    return None if statistic is None else statistic.value
