"""The use cases that pages read, answered from rows in memory: no storage, nothing in the background."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from assay.domain.answers import (
    Calibration,
    DriftWindow,
    IngestAnswer,
    MetricWindow,
    ModelView,
    ReferenceView,
)
from assay.domain.columns import TAG, Kind, classes_of
from assay.domain.drift_history import DriftMoment
from assay.domain.estimates import PerformanceEstimate
from assay.domain.finding import Finding
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.time import DAY, HOUR, Granularity, from_micros, to_micros
from assay.domain.window import WindowQuery
from assay.domain.window_drift import WindowDrift
from assay.errors import NotFound
from assay.monitoring.drift.judgement import judge_window
from assay.monitoring.estimation_ways import way_of
from assay.monitoring.estimation_windows import MOST_DAYS, learn, window_estimates
from assay.monitoring.feature_detail import feature_view
from assay.monitoring.frames import columns_of
from assay.monitoring.intake.batch import Intake
from assay.stats.drift import profile_drift
from assay.stats.metrics import (
    classification_metrics,
    regression_metrics,
    reliability_curve,
    traffic_metrics,
)
from assay.stats.summaries.classification import ClassificationSummary
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary
from assay.stats.summaries.traffic import TrafficSummary


@dataclass
class Rows:
    """Everything about one model."""

    model: Model
    predictions: pa.Table | None = None
    labels: dict[str, tuple[float | None, str | None]] = field(default_factory=dict)
    reference: Reference | None = None
    reference_name: str = ""
    progress: float = 1.0
    findings: tuple[Finding, ...] = ()
    revision: int = 1


def moment_of(verdict: WindowDrift) -> DriftMoment:
    """What the log keeps of a verdict on a closed window."""
    return DriftMoment(
        start=verdict.start,
        end=verdict.end,
        n=verdict.n_current,
        status=verdict.status.value,
        drift_type=None if verdict.drift_type is None else verdict.drift_type.value,
        drift_severity=verdict.drift_severity,
        drift_confidence=verdict.drift_confidence,
        affected_features=verdict.affected_features,
        columns=len(verdict.features),
        reference_id=verdict.reference_id,
        baseline=verdict.baseline.value,
        learnt_hours=verdict.learnt_hours,
        computed_at=verdict.computed_at,
    )


class MemoryService:
    """Implements :class:`assay.dashboard.readings.Reader`, and what the fillers of traffic need."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.judged: set[str] = set()

    # -- writing ----------------------------------------------------------------------------------

    def put_model(
        self, model_id: str, *, task: Task | None = None, settings: ModelSettings | None = None
    ) -> Model:
        model = Model(model_id, task=task, task_declared=True, settings=settings or ModelSettings())
        self.rows[model_id] = Rows(model)
        return model

    def submit(self, intake: Intake) -> Future[IngestAnswer]:
        rows = self.rows[intake.model_id]
        table = intake.table
        if intake.kind is Kind.PREDICTIONS:
            both = [table] if rows.predictions is None else [rows.predictions, table]
            rows.predictions = pa.concat_tables(both, promote_options="default").sort_by("timestamp")
        else:
            nothing = [None] * table.num_rows
            names = table.column_names
            numbers = table.column("actual").to_pylist() if "actual" in names else nothing
            texts = table.column("actual_class").to_pylist() if "actual_class" in names else nothing
            ids = table.column("prediction_id").to_pylist()
            rows.labels |= dict(zip(ids, zip(numbers, texts, strict=True), strict=True))
        rows.revision += 1
        done: Future[IngestAnswer] = Future()
        done.set_result(IngestAnswer(intake.model_id, table.num_rows))
        return done

    def put_reference(self, model_id: str, table: pa.Table, *, name: str = "") -> None:
        self.rows[model_id].reference = Reference.of(columns_of(table))
        self.rows[model_id].reference_name = name

    def catch_up(self, **_options: object) -> bool:
        return True

    # -- reading ----------------------------------------------------------------------------------

    def revision(self, model_id: str) -> int:
        return self._rows(model_id).revision

    def position(self) -> int:
        if self.failure is not None:
            raise self.failure
        return sum(1 + rows.revision for rows in self.rows.values())

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        return [self.rows[name].model for name in sorted(self.rows) if name > after][:limit]

    def model(self, model_id: str) -> ModelView:
        rows = self._rows(model_id)
        table = rows.predictions
        times = table.column("timestamp").cast(pa.int64()).to_numpy() if table is not None else None
        reference = self._reference(rows)
        return ModelView(
            model=rows.model,
            versions=tuple(sorted(set(table.column("model_version").to_pylist()))) if table else (),
            slices={
                key: tuple(sorted(set(table.column(TAG + key).to_pylist()))) if table else ()
                for key in rows.model.settings.slices
            },
            first=from_micros(Granularity.HOUR.floor(times.min())) if table else None,
            last=from_micros(Granularity.HOUR.floor(times.max()) + HOUR) if table else None,
            predictions=table.num_rows if table else 0,
            labelled=len(rows.labels),
            waiting_labels=0,
            orphan_labels=0,
            reference=None
            if reference is None
            else ReferenceView(
                reference_id=reference.id,
                name=rows.reference_name,
                provisional=reference.provisional,
                rows=reference.rows,
                created_at=from_micros(0),
                active=True,
                progress=rows.progress,
                features=tuple(reference.features),
            ),
            findings=rows.findings,
        )

    def metrics(self, model_id, window):
        self.calls.append("metrics")
        rows = self._rows(model_id)
        windows = []
        for low, high, table in self._cut(rows, window):
            outcome = self._outcome(rows, table)
            times = table.column("timestamp").cast(pa.int64()).to_numpy()
            errors = table.column("error_type").to_pylist() if table.num_rows else []
            traffic = TrafficSummary.of(
                timestamps=times, errors=errors, latency={"total": table.column("latency_ms").to_numpy()}
            )
            metrics = dict(traffic_metrics(traffic))
            if isinstance(outcome, RegressionSummary):
                labelled = outcome.n
                metrics |= regression_metrics(outcome)
            else:
                labelled = outcome.n_labelled
                metrics |= classification_metrics(outcome, positive_class=self._positive(rows))
            n = table.num_rows
            windows.append(
                MetricWindow(
                    from_micros(low), from_micros(high), n, labelled, labelled / n if n else None, metrics
                )
            )
        return windows

    def calibration(self, model_id, window):
        self.calls.append("calibration")
        rows = self._rows(model_id)
        ((low, high, table),) = self._cut(rows, replace(window, step=None))
        outcome = self._outcome(rows, table)
        assert isinstance(outcome, ClassificationSummary)
        edges, counts = (), {}
        if "score" in table.column_names:
            edges = tuple(np.linspace(0, 1, 51).tolist())
            score = table.column("score").to_numpy()
            truth = self._actual(rows, table)
            for name in ("0", "1", None):
                picked = score[(truth == name) & np.isfinite(score)] if name else score[truth == None]  # noqa: E711
                row = np.histogram(picked[np.isfinite(picked)], bins=np.array(edges))[0]
                counts[name or "unlabelled"] = tuple(row.tolist())
        curve = reliability_curve(outcome, positive_class=self._positive(rows)) if counts else ()
        return Calibration(
            start=from_micros(low),
            end=from_micros(high),
            n_predictions=table.num_rows,
            n_labelled=outcome.n_labelled,
            coverage=outcome.coverage,
            bins=tuple((one.mean_score or 0.0, one.observed or 0.0, one.n) for one in curve if one.n),
            confusion=dict(outcome.confusion),
            score_edges=edges,
            score_counts=counts,
        )

    def drift(self, model_id, window, *, features=None):
        self.calls.append("drift")
        rows = self._rows(model_id)
        reference = self._reference(rows)
        if reference is None:
            return []
        return [
            DriftWindow(
                start=from_micros(low),
                end=from_micros(high),
                n=table.num_rows,
                reference_id=reference.id,
                provisional=reference.provisional,
                features={
                    name: found
                    for name, found in profile_drift(
                        reference.profile,
                        FeatureProfile.of(columns_of(table, reference), reference, rows=table.num_rows),
                    ).items()
                    if features is None or name in features
                },
            )
            for low, high, table in self._cut(rows, window)
        ]

    def feature(self, model_id, feature, window):
        self.calls.append("feature")
        rows = self._rows(model_id)
        reference = self._reference(rows)
        if reference is None:
            raise NotFound("no reference")

        def cuts(width):
            return [
                (low, high, FeatureProfile.of(columns_of(table, reference), reference, rows=table.num_rows))
                for low, high, table in self._cut(rows, replace(window, step=width))
            ]

        (whole,) = cuts(None)
        return feature_view(
            model_id, feature, reference, rows.reference_name, whole, cuts(window.step) if window.step else []
        )

    def drift_report(self, model_id, window):
        self.calls.append("drift_report")
        rows = self._rows(model_id)
        reference = self._reference(rows)
        if reference is None:
            raise NotFound("no reference")
        ((low, high, table),) = self._cut(rows, replace(window, step=None))
        current = FeatureProfile.of(columns_of(table, reference), reference, rows=table.num_rows)
        return WindowDrift.of(
            judge_window(reference, current),
            model_id=model_id,
            start=from_micros(low),
            end=from_micros(high),
            reference_id=reference.id,
        )

    def closed_verdicts(self, model_id, window):
        if model_id not in self.judged or window.slice is not None:
            return []
        last = to_micros(self.model(model_id).last)
        starts = range(window.start, min(window.end, last - window.step + 1), window.step)
        parts = [replace(window, start=low, end=low + window.step, step=None) for low in starts]
        return [self.drift_report(model_id, part) for part in parts]

    def newest_drift(self, models):
        found = {}
        for name in self.judged.intersection(models):
            if (known := self.model(name)).last is not None:
                end = to_micros(known.last) // DAY * DAY
                found[name] = moment_of(self.drift_report(name, WindowQuery(end - DAY, end)))
        return found

    def estimate(self, model_id, window):
        self.calls.append("estimate")
        rows = self._rows(model_id)
        model = rows.model.with_(settings=replace(rows.model.settings, positive_class="1"))
        way = way_of(model if model.task is not None else rows.model)
        if isinstance(way, str) or rows.predictions is None:
            reason = way if isinstance(way, str) else "no predictions"
            return PerformanceEstimate(str(rows.model.task or ""), None, 0, (), reason)

        def outcomes(of):
            return [(low, high, self._outcome(rows, table)) for low, high, table in self._cut(rows, of)]

        times = rows.predictions.column("timestamp").cast(pa.int64()).to_numpy()
        until = Granularity.HOUR.floor(times.max()) + HOUR
        first = times.min() // DAY * DAY
        days = replace(window, start=first, end=first + MOST_DAYS * DAY, step=DAY)
        lesson = learn(way, outcomes(days), wanted=model.settings.reference_rows, until=until)
        return window_estimates(way, lesson, outcomes(window))

    # -- helpers ----------------------------------------------------------------------------------

    def _rows(self, model_id: str) -> Rows:
        if self.failure is not None:
            raise self.failure
        if model_id not in self.rows:
            raise NotFound(f"there is no model {model_id[:80]!r}; log a prediction for it, or declare it")
        return self.rows[model_id]

    def _positive(self, rows: Rows) -> str | None:
        return "1" if rows.model.task is Task.BINARY else None

    def _reference(self, rows: Rows) -> Reference | None:
        if rows.reference is None and rows.predictions is not None:
            first = rows.predictions.slice(0, 5_000)
            rows.reference = replace(Reference.of(columns_of(first)), provisional=True)
        return rows.reference

    def _cut(self, rows, window):
        version, part = window.version, window.slice
        start, end = window.start, window.end
        step = window.step or end - start
        table = rows.predictions
        if table is None:
            return
        keep = np.ones(table.num_rows, dtype=bool)
        if version is not None:
            keep &= table.column("model_version").to_numpy(zero_copy_only=False) == version
        if part is not None:
            keep &= table.column(TAG + part[0]).to_numpy(zero_copy_only=False) == part[1]
        table = table.filter(pa.array(keep))
        times = table.column("timestamp").cast(pa.int64()).to_numpy()
        for low in range(start, end, step):
            high = low + step
            first, last = np.searchsorted(times, [low, high])
            yield low, high, table.slice(first, last - first)

    def _actual(self, rows: Rows, table: pa.Table) -> np.ndarray:
        found = [rows.labels.get(name, (None, None)) for name in table.column("prediction_id").to_pylist()]
        truth = pa.table(
            {
                "actual": pa.array([number for number, _ in found], pa.float64()),
                "actual_class": pa.array([text for _, text in found], pa.string()),
            }
        )
        return classes_of(truth, "actual", "actual_class")

    def _outcome(self, rows: Rows, table: pa.Table) -> ClassificationSummary | RegressionSummary:
        if rows.model.task is Task.REGRESSION:
            found = [
                rows.labels.get(name, (None, None))[0] for name in table.column("prediction_id").to_pylist()
            ]
            actual = np.array([np.nan if value is None else value for value in found], dtype=float)
            return RegressionSummary.of(actual, table.column("prediction").to_numpy().astype(float))
        score = table.column("score").to_numpy() if "score" in table.column_names else None
        return ClassificationSummary.of(
            self._actual(rows, table),
            classes_of(table, "prediction", "prediction_class"),
            score,
            positive_class=self._positive(rows),
        )
