"""Puts the parts together: the one place that knows which engine stands behind each port."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assay.domain.columns import Kind
from assay.errors import InvalidInput
from assay.monitoring.access.access import Access
from assay.monitoring.analyst import Analyst
from assay.monitoring.drift.verdicts import Verdicts
from assay.monitoring.drift.watch import DriftWatch
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow, hash_ids
from assay.monitoring.importer import Importer
from assay.monitoring.lake_writer import LakeWriter
from assay.monitoring.pairing import Pairing
from assay.monitoring.profiler import Profiler
from assay.monitoring.raw_rows import RawRows
from assay.monitoring.references import ReferenceKeeper
from assay.monitoring.service import Service
from assay.ports.journal import Journal
from assay.ports.lake import Lake
from assay.ports.registry import Registry
from assay.runtime.lease import FolderLease
from assay.runtime.maintenance import Maintenance
from assay.runtime.process import Runtime
from assay.runtime.settings import Settings
from assay.runtime.worker import Worker
from assay.runtime.worker_process import WorkerProcess
from assay.storage.lake import DeltaLake
from assay.storage.sql import (
    Database,
    SqlAuditLog,
    SqlDriftLog,
    SqlHalves,
    SqlJournal,
    SqlKeyStore,
    SqlProfiles,
    SqlRegistry,
    open_database,
)

__all__ = [
    "Stores",
    "build_access",
    "build_service",
    "build_worker",
    "open_access",
    "open_stores",
    "wall_clock",
]


_IDS_AT_ONCE = 100_000


def wall_clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Stores:
    """The open stores of one data folder."""

    database: Database
    journal: SqlJournal
    profiles: SqlProfiles
    registry: SqlRegistry
    lake: DeltaLake
    lease: FolderLease

    def ping(self) -> None:
        """Raise a StorageError where the database does not answer."""
        self.database.ping()

    def close(self) -> None:
        """Close all of them. Closing twice is no error."""
        self.lease.release()
        self.lake.close()
        self.journal.close()
        self.database.close()


def open_stores(settings: Settings) -> Stores:
    """Open the stores of the data folder, and make what is not there.

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
        return Stores(
            database=database,
            journal=SqlJournal(database),
            profiles=SqlProfiles(database),
            registry=SqlRegistry(database),
            lake=DeltaLake(settings.lake_dir),
            lease=FolderLease(settings.data_dir),
        )
    except BaseException:
        database.close()
        raise


def build_service(
    settings: Settings,
    *,
    worker: Literal["thread", "process"] | None = "thread",
    clock: Callable[[], int] = wall_clock,
) -> Service:
    """Open the stores of the data folder and return the service over them.

    Parameters
    ----------
    settings : where the stores are, and their limits.
    worker : where profiles and lake are kept up with the journal: in a thread, or in a process of its
        own. None: not in the background, but whenever something is read.
    clock : microseconds since the epoch (a worker's process takes the wall clock).

    Raises
    ------
    InvalidInput
        Where the data folder is a file or cannot be written to.
    StorageUnavailable, StorageCorrupt
        Where a store cannot be opened.
    """
    stores = open_stores(settings)
    try:
        return _assemble(settings, stores, worker=worker, clock=clock)
    except BaseException:
        stores.close()
        raise


def build_access(settings: Settings, database: Database, *, clock: Callable[[], int]) -> Access:
    """Return keys, sessions and the record of changes in an open database."""
    return Access(
        SqlKeyStore(database),
        SqlAuditLog(database),
        clock=clock,
        rate=settings.key_rate,
        session_hours=settings.session_hours,
        audit_days=settings.audit_days,
    )


@contextmanager
def open_access(settings: Settings) -> Iterator[Access]:
    """Open keys and the record of changes alone, also beside a server that runs, and close them at the end.

    Raises
    ------
    InvalidInput
        Where the data folder is a file or cannot be written to.
    StorageUnavailable, StorageCorrupt
        Where the database cannot be opened.
    """
    if not settings.database_url:
        _prepare(settings.data_dir)
    database = open_database(settings.sql_url)
    try:
        yield build_access(settings, database, clock=wall_clock)
    finally:
        database.close()


def build_worker(settings: Settings, stores: Stores, *, clock: Callable[[], int]) -> Worker:
    """Return the background work over open stores, not yet started."""
    lake_writer = _lake_writer(settings, stores, clock)
    profiler = _profiler(settings, stores, lake_writer, clock)
    return Worker(
        profiler,
        lake_writer,
        _drift_watch(settings, stores, profiler, clock),
        maintain=Maintenance(profiler, stores.lake, stores.registry, clock=clock),
        lease=stores.lease.acquire,
        round_seconds=settings.round_seconds,
        maintain_seconds=settings.maintain_seconds,
        drift_seconds=settings.drift_seconds,
    )


def _drift_watch(
    settings: Settings, stores: Stores, profiler: Profiler, clock: Callable[[], int]
) -> DriftWatch:
    log = SqlDriftLog(stores.database)
    references = ReferenceKeeper(RawRows(stores.journal, stores.lake), stores.profiles)
    analyst = Analyst(stores.profiles, references, clock=clock)
    budget = settings.false_alarms_per_month
    verdicts = Verdicts(stores.profiles, references, analyst, log, clock=clock, budget=budget)
    return DriftWatch(
        stores.registry,
        stores.profiles,
        references,
        verdicts.stored,
        log,
        revisions=profiler.revisions,
        label_growth=settings.label_growth,
        clock=clock,
    )


def _lake_writer(settings: Settings, stores: Stores, clock: Callable[[], int]) -> LakeWriter:
    return LakeWriter(
        stores.journal,
        stores.lake,
        stores.profiles,
        clock=clock,
        rows=settings.lake_rows,
        seconds=settings.lake_seconds,
        keys_seconds=settings.idempotency_hours * 3600,
    )


def _profiler(
    settings: Settings, stores: Stores, lake_writer: LakeWriter, clock: Callable[[], int]
) -> Profiler:
    return Profiler(
        stores.journal,
        stores.lake,
        stores.profiles,
        stores.registry,
        lake_writer,
        clock=clock,
        round_bytes=settings.round_bytes,
        cache_bytes=settings.profile_cache_bytes,
    )


def _assemble(
    settings: Settings,
    stores: Stores,
    *,
    worker: Literal["thread", "process"] | None,
    clock: Callable[[], int],
) -> Service:
    window = IdWindow(settings.dedup_window)
    _remember_ids(window, stores.journal, stores.lake, stores.registry, limit=settings.dedup_window)
    background: Worker | WorkerProcess | None = None
    if worker == "thread":
        background = build_worker(settings, stores, clock=clock)
    elif worker == "process":
        background = WorkerProcess(settings)
    runtime = Runtime(settings, stores, worker=background, where=worker, clock=clock)
    committer = GroupCommit(
        stores.journal, window, clock=clock, on_commit=runtime.wake, guard=runtime.check_space
    )
    profiler = (
        background.profiler
        if isinstance(background, Worker)
        else _profiler(settings, stores, _lake_writer(settings, stores, clock), clock)
    )
    pairing = Pairing(
        SqlHalves(stores.database),
        committer.submit,
        clock=clock,
        wait_seconds=settings.import_wait_seconds,
        keep_seconds=settings.idempotency_hours * 3600,
    )
    service = Service(
        journal=stores.journal,
        lake=stores.lake,
        profiles=stores.profiles,
        registry=stores.registry,
        committer=committer,
        profiler=profiler,
        background=runtime,
        access=build_access(settings, stores.database, clock=clock),
        importer=Importer(committer.submit, pairing),
        drift_log=SqlDriftLog(stores.database),
        false_alarms_per_month=settings.false_alarms_per_month,
        clock=clock,
    )
    runtime.start(committer)
    pairing.resume()
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
            ids = lake.latest_ids(model.model_id, limit=left)
            for begin in range(0, len(ids), _IDS_AT_ONCE):
                some = ids.slice(begin, _IDS_AT_ONCE).to_pylist()
                window.admit(hash_ids(model.model_id, some))
        after_model = models[-1].model_id
