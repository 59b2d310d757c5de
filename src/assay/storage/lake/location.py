"""Where a table lies: the one class that knows it is a local folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.domain.columns import Kind
from assay.errors import InvalidInput, StorageUnavailable
from assay.storage.lake.naming import folder_name

try:
    import fcntl

    _HAS_FLOCK = True
except ImportError:  # pragma: no cover - Windows has no flock; the commit's own check remains
    _HAS_FLOCK = False

__all__ = ["TableLocation"]

_LOG = "_delta_log"
_LOCK = "_writer.lock"  # names that begin with an underscore are no data to any engine


@dataclass(frozen=True, slots=True)
class TableLocation:
    """The folder of one table: its data files, its log, its lock.

    Parameters
    ----------
    folder
        Absolute path.
    """

    folder: Path

    @classmethod
    def of(cls, root: Path, model_id: str, kind: Kind) -> TableLocation:
        """Return the place of a model's table under `root` (absolute)."""
        folder = root / folder_name(model_id) / Kind(kind).value
        if not folder.resolve().is_relative_to(root):
            raise InvalidInput(f"Model {model_id!r} has no place inside the lake.")
        return cls(folder)

    @property
    def uri(self) -> str:
        """The address that Delta knows the table by."""
        return str(self.folder)

    def path(self, name: str) -> str:
        """Full path of one data file, named relative to the table."""
        return str(self.folder / name)

    def exists(self) -> bool:
        """Whether a table has been made here."""
        return any(self.log_names(".json")) or (self.folder / _LOG / "_last_checkpoint").exists()

    def stamp(self, version: int) -> tuple[int, bool]:
        """Return what changes when somebody commits: the log folder's time and whether `version` is there."""
        log = self.folder / _LOG
        try:
            return log.stat().st_mtime_ns, (log / f"{version:020d}.json").exists()
        except FileNotFoundError:
            return 0, False

    def data_names(self) -> list[str]:
        """Data files that lie here, referenced or not."""
        with contextlib.suppress(FileNotFoundError):
            return [entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".parquet")]
        return []

    def log_names(self, suffix: str) -> list[str]:
        """Numbered files of the log (commits, checkpoints) whose names end with `suffix`."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            names = [entry.name for entry in os.scandir(self.folder / _LOG)]
            return [name for name in names if name[:20].isdigit() and name.endswith(suffix)]
        return []

    def log_name(self, name: str) -> str:
        """Name of a file of the log, relative to the table."""
        return f"{_LOG}/{name}"

    def age(self, name: str) -> int:
        """Microseconds since a file changed, by the clock that dates files; 0 for one that is gone."""
        try:
            return time.time_ns() // 1000 - (self.folder / name).stat().st_mtime_ns // 1000
        except FileNotFoundError:
            return 0

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size

    def touch(self, names: list[str]) -> None:
        """Set the files' time to now, from which their grace counts."""
        for name in names:
            with contextlib.suppress(OSError):
                os.utime(self.folder / name)

    def delete(self, names: list[str]) -> None:
        """Delete files; ones that are gone already are fine."""
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).unlink()

    def sync(self, name: str) -> None:
        """Put a file and its folder's entry for it on the disk, so that a power cut keeps them."""
        for path in (self.folder / name, (self.folder / name).parent):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @contextlib.contextmanager
    def writing(self, *, patience: float) -> Iterator[None]:
        """Be the only writer of this table among all processes; the system frees it if we die.

        Raises
        ------
        StorageUnavailable
            Another writer held the table for `patience` seconds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not _HAS_FLOCK:  # pragma: no cover - see the import
            yield
            return
        with (self.folder / _LOCK).open("a") as handle:
            deadline = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        message = (
                            f"Another process is writing to {self.folder}; nothing was changed. Try again."
                        )
                        raise StorageUnavailable(message) from None
                    time.sleep(0.02)
            yield  # closing the handle frees the lock
