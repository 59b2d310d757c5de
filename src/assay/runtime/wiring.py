"""Puts the parts together: the one place that knows which engine stands behind each port."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assay.domain.answers import PartHealth, ServiceHealth
from assay.domain.columns import Kind
from assay.domain.time import SECOND
from assay.errors import AssayError, InvalidInput, StorageFull
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow, hash_ids
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.profiler import Profiler
from assay.monitoring.service import Service
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.registry import Registry
from assay.runtime.lease import FolderLease
from assay.runtime.settings import Settings
from assay.runtime.worker import Worker
from assay.storage.lake import DeltaLake
from assay.storage.sql import Database, SqlJournal, SqlProfiles, SqlRegistry, open_database

__all__ = ["Runtime", "build_service", "wall_clock"]

_LAGGING_SECONDS = 60


def wall_clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000


def build_service(
    settings: Settings, *, worker: bool = True, clock: Callable[[], int] = wall_clock
) -> Service:
    """Open the stores of the data folder and return the service over them.

    Parameters
    ----------
    settings : where the stores are, and their limits.
    worker : keep profiles and lake up in a background thread. Without it, that is done when something
        is read.
    clock : microseconds since the epoch.

    Raises
    ------
    InvalidInput
        Where the data folder is a file or cannot be written to.
    StorageUnavailable, StorageCorrupt
        Where a store cannot be opened.
    """
    _prepare(settings.data_dir)
    database = open_database(settings.sql_url)
    try:
        return _assemble(settings, database, worker=worker, clock=clock)
    except BaseException:
        database.close()
        raise


def _assemble(settings: Settings, database: Database, *, worker: bool, clock: Callable[[], int]) -> Service:
    journal = SqlJournal(database)
    profiles = SqlProfiles(database)
    registry = SqlRegistry(database)
    lake = DeltaLake(settings.lake_dir)
    lake_writer = LakeWriter(
        journal,
        lake,
        profiles,
        clock=clock,
        rows=settings.lake_rows,
        seconds=settings.lake_seconds,
        keys_seconds=settings.idempotency_hours * 3600,
    )
    profiler = Profiler(
        journal,
        lake,
        profiles,
        registry,
        lake_writer,
        clock=clock,
        round_bytes=settings.round_bytes,
        cache_bytes=settings.profile_cache_bytes,
    )
    runtime = Runtime(
        settings,
        database=database,
        journal=journal,
        lake=lake,
        registry=registry,
        profiler=profiler,
        lake_writer=lake_writer,
        clock=clock,
        worker=worker,
    )
    window = IdWindow(settings.dedup_window)
    _remember_ids(window, journal, lake, registry, limit=settings.dedup_window)
    committer = GroupCommit(journal, window, clock=clock, on_commit=runtime.wake, guard=runtime.check_space)
    service = Service(
        journal=journal,
        lake=lake,
        profiles=profiles,
        registry=registry,
        committer=committer,
        profiler=profiler,
        lake_writer=lake_writer,
        background=runtime,
        clock=clock,
    )
    runtime.start(committer)
    return service


def _prepare(folder: Path) -> None:
    """Make the data folder, readable by its owner alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError):
        raise InvalidInput(f"the data folder {str(folder)!r} is a file; name a folder") from None
    except OSError as error:
        raise InvalidInput(
            f"the data folder {str(folder)!r} cannot be made ({error.strerror}); name another one"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput(f"the data folder {str(folder)!r} cannot be written to; change its rights")


def _remember_ids(window: IdWindow, journal: Journal, lake: Lake, registry: Registry, *, limit: int) -> None:
    """Fill the window of recent ids from the journal and the newest rows of the lake."""
    for model_id, kind, _rows, _first, last in journal.models(after=0):
        if kind is Kind.PREDICTIONS:
            after = lake.position(model_id, kind)
            for batch in journal.read(after=after, upto=last, model_id=model_id, kinds=(kind,)):
                ids = batch.table().column("prediction_id").to_pylist()
                window.admit(hash_ids(model_id, ids))
    after_model = ""
    while len(window) < limit and (models := registry.models(after=after_model)):
        for model in models:
            left = limit - len(window)
            if left <= 0:
                break
            rows = lake.scan(model.model_id, Kind.PREDICTIONS, columns=("prediction_id",), newest=left)
            if rows.num_rows:
                window.admit(hash_ids(model.model_id, rows.column("prediction_id").to_pylist()))
        after_model = models[-1].model_id


class Runtime:
    """The running parts of one process: worker, lease, health."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        journal: Journal,
        lake: DeltaLake,
        registry: Registry,
        profiler: Profiler,
        lake_writer: LakeWriter,
        clock: Callable[[], int],
        worker: bool,
    ) -> None:
        self._settings = settings
        self._database = database
        self._journal = journal
        self._lake = lake
        self._registry = registry
        self._profiler = profiler
        self._clock = clock
        self._lease = FolderLease(settings.data_dir)
        self._committer: GroupCommit | None = None
        self._space: tuple[float, int] = (0.0, settings.min_free_bytes)
        self._started = time.monotonic()
        self._closed = threading.Event()
        self._worker: Worker | None = None
        if worker:
            self._worker = Worker(
                profiler,
                lake_writer,
                maintain=self.maintain,
                lease=self.lease,
                round_seconds=settings.round_seconds,
                maintain_seconds=settings.maintain_seconds,
            )

    def start(self, committer: GroupCommit) -> None:
        """Begin the background work."""
        self._committer = committer
        if self._worker is not None:
            self._worker.start()
            self._worker.wake()

    def wake(self) -> None:
        """Tell the worker that there is something new."""
        if self._worker is not None:
            self._worker.wake()

    def lease(self) -> bool:
        """Whether this process does the background work; it takes it on where nobody else does."""
        return self._lease.acquire()

    def release(self) -> None:
        """Let another process do the background work, unless a worker runs here."""
        if self._worker is None:
            self._lease.release()

    def check_space(self) -> None:
        """Refuse new data while the disk is nearly full.

        Raises
        ------
        StorageFull
            Where less than the setting's bytes are free.
        """
        free = self._free_bytes()
        if free < self._settings.min_free_bytes:
            raise StorageFull(
                f"only {free >> 20} MiB are free in the data folder, and "
                f"{self._settings.min_free_bytes >> 20} are kept in reserve; "
                "nothing was stored, make room and send it again"
            )

    def maintain(self) -> None:
        """Compact the lake, and drop rows and profiles by the minute whose retention is over."""
        self._profiler.drop_minutes()
        now = self._clock()
        after = ""
        while models := self._registry.models(after=after):
            for model in models:
                retention = model.settings.retention
                before = None if retention is None else now - retention
                for kind in (Kind.PREDICTIONS, Kind.LABELS):
                    self._lake.maintain(model.model_id, kind, rows_before=before, now=now)
            after = models[-1].model_id

    def health(self) -> ServiceHealth:
        """State of every part."""
        parts = [self._journal_health(), self._profiles_health(), self._disk_health()]
        if self._worker is not None:
            failure = self._worker.failure
            state = "ok" if failure is None else "degraded"
            parts.append(PartHealth("worker", state, failure or "works", {}))
        return ServiceHealth(ready=all(part.status != "failed" for part in parts), parts=tuple(parts))

    def figures(self) -> dict[str, float]:
        """Counters and gauges by name."""
        figures = {
            "uptime_seconds": time.monotonic() - self._started,
            "free_bytes": float(self._free_bytes()),
        }
        if self._committer is not None:
            figures |= {f"journal_{name}": value for name, value in self._committer.figures.items()}
        if self._worker is not None:
            figures |= {f"worker_{name}": value for name, value in self._worker.figures.items()}
        figures["profiled_rows"] = float(self._profiler.rows)
        rows, seconds = self._lag()
        return figures | {"lag_rows": float(rows), "lag_seconds": seconds}

    def close(self) -> None:
        """Stop the work and close the stores. Closing twice is no error."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._worker is not None:
            self._worker.stop()
        self._lease.release()
        self._lake.close()
        self._journal.close()
        self._database.close()

    def _lag(self) -> tuple[int, float]:
        """Rows that the profiles do not hold yet, and the age in seconds of the oldest of them."""
        rows, oldest = self._journal.backlog(after=self._profiler.position())
        return rows, (self._clock() - oldest) / SECOND if rows else 0.0

    def _free_bytes(self) -> int:
        """Free space in the data folder, looked up at most once a second."""
        moment, free = self._space
        if time.monotonic() - moment > 1.0:
            free = shutil.disk_usage(self._settings.data_dir).free
            self._space = (time.monotonic(), free)
        return free

    def _journal_health(self) -> PartHealth:
        failure = self._committer.failure if self._committer is not None else None
        try:
            self._database.ping()
            head = self._journal.head()
        except AssayError as error:
            return PartHealth("journal", "failed", str(error), {})
        if failure is not None:
            return PartHealth("journal", "degraded", f"the last commit failed: {failure}", {"head": head})
        return PartHealth("journal", "ok", "accepts data", {"head": head})

    def _profiles_health(self) -> PartHealth:
        try:
            rows, seconds = self._lag()
        except AssayError as error:
            return PartHealth("profiles", "failed", str(error), {})
        figures = {"lag_rows": float(rows), "lag_seconds": seconds}
        if seconds > _LAGGING_SECONDS:
            return PartHealth("profiles", "degraded", f"{rows} rows are still to be added", figures)
        return PartHealth("profiles", "ok", "up to date" if not rows else "catching up", figures)

    def _disk_health(self) -> PartHealth:
        try:
            free = self._free_bytes()
        except OSError as error:
            return PartHealth("disk", "failed", f"the data folder cannot be read: {error.strerror}", {})
        full = free < self._settings.min_free_bytes
        message = "nothing more is accepted until there is room" if full else "has room"
        return PartHealth("disk", "degraded" if full else "ok", message, {"free_bytes": float(free)})
