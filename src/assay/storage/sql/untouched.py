"""An SQLite file that is only looked at: nothing is made beside it, nothing waits long."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from assay.storage.sql.engine import Database

__all__ = ["address", "untouched"]

_PATIENCE: Final = 2.0


def address(path: Path) -> str:
    """Return the URI under which SQLite opens the file without making any other.

    Even to read, SQLite makes a log's index beside the file. Where there is no log, nobody has the file
    open for writing, and it can be read as it lies there.
    """
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    return f"file:{quote(str(path.absolute()))}?{mode}"


def untouched(path: Path) -> Database:
    """Open an SQLite file to look at it; its schema may be any.

    Raises
    ------
    StorageError
        At the first reading, where it is no database or does not read back.
    """
    uri = address(path)
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None),
        poolclass=NullPool,
    )
    return Database(engine, path=path, read_only=True)
