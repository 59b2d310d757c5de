"""The use cases as one object: what the server, the embedded monitor and the command line call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from uuid import uuid4

import msgspec
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
from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.domain.model import Model, ModelSettings, Task, check_name
from assay.domain.profile import ProfileChange, Rebuild, RebuildStatus
from assay.domain.time import HOUR, from_micros
from assay.errors import InvalidInput, NotFound, StaleWriter
from assay.monitoring.analyst import Analyst, Selection
from assay.monitoring.background import Background
from assay.monitoring.erasure import Erasure
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.intake.batch import Intake
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.lookup import Lookup
from assay.monitoring.profiler import Profiler
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import ReferenceKeeper, columns_for_reference, is_feature, store_form
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.profiles import Profiles
from assay.ports.registry import Registry
from assay.stats.summaries.reference import Reference

__all__ = ["Service"]

_POLL_SECONDS = 0.01


class Service:
    """Everything that one can do with Assay. Thread-safe.

    Times are int64 microseconds since the epoch, windows exclude their end. Methods that name a model
    raise :class:`assay.errors.NotFound` where there is none of that name.
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
        lake_writer: LakeWriter,
        background: Background,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._lake = lake
        self._profiles = profiles
        self._registry = registry
        self._committer = committer
        self._profiler = profiler
        self._lake_writer = lake_writer
        self._background = background
        self._clock = clock
        raw = RawRows(journal, lake)
        self._analyst = Analyst(profiles, ReferenceKeeper(raw, profiles), clock=clock)
        self._lookup = Lookup(raw)

    # -- writing ----------------------------------------------------------------------------------

    def submit(self, intake: Intake) -> Future[IngestAnswer]:
        """Queue a judged batch; the future is done once it is durable (or holds the error)."""
        return self._committer.submit(intake)

    def put_model(
        self, model_id: str, *, task: Task | None = None, settings: ModelSettings | None = None
    ) -> Model:
        """Declare a model or change its task and settings; what is None stays as it is.

        Outcome profiles are made again where the task changes, and all profiles where the slices do.
        """
        check_name("the model's name", model_id)
        for key in settings.slices if settings else ():
            check_name("a slice's tag", key)
        with self._profiler.lock:
            known = self._registry.get(model_id)
            model = known or Model(model_id, created_at=self._clock())
            if task is not None:
                model = model.with_(task=task, task_declared=True)
            if settings is not None:
                classes = settings.classes or model.settings.classes
                model = model.with_(settings=replace(settings, classes=classes))
            if model == known:
                return model
            stale = known is not None and (
                known.task is not model.task or known.settings.slices != model.settings.slices
            )
            dirty = self._profiler.all_hours(model_id) if stale else []
            position = self._profiles.position()
            self._profiles.commit(
                ProfileChange(before=position, after=position, models=(model,), dirty=tuple(dirty))
            )
            self._profiler.reset()
        return model

    def put_reference(self, model_id: str, table: pa.Table, *, name: str = "") -> ReferenceView:
        """Make a dataset the model's reference; `table` has feature columns in canonical form.

        Profiles of what is stored are made again in the background; until that is done the old reference
        stays in use.

        Raises
        ------
        InvalidInput
            Where the table has no rows or no feature.
        """
        check_name("the model's name", model_id)
        if name:
            check_name("the reference's name", name)
        features = [column for column in table.column_names if is_feature(column)]
        if not table.num_rows or not features:
            raise InvalidInput(
                f"a reference needs rows and features; this one has {table.num_rows} rows "
                f"and {len(features)} features"
            )
        reference = Reference.of(columns_for_reference(table), rows=table.num_rows)
        now = self._clock()
        with self._profiler.lock:
            model = self._registry.get(model_id) or Model(model_id, created_at=now)
            position = self._profiles.position()
            _, rebuilds, _ = self._profiles.state(model_id)
            superseded = [
                replace(one, status=RebuildStatus.SUPERSEDED)
                for one in rebuilds
                if one.status is RebuildStatus.RUNNING and one.reference_id != reference.id
            ]
            known = any(one.reference_id == reference.id for one in self._profiles.references(model_id))
            if not known:
                total, _ = self._analyst.totals(model)
                rebuild = Rebuild(
                    model_id=model_id,
                    reference_id=reference.id,
                    upto=position,
                    status=RebuildStatus.RUNNING,
                    done_before=-(1 << 60),
                    rows_done=0,
                    rows_total=total,
                    started_at=now,
                )
                self._profiles.commit(
                    ProfileChange(
                        before=position,
                        after=position,
                        models=(model,),
                        references=(store_form(model_id, reference, now=now, name=name),),
                        rebuilds=(*superseded, rebuild),
                        drop_references=tuple((model_id, one.reference_id) for one in superseded),
                    )
                )
                self._profiler.reset()
        views = self.references(model_id)
        return next(view for view in views if view.reference_id == reference.id)

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
        self._model(model_id)
        if not ids and tag is None:
            raise InvalidInput("nothing to erase: give prediction ids, or a tag and its value")
        payload = msgspec.json.encode(Erasure(ids=tuple(ids), tag=tag))
        (receipt,) = self._journal.append(
            [Entry(model_id=model_id, kind=Kind.ERASURE, payload=payload, rows=1)], now=self._clock()
        )
        self.catch_up()
        if self._background.lease():
            with self._profiler.lock:
                self._lake_writer.run(force=True)
        return ErasureAnswer(model_id, self._profiler.erased.get(receipt.position or 0, 0))

    # -- reading ----------------------------------------------------------------------------------

    def catch_up(self, *, timeout: float | None = None) -> bool:
        """Wait until everything acknowledged so far is in the profiles; false where time ran out.

        Where no other process does the background work, this one does it here and now.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        target = self._journal.head()
        try:
            while not self._caught_up(target):
                if deadline is not None and time.monotonic() > deadline:
                    return False
            return True
        finally:
            self._background.release()

    def _caught_up(self, target: int) -> bool:
        """Do, or wait for, one more step; return whether nothing is left to do."""
        if self._background.lease():
            try:
                return not self._profiler.step()
            except StaleWriter:
                return False
        dirty, rebuilds, _ = self._profiles.state()
        running = any(one.status is RebuildStatus.RUNNING for one in rebuilds)
        if self._profiles.position() >= target and not dirty and not running:
            return True
        time.sleep(_POLL_SECONDS)
        return False

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
        _, _, orphans = self._profiles.state(model_id)
        references = self.references(model_id)
        return ModelView(
            model=model,
            versions=tuple(sorted(whole)),
            slices={key: tuple(sorted(values)) for key, values in slices.items()},
            first=from_micros(min(first for first, _ in whole.values())) if whole else None,
            last=from_micros(max(last for _, last in whole.values()) + HOUR) if whole else None,
            predictions=predictions,
            labelled=labelled,
            waiting_labels=len(self._profiles.waiting(model_id)),
            orphan_labels=orphans.get(model_id, 0),
            reference=next((view for view in references if view.active), None),
            findings=tuple(self._registry.findings(model_id)),
        )

    def references(self, model_id: str) -> list[ReferenceView]:
        """References of the model, newest first."""
        model = self._model(model_id)
        _, rebuilds, _ = self._profiles.state(model_id)
        progress = {
            one.reference_id: min(1.0, one.rows_done / max(1, one.rows_total))
            for one in rebuilds
            if one.status is RebuildStatus.RUNNING
        }
        return [
            ReferenceView(
                reference_id=stored.reference_id,
                name=stored.name,
                provisional=stored.provisional,
                rows=stored.rows,
                created_at=from_micros(stored.created_at),
                active=stored.reference_id == model.reference_id,
                progress=progress.get(stored.reference_id, 1.0),
                features=tuple(Reference.from_bytes(stored.payload).features),
            )
            for stored in self._profiles.references(model_id)
        ]

    def metrics(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        step: int | None = None,
        version: str | None = None,
        slice: tuple[str, str] | None = None,  # noqa: A002 - the public word for it
        names: Sequence[str] | None = None,
    ) -> list[MetricWindow]:
        """Metrics of one window, or of every `step` microseconds of it."""
        selection = Selection(start, end, version, slice or ("", ""))
        return self._analyst.metrics(self._model(model_id), selection, step=step, names=names)

    def calibration(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        version: str | None = None,
        slice: tuple[str, str] | None = None,  # noqa: A002 - the public word for it
        bins: int = 10,
    ) -> Calibration:
        """Reliability curve, confusion matrix and score distribution of one window."""
        selection = Selection(start, end, version, slice or ("", ""))
        return self._analyst.calibration(self._model(model_id), selection, bins=bins)

    def drift(
        self,
        model_id: str,
        *,
        start: int,
        end: int,
        step: int | None = None,
        version: str | None = None,
        slice: tuple[str, str] | None = None,  # noqa: A002 - the public word for it
        features: Sequence[str] | None = None,
    ) -> list[DriftWindow]:
        """Univariate drift of one window, or of every `step` microseconds of it."""
        selection = Selection(start, end, version, slice or ("", ""))
        return self._analyst.drift(self._model(model_id), selection, step=step, features=features)

    def report(
        self, model_id: str, *, start: int, end: int, step: int | None = None, version: str | None = None
    ) -> ModelReport:
        """Everything about a model over one period."""
        model = self._model(model_id)
        selection = Selection(start, end, version)
        drift = self._analyst.drift(model, selection)
        references = self.references(model_id)
        behind, _ = self._journal.backlog(after=self._profiles.position())
        return ModelReport(
            report_id=str(uuid4()),
            model_id=model_id,
            version=version,
            created_at=from_micros(self._clock()),
            whole=self._analyst.metrics(model, selection)[0],
            windows=tuple(self._analyst.metrics(model, selection, step=step)) if step else (),
            drift=drift[0] if drift else None,
            reference=next((view for view in references if view.active), None),
            positions_behind=behind,
        )

    def prediction(self, model_id: str, prediction_id: str) -> PredictionView:
        """Return one prediction with its labels."""
        return self._lookup.one(self._model(model_id), prediction_id)

    def predictions(
        self, model_id: str, *, start: int | None = None, end: int | None = None, limit: int = 100
    ) -> list[PredictionView]:
        """Return the newest predictions of a window, at most 10,000."""
        if not 1 <= limit <= 10_000:
            raise InvalidInput(f"limit is {limit}; it must be between 1 and 10000")
        return self._lookup.newest(self._model(model_id), start=start, end=end, limit=limit)

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

    def close(self) -> None:
        """Commit what is queued, stop the background work and close the stores."""
        self._committer.close()
        self._background.close()

    def _model(self, model_id: str) -> Model:
        model = self._registry.get(model_id)
        if model is None:
            raise NotFound(f"there is no model {model_id[:80]!r}; log a prediction for it, or declare it")
        return model
