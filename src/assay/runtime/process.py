"""The running parts of one process: its worker, its right to the background work, its health."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from assay.domain.answers import PartHealth, ServiceHealth
from assay.domain.time import SECOND
from assay.errors import AssayError, StorageFull, StorageUnavailable
from assay.monitoring.group_commit import GroupCommit
from assay.ports.journal import Journal
from assay.ports.profiles import Profiles
from assay.runtime.lease import FolderLease
from assay.runtime.settings import Settings

__all__ = ["BackgroundWorker", "OpenStores", "Runtime"]

_LAGGING_SECONDS = 60


class BackgroundWorker(Protocol):
    """The background work, in a thread or a process."""

    failure: str | None
    figures: dict[str, float]

    def start(self) -> None:
        """Begin."""
        ...

    def wake(self) -> None:
        """Say that there is something new."""
        ...

    def stop(self) -> None:
        """Finish the step at hand and stop."""
        ...


class OpenStores(Protocol):
    """What a process needs of its open stores."""

    @property
    def journal(self) -> Journal:
        """The journal."""
        ...

    @property
    def profiles(self) -> Profiles:
        """The profiles."""
        ...

    @property
    def lease(self) -> FolderLease:
        """The right to the background work."""
        ...

    def ping(self) -> None:
        """Raise a StorageError where the database does not answer."""
        ...

    def close(self) -> None:
        """Close all of them."""
        ...


class Runtime:
    """Wakes the worker, refuses data when the disk is full, and tells the state of every part."""

    def __init__(
        self,
        settings: Settings,
        stores: OpenStores,
        *,
        worker: BackgroundWorker | None,
        where: Literal["thread", "process"] | None,
        clock: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._worker = worker
        self._where = where
        self._clock = clock
        self._committer: GroupCommit | None = None
        self._space: tuple[float, int] = (-1.0, 0)
        self._started = time.monotonic()
        self._closed = threading.Event()

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
        return self._where != "process" and self._stores.lease.acquire()

    def release(self) -> None:
        """Let another process do the background work, unless a thread of this one does."""
        if self._where is None:
            self._stores.lease.release()

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

    def health(self) -> ServiceHealth:
        """State of every part."""
        parts = [self._journal_health(), self._profiles_health(), self._disk_health()]
        if self._worker is not None:
            failure = self._worker.failure
            parts.append(PartHealth("worker", "ok" if failure is None else "degraded", failure or "works"))
        return ServiceHealth(ready=all(part.status != "failed" for part in parts), parts=tuple(parts))

    def figures(self) -> dict[str, float]:
        """Counters and gauges by name."""
        figures = {
            "uptime_seconds": time.monotonic() - self._started,
            "free_bytes": float(self._free_bytes()),
        }
        if self._committer is not None:
            figures |= _named("journal", self._committer.figures)
        if self._worker is not None:
            figures |= _named("worker", self._worker.figures)
        rows, seconds = self._lag()
        return figures | {"lag_rows": float(rows), "lag_seconds": seconds}

    def close(self) -> None:
        """Stop the work and close the stores. Closing twice is no error."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._worker is not None:
            self._worker.stop()
        self._stores.close()

    def _lag(self) -> tuple[int, float]:
        """Rows that the profiles do not hold yet, and the age in seconds of the oldest of them."""
        rows, oldest = self._stores.journal.backlog(after=self._stores.profiles.position())
        return rows, (self._clock() - oldest) / SECOND if rows else 0.0

    def _free_bytes(self) -> int:
        """Free space in the data folder, looked up at most once a second."""
        moment, free = self._space
        if moment < 0 or time.monotonic() - moment > 1.0:
            try:
                free = shutil.disk_usage(self._settings.data_dir).free
            except OSError as error:
                folder = str(self._settings.data_dir)
                raise StorageUnavailable(
                    f"the data folder {folder!r} cannot be read ({error.strerror}); bring it back"
                ) from error
            self._space = (time.monotonic(), free)
        return free

    def _journal_health(self) -> PartHealth:
        failure = self._committer.failure if self._committer is not None else None
        try:
            self._stores.ping()
            figures = {"head": float(self._stores.journal.head())}
        except AssayError as error:
            return PartHealth("journal", "failed", str(error))
        if failure is not None:
            return PartHealth("journal", "degraded", f"the last commit failed: {failure}", figures)
        return PartHealth("journal", "ok", "accepts data", figures)

    def _profiles_health(self) -> PartHealth:
        try:
            rows, seconds = self._lag()
        except AssayError as error:
            return PartHealth("profiles", "failed", str(error))
        figures = {"lag_rows": float(rows), "lag_seconds": seconds}
        if seconds > _LAGGING_SECONDS:
            return PartHealth("profiles", "degraded", f"{rows} rows are still to be added", figures)
        return PartHealth("profiles", "ok", "up to date" if not rows else "catching up", figures)

    def _disk_health(self) -> PartHealth:
        try:
            free = self._free_bytes()
        except AssayError as error:
            return PartHealth("disk", "failed", str(error))
        full = free < self._settings.min_free_bytes
        message = "nothing more is accepted until there is room" if full else "has room"
        return PartHealth("disk", "degraded" if full else "ok", message, {"free_bytes": float(free)})


def _named(prefix: str, figures: Mapping[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in figures.items()}
