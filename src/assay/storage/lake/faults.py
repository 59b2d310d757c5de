"""What the drivers' errors mean: the one place where they become Assay's."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError, DeltaProtocolError

from assay.errors import StorageCorrupt, StorageError, StorageFull, StorageUnavailable

__all__ = ["FileVanished", "reported"]

_FULL = re.compile(r"no space left|os error 28\b|disk quota exceeded|os error 122\b", re.IGNORECASE)
_GONE = re.compile(r"no such file|no files found that match|os error 2\b", re.IGNORECASE)
_CORRUPT = re.compile(
    r"magic bytes|not valid utf8|json error|invalid json|corrupt|thrift|deserializ|parquet|checksum|"
    r"unexpected end of|out of range|decompress",
    re.IGNORECASE,
)
_FULL_CODES = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class FileVanished(StorageUnavailable):
    """A data file went away between the look at the table and the read; a fresh look helps."""


@contextlib.contextmanager
def reported(action: str) -> Iterator[None]:
    """Raise what the drivers raise inside the block as the :class:`~assay.errors.StorageError` it means.

    Parameters
    ----------
    action
        What was being done to what, as the start of the sentence for the user.

    Raises
    ------
    StorageFull, StorageUnavailable, StorageCorrupt
        In place of errors of the operating system, deltalake, DuckDB and pyarrow.
    """
    try:
        yield
    except (OSError, DeltaError, duckdb.Error, pa.ArrowException) as error:
        raise _meaning(action, error) from error


def _meaning(action: str, error: Exception) -> StorageError:
    # Some drivers append a backtrace; its first line says it all.
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    if getattr(error, "errno", None) in _FULL_CODES or _FULL.search(text):
        return StorageFull(f"{action} failed: no space is left on the device. Free some space; work resumes.")
    if isinstance(error, FileNotFoundError) or (not isinstance(error, DeltaError) and _GONE.search(text)):
        return FileVanished(f"{action} failed: a file is missing ({text}). Try again.")
    corrupt = isinstance(error, (DeltaProtocolError, pa.ArrowInvalid, duckdb.InvalidInputException))
    if corrupt or (not isinstance(error, OSError) and _CORRUPT.search(text)):
        return StorageCorrupt(
            f"{action} failed: stored bytes do not read back ({text}). Restore the file from a backup."
        )
    return StorageUnavailable(f"{action} failed: {text}. Try again.")
