"""Translation of the database drivers' errors into Assay's, in one place."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import exc

from assay.errors import (
    AssayError,
    InvalidInput,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageUnavailable,
)

__all__ = ["translate"]

_SCARCE = 1 << 20  # with less than this left, an I/O error is a full disk's

_SQLITE = {
    sqlite3.SQLITE_FULL: StorageFull,
    sqlite3.SQLITE_BUSY: StorageUnavailable,
    sqlite3.SQLITE_LOCKED: StorageUnavailable,
    sqlite3.SQLITE_PROTOCOL: StorageUnavailable,
    sqlite3.SQLITE_NOMEM: StorageUnavailable,
    sqlite3.SQLITE_INTERRUPT: StorageUnavailable,
    sqlite3.SQLITE_READONLY: StorageUnavailable,
    sqlite3.SQLITE_PERM: StorageUnavailable,
    sqlite3.SQLITE_IOERR: StorageUnavailable,
    sqlite3.SQLITE_CANTOPEN: StorageUnavailable,
    sqlite3.SQLITE_CORRUPT: StorageCorrupt,
    sqlite3.SQLITE_NOTADB: StorageCorrupt,
}
_FULL_DISK_LOOKS_LIKE = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)

# By SQLSTATE class or code: https://www.postgresql.org/docs/15/errcodes-appendix.html
_POSTGRES = {
    "53100": StorageFull,
    "53": StorageUnavailable,  # out of memory, too many connections
    "08": StorageUnavailable,  # connection lost
    "40": StorageUnavailable,  # serialisation failure, deadlock
    "55": StorageUnavailable,  # lock not available
    "57": StorageUnavailable,  # server shuts down, query cancelled
    "58": StorageUnavailable,  # I/O error
    "25": StorageUnavailable,  # read-only server
    "28": StorageUnavailable,  # login refused
    "3D": StorageUnavailable,  # no such database
    "XX001": StorageCorrupt,
    "XX002": StorageCorrupt,
    "22": InvalidInput,
}

_ADVICE: dict[type[AssayError], str] = {
    StorageFull: "no space is left for the database ({what}); nothing of this was stored: free some space, "
    "then send it again",
    StorageUnavailable: "the database cannot be used now ({what}); nothing of this was stored: try again",
    StorageCorrupt: "the database does not read back ({what}); restore it from a backup",
    InvalidInput: "the database cannot hold this text or number ({what})",
    StorageError: "the database failed ({what})",
}


def translate(error: BaseException, *, path: Path | None = None) -> AssayError:
    """Return Assay's error for a driver's one, to be raised ``from`` it.

    Parameters
    ----------
    error : what SQLAlchemy, sqlite3 or psycopg raised.
    path : the SQLite file; its disk's free space tells a full disk from a failing one.

    Examples
    --------
    >>> type(translate(sqlite3.OperationalError("database is locked"))).__name__
    'StorageUnavailable'
    """
    if isinstance(error, AssayError):
        return error
    original = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    what = (str(original).strip() or type(original).__name__).splitlines()[0][:300]
    kind = _kind(original, path)
    return kind(_ADVICE[kind].format(what=what))


def _kind(error: BaseException, path: Path | None) -> type[AssayError]:
    if isinstance(error, sqlite3.Error):
        return _sqlite_kind(error, path)
    if isinstance(error, (UnicodeError, OverflowError)):
        return InvalidInput
    if isinstance(error, OSError):
        return StorageFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageUnavailable
    if isinstance(error, exc.TimeoutError):  # no connection of the pool became free
        return StorageUnavailable
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _POSTGRES.get(state) or _POSTGRES.get(state[:2]) or StorageError
    name = type(error).__name__  # psycopg's, which may be absent; these carry no SQLSTATE
    if name in ("OperationalError", "InterfaceError", "ConnectionTimeout"):
        return StorageUnavailable
    return InvalidInput if name == "DataError" else StorageError


def _sqlite_kind(error: sqlite3.Error, path: Path | None) -> type[AssayError]:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by the module itself, not by the library
        text = str(error)
        if "locked" in text:
            return StorageUnavailable
        return (
            InvalidInput if isinstance(error, (sqlite3.DataError, sqlite3.InterfaceError)) else StorageError
        )
    primary = code & 0xFF
    if primary in _FULL_DISK_LOOKS_LIKE and path is not None and _free(path) < _SCARCE:
        return StorageFull
    if primary == sqlite3.SQLITE_TOOBIG:
        return InvalidInput
    return _SQLITE.get(primary, StorageError)


def _free(path: Path) -> int:
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return _SCARCE
