"""Versions of the schema: creating it, bringing it up to date, refusing one from the future."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from assay.errors import Conflict
from assay.storage.sql.engine import Database, connect
from assay.storage.sql.tables import METADATA

__all__ = ["REVISIONS", "VERSION_TABLE", "migrate", "open_database", "revision"]

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every version of the schema, oldest first; known without importing the migrations, which takes time."""

VERSION_TABLE = "assay_schema"
_LOCK = 0x4173736179  # "Assay": the advisory lock of whoever migrates


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Open the database at `url`, creating its tables or bringing them up to date.

    Parameters
    ----------
    url : ``sqlite:////absolute/path.db`` or ``postgresql://user:password@host/name``.
    read_only : refuse every write; the schema must be up to date.

    Raises
    ------
    Conflict
        Where the schema is newer than this Assay, not Assay's at all, or old and `read_only` forbids
        bringing it up to date.
    InvalidInput, MissingExtra, StorageError
        Where `url` is wrong, a driver is absent, or the database fails.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = open_database(f"sqlite:///{folder}/assay.db")
    ...     database.ping()
    ...     database.close()
    """
    database = connect(url, read_only=read_only)
    try:
        with database.read() as connection:
            found = revision(connection)
        _check(found, read_only=read_only)
        if found != REVISIONS[-1]:
            migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def revision(connection: Connection) -> str | None:
    """Version of the schema; None for a database without one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own table's name
    return None if found is None else str(found)


def migrate(database: Database) -> None:
    """Bring the schema up to date, in one transaction; processes that start together take turns.

    Raises
    ------
    Conflict
        Where the schema is newer than this Assay, or a table of that name is not Assay's.
    """
    # Here and not above: every start would pay for it, and few starts need it.
    from alembic import command
    from alembic.config import Config

    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = revision(connection)
        _check(found, read_only=False)
        if found == REVISIONS[-1]:
            return
        if found is None:
            _check_unused(connection)
        config = Config()
        folder = Path(__file__).with_name("migrations")
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _check(found: str | None, *, read_only: bool) -> None:
    if found is not None and found not in REVISIONS:
        raise Conflict(
            f"the database has schema {found[:80]!r}, and this Assay knows those up to {REVISIONS[-1]!r}: "
            "it was written by a newer Assay; install that one"
        )
    if read_only and found != REVISIONS[-1]:
        raise Conflict("the database's schema is not up to date; open it for writing once")


def _check_unused(connection: Connection) -> None:
    taken = sorted(set(inspect(connection).get_table_names()) & set(METADATA.tables))
    if taken:
        raise Conflict(
            f"the database has a table {taken[0]!r} that is not Assay's; give Assay a database of its own"
        )
