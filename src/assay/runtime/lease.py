"""One worker a data folder: a lock on a file, which the system frees when its process ends."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

__all__ = ["FolderLease"]


class FolderLease:
    """Exclusive right to do the background work of a data folder.

    Several processes may log and read; one of them at a time moves rows. The lock is the operating
    system's, so a killed process leaves nothing behind.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "worker.lock"
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Try to take the lease, or confirm that it is held; false where another process has it."""
        with self._lock:
            if self._descriptor is not None:
                return True
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                return False
            self._descriptor = descriptor
            return True

    def release(self) -> None:
        """Give the lease back; no error where it is not held."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
