"""The use cases as one object: what the server, the embedded monitor and the command line call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from uuid import uuid4

import pyarrow as pa

from assay.domain.answers import (
    Calibration,
    DriftWindow,
    ErasureAnswer,
    IngestAnswer,
    MetricWindow,
    ModelReport,
    ModelView,
    PredictionView,
    ReferenceView,
    ServiceHealth,
)
from assay.domain.drift_history import DriftHistory, DriftMoment
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.time import DAY, HOUR, from_micros
from assay.domain.window import EVERYTHING, WindowQuery
from assay.domain.window_drift import WindowDrift
from assay.monitoring.access.access import Access
from assay.monitoring.analyst import Analyst, Selection
from assay.monitoring.background import Background
from assay.monitoring.commander import Commander
from assay.monitoring.drift.verdicts import Verdicts
from assay.monitoring.estimation_windows import WindowEstimates
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.importer import Begun, Importer
from assay.monitoring.intake.batch import Intake
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import Payload
from assay.monitoring.lookup import Lookup
from assay.monitoring.profiler import Profiler
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.reference_views import reference_views
from assay.monitoring.references import ReferenceKeeper
from assay.monitoring.rows_out import RowsOut
from assay.ports.drift_log import DriftLog
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry

__all__ = ["Service"]


class Service:
    """Everything that one can do with Assay. Thread-safe.

    Times are int64 microseconds since the epoch, windows exclude their end. Methods that name a model
    raise :class:`assay.errors.NotFound` where there is none of that name, those that are given a window
    :class:`assay.errors.InvalidInput` where it is empty.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        lake: Lake,
        profiles: Profiles,
        registry: Registry,
        committer: GroupCommit,
        profiler: Profiler,
        background: Background,
        access: Access,
        importer: Importer,
        drift_log: DriftLog,
        false_alarms_per_month: float,
        clock: Callable[[], int],
    ) -> None:
        self.access = access
        self._journal = journal
        self._profiles = profiles
        self._registry = registry
        self._committer = committer
        self._profiler = profiler
        self._background = background
        self._importer = importer
        self._clock = clock
        self._raw = RawRows(journal, lake)
        self._commander = Commander(
            journal=journal,
            profiles=profiles,
            registry=registry,
            profiler=profiler,
            background=background,
            raw=self._raw,
            audit=access.audit,
            clock=clock,
        )
        self._references = ReferenceKeeper(self._raw, profiles)
        self._analyst = Analyst(profiles, self._references, clock=clock)
        self._estimates = WindowEstimates(self._analyst, self._references, self._raw)
        self._verdicts = Verdicts(
            profiles, self._references, self._analyst, drift_log, clock=clock, budget=false_alarms_per_month
        )
        self._lookup = Lookup(self._raw, self._references)
        self._rows_out = RowsOut(self._raw)

    # -- writing ----------------------------------------------------------------------------------

    def submit(self, intake: Intake) -> Future[IngestAnswer]:
        """Queue a judged batch; the future is done once it is durable (or holds the error)."""
        return self._committer.submit(intake)

    def begin_import(
        self,
        name: str,
        payload: Payload,
        options: ImportOptions,
        context: Context,
        *,
        permit: Callable[[str], None] = lambda _: None,
    ) -> Begun:
        """Queue what a serving platform logged in the format `name`; see :meth:`.importer.Importer.begin`."""
        return self._importer.begin(name, payload, options, context, permit=permit)

    def put_model(
        self, model_id: str, *, task: Task | None = None, settings: ModelSettings | None = None
    ) -> Model:
        """Declare a model or change its task and settings; what is None stays as it is.

        Outcome profiles are made again where the task changes, and all profiles where the slices do.
        """
        return self._commander.declare(model_id, task=task, settings=settings)

    def put_reference(self, model_id: str, table: pa.Table, *, name: str = "") -> ReferenceView:
        """Make a dataset the model's reference; `table` has feature columns in canonical form.

        Profiles of what is stored are made again in the background; until that is done the old reference
        stays in use.

        Raises
        ------
        InvalidInput
            Where the table has no rows or no feature.
        """
        reference_id = self._commander.refer(model_id, table, name=name)
        return next(view for view in self.references(model_id) if view.reference_id == reference_id)

    def erase(
        self, model_id: str, *, ids: Sequence[str] = (), tag: tuple[str, str] | None = None
    ) -> ErasureAnswer:
        """Delete predictions and their labels for good, by id or by a tag's value.

        Returns when no store holds the rows any more and the metrics no longer count them.

        Raises
        ------
        InvalidInput
            Where neither ids nor a tag is given.
        """
        self._importer.erase(model_id, ids)
        return self._commander.erase(model_id, ids=ids, tag=tag)

    # -- reading ----------------------------------------------------------------------------------

    def catch_up(self, *, timeout: float | None = None) -> bool:
        """Wait until everything acknowledged so far is in the profiles; false where time ran out.

        Where no other process does the background work, this one does it here and now.
        """
        return self._commander.catch_up(timeout=timeout)

    def models(self, *, after: str = "", limit: int = 1_000) -> list[Model]:
        """Models in order of their names."""
        return self._registry.models(after=after, limit=limit)

    def model(self, model_id: str) -> ModelView:
        """Return a model with what is stored about it."""
        model = self._model(model_id)
        extent = self._profiles.extent(model_id)
        whole = {version: bounds for (version, key, _), bounds in extent.items() if not key}
        slices: dict[str, list[str]] = {key: [] for key in model.settings.slices}
        for _, key, value in extent:
            if key in slices and value not in slices[key]:
                slices[key].append(value)
        predictions, labelled = self._analyst.totals(model)
        state = self._profiles.state(model_id)
        references = self.references(model_id)
        return ModelView(
            model=model,
            versions=tuple(sorted(whole)),
            slices={key: tuple(sorted(values)) for key, values in slices.items()},
            first=from_micros(min(first for first, _ in whole.values())) if whole else None,
            last=from_micros(max(last for _, last in whole.values()) + HOUR) if whole else None,
            predictions=predictions,
            labelled=labelled,
            waiting_labels=state.waiting,
            orphan_labels=state.orphans.get(model_id, 0),
            reference=next((view for view in references if view.active), None),
            findings=tuple(self._registry.findings(model_id)),
        )

    def references(self, model_id: str) -> list[ReferenceView]:
        """References of the model, newest first."""
        return reference_views(self._profiles, self._references, self._model(model_id))

    def metrics(
        self, model_id: str, window: WindowQuery, *, names: Sequence[str] | None = None
    ) -> list[MetricWindow]:
        """Metrics of the window, or of every step of it."""
        model = self._model(model_id)
        return self._analyst.metrics(model, self._select(model_id, window), step=window.step, names=names)

    def calibration(self, model_id: str, window: WindowQuery, *, bins: int = 10) -> Calibration:
        """Reliability curve, confusion matrix and score distribution of all of the window."""
        return self._analyst.calibration(self._model(model_id), self._select(model_id, window), bins=bins)

    def drift(
        self, model_id: str, window: WindowQuery, *, features: Sequence[str] | None = None
    ) -> list[DriftWindow]:
        """Univariate drift of the window, or of every step of it."""
        model = self._model(model_id)
        return self._analyst.drift(model, self._select(model_id, window), step=window.step, features=features)

    def drift_report(self, model_id: str, window: WindowQuery) -> WindowDrift:
        """Whether the window has drifted; see :meth:`.drift.stored.StoredDrift.judge`."""
        return self._verdicts.judge(self._model(model_id), self._select(model_id, window))

    def drift_history(self, model_id: str, window: WindowQuery) -> DriftHistory:
        """Verdicts on the closed days, or hours, that begin in the window."""
        selection = self._select(model_id, window)
        return self._verdicts.history(self._model(model_id), selection, step=window.step)

    def closed_verdicts(self, model_id: str, window: WindowQuery) -> list[WindowDrift]:
        """Verdicts with their evidence on the closed days, or hours, of a window; see :class:`Verdicts`."""
        selection = self._select(model_id, window)
        return self._verdicts.closed(self._model(model_id), selection, step=window.step or DAY)

    def newest_drift(self, models: Sequence[str], *, with_truth: bool = False) -> dict[str, DriftMoment]:
        """Verdicts on the newest closed day (whose truth was judged) of some models, where there are any."""
        return self._verdicts.newest(models, with_truth=with_truth)

    def feature(self, model_id: str, feature: str, window: WindowQuery) -> FeatureView:
        """One feature against the reference: both distributions, figures, and what changed.

        Raises
        ------
        NotFound
            Where there is no reference, or it does not know the feature.
        """
        model = self._model(model_id)
        stored = self._profiles.references(model_id, with_payload=False)
        name = next((one.name for one in stored if one.reference_id == model.reference_id), "")
        selection = self._select(model_id, window)
        return self._analyst.feature(model, selection, feature, step=window.step, name=name)

    def estimate(self, model_id: str, window: WindowQuery) -> PerformanceEstimate:
        """Performance without labels, of the window or every step of it; see :class:`WindowEstimates`."""
        model, selection = self._model(model_id), self._select(model_id, window)
        extent = self._profiles.extent(model_id)
        return self._estimates.of(model, selection, step=window.step, extent=extent)

    def report(self, model_id: str, window: WindowQuery) -> ModelReport:
        """Everything about a model over one period, and the metrics of every step of it."""
        model = self._model(model_id)
        selection, step = self._select(model_id, window), window.step
        drift = self._analyst.drift(model, selection)
        references = self.references(model_id)
        behind, _ = self._journal.backlog(after=self._profiles.position())
        return ModelReport(
            report_id=str(uuid4()),
            model_id=model_id,
            version=window.version,
            created_at=from_micros(self._clock()),
            whole=self._analyst.metrics(model, selection)[0],
            windows=tuple(self._analyst.metrics(model, selection, step=step)) if step else (),
            drift=drift[0] if drift else None,
            reference=next((view for view in references if view.active), None),
            positions_behind=behind,
        )

    def prediction(self, model_id: str, prediction_id: str) -> PredictionView:
        """Return one prediction with its labels, and where its features lie in the reference."""
        return self._lookup.one(self._model(model_id), prediction_id)

    def predictions(
        self,
        model_id: str,
        window: WindowQuery = EVERYTHING,
        *,
        limit: int = 100,
        only: PredictionFilter | None = None,
        after: str | None = None,
        seconds: float = 5.0,
        features: bool = True,
    ) -> PredictionPage:
        """Return the newest predictions of a stretch of time that meet conditions.

        Version and slice are conditions, too; see :meth:`Lookup.page`.
        """
        model, bounds = self._model(model_id), self._bounds(model_id, window)
        return self._lookup.page(model, only, bounds, limit, after, seconds=seconds, features=features)

    def rows(
        self,
        model_id: str,
        window: WindowQuery = EVERYTHING,
        *,
        kind: str = "predictions",
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """Return raw rows as a stream, in the form in which they can be logged again.

        It holds what was acknowledged before the call; see :meth:`RowsOut.open` for the parameters.
        """
        model = self._model(model_id)
        start, end = self._bounds(model_id, window)
        return self._rows_out.open(
            model,
            kind=kind,
            upto=self._journal.head(),
            start=start,
            end=end,
            version=window.version,
            columns=columns,
        )

    def put_analysis(self, analysis_id: str, model_id: str, *, kind: str, payload: bytes) -> None:
        """Keep an analysis (JSON bytes)."""
        self._registry.put_analysis(
            analysis_id, model_id, kind=kind, created_at=self._clock(), payload=payload
        )

    def latest_analysis(self, model_id: str, *, kind: str) -> bytes | None:
        """Return the newest kept analysis of that kind, or None."""
        self._model(model_id)
        return self._registry.latest_analysis(model_id, kind=kind)

    # -- state ------------------------------------------------------------------------------------

    def health(self) -> ServiceHealth:
        """State of every part."""
        return self._background.health()

    def figures(self) -> dict[str, float]:
        """Counters and gauges by name."""
        return self._background.figures()

    def revision(self, model_id: str) -> int:
        """Return a number that grows whenever the model's profiles change."""
        known = self._profiler.revisions.get(model_id)
        return self._profiles.position() if known is None else known

    def position(self) -> int:
        """Return a number that grows whenever any model or its profiles change."""
        return self._profiles.position()

    def close(self) -> None:
        """Commit what is queued, stop the background work and close the stores."""
        self._importer.close()
        self._committer.close()
        self.access.close()
        self._background.close()

    def _model(self, model_id: str) -> Model:
        return self._commander.model(model_id)

    def _select(self, model_id: str, window: WindowQuery) -> Selection:
        """Return which rows a window is made of; bounds that are not given are those of what is stored."""
        if window.start is not None and window.end is not None:
            start, end = window.start, window.end
        else:
            extent = self._profiles.extent(model_id)
            whole = [bounds for (_, key, _), bounds in extent.items() if not key]
            start, end = window.bounds(
                min((first for first, _ in whole), default=None),
                max((last + HOUR for _, last in whole), default=None),
                now=self._clock(),
            )
        return Selection(start, end, window.version, window.slice or ("", ""))

    def _bounds(self, model_id: str, window: WindowQuery) -> tuple[int | None, int | None]:
        """Bounds for reading rows, which has no need of bounds that are not given."""
        if window.period is None:
            return window.start, window.end
        selection = self._select(model_id, window)
        return selection.start, selection.end
