"""A database: connections, transactions and their failures, the same for SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, RootTransaction, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from assay.errors import InvalidInput, MissingExtra, StorageUnavailable
from assay.storage.sql.commit_check import transaction_number, was_committed
from assay.storage.sql.errors import translate

__all__ = ["Database", "connect"]

_SQLITE = "sqlite:///"
_PATIENCE = 30.0  # seconds to wait for a lock
_POOL = 8
_OVERFLOW = 24
_PAGE = 8192  # batches are larger than rows usually are; halves the pages that a commit writes
_CHECKPOINT = 2_000  # pages: 16 MB of log, then it is copied into the database

_POSTGRES_OPTIONS: dict[str, Any] = {
    "connect_timeout": 10,
    "application_name": "assay",
    # A stuck process must not hold the journal's lock for ever.
    "options": "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s -c TimeZone=UTC",
}
_SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_FAILURES = (SQLAlchemyError, sqlite3.Error, OSError, UnicodeError, OverflowError)


class Database:
    """An open database. Every method may be called from any thread.

    Attributes
    ----------
    path : the SQLite file; None for PostgreSQL.
    read_only : whether writing is refused.
    """

    def __init__(self, engine: Engine, *, path: Path | None, read_only: bool) -> None:
        self._engine = engine
        self._closed = False
        # SQLite's own waiting polls, up to 100 ms a time; threads of one process queue here instead.
        self._writer = threading.Lock()
        self.path = path
        self.read_only = read_only

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite rather than PostgreSQL."""
        return self._engine.dialect.name == "sqlite"

    def insert(self, table: Any) -> Any:
        """Return an INSERT that knows ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads; it sees one state of the database throughout.

        Raises
        ------
        StorageError
            What the database's failure amounts to.
        """
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes, and commit it to disk at the end unless an error leaves the block.

        On SQLite it takes the write lock at once, so that what it reads stays true.

        Raises
        ------
        StorageFull, StorageUnavailable, StorageCorrupt
            Nothing was written.
        """
        if self.read_only:
            raise StorageUnavailable("the database was opened for reading only; open it for writing")
        if not self.is_sqlite:
            with self._transaction(writes=True) as connection:
                yield connection
            return
        if not self._writer.acquire(timeout=_PATIENCE):
            raise StorageUnavailable(f"the database was busy for {_PATIENCE:.0f} s; try again")
        try:
            with self._transaction(writes=True) as connection:
                yield connection
        finally:
            self._writer.release()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        if self._closed:
            raise StorageUnavailable("the database is closed; open it again")
        # After a failure SQLite's connection goes back into the pool. To close it would be wrong: whoever
        # opened the file next would read the log anew, and find there the transaction whose fsync failed.
        try:
            with self._engine.connect() as pooled:
                options = _SNAPSHOT if not (writes or self.is_sqlite) else {"assay_writes": writes}
                connection = pooled.execution_options(**options)
                with connection.begin() as transaction:
                    yield connection
                    if writes and not self.is_sqlite:
                        self._commit(connection, transaction)
        except _FAILURES as error:
            raise translate(error, path=self.path) from error

    def _commit(self, connection: Connection, transaction: RootTransaction) -> None:
        """Commit on PostgreSQL, where a broken connection does not mean a broken transaction."""
        number = transaction_number(connection)
        try:
            transaction.commit()
        except SQLAlchemyError:
            connection.invalidate()
            if number is None or not was_committed(self._engine, number):
                raise

    def ping(self) -> None:
        """Return if the database answers.

        Raises
        ------
        StorageError
            Where it does not.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1")).scalar_one()

    def vacuum(self) -> None:
        """Write the database anew without what deleted rows have left behind in it.

        On SQLite the files hold nothing of them afterwards; on PostgreSQL its own VACUUM runs, and what the
        server's log and backups hold is for those who run it to say.

        Raises
        ------
        StorageError
            What the database's failure amounts to.
        """
        if not self._writer.acquire(timeout=_PATIENCE):
            raise StorageUnavailable(f"the database was busy for {_PATIENCE:.0f} s; try again")
        try:
            with self._engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None  # noqa: S101 - connected
                if self.is_sqlite:
                    driver.execute("VACUUM")
                    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                else:
                    driver.autocommit = True
                    try:
                        driver.execute("VACUUM")
                    finally:
                        driver.autocommit = False
        except _FAILURES as error:
            raise translate(error, path=self.path) from error
        finally:
            self._writer.release()

    def size_bytes(self) -> int:
        """Bytes that the database takes on disk, its write-ahead log included on SQLite."""
        if self.path is None:
            with self.read() as connection:
                return int(
                    connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
                )
        files = (self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close all connections. Closing twice is no error; using a closed database is one."""
        self._closed = True
        self._engine.dispose()


def connect(url: str, *, read_only: bool = False) -> Database:
    """Make a :class:`Database` of `url`, without looking at its schema.

    Parameters
    ----------
    url : ``sqlite:////absolute/path.db`` or ``postgresql://user:password@host/name``.
    read_only : refuse every write.

    Raises
    ------
    InvalidInput
        Where `url` names no database that Assay knows.
    MissingExtra
        Where the PostgreSQL driver is not installed.
    """
    if url.startswith(_SQLITE):  # the path as it stands: a file may be named "50%20?"
        return _sqlite(url.removeprefix(_SQLITE), read_only=read_only)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidInput(
            "the database's URL cannot be read; write sqlite:////absolute/path.db or postgresql://user@host/name"
        ) from None
    match parsed.get_backend_name():
        case "postgresql" | "postgres":
            return _postgres(parsed, read_only=read_only)
        case other:
            raise InvalidInput(
                f"{other[:80]!r} is no database that Assay knows; write sqlite:////absolute/path.db or "
                "postgresql://user@host/name"
            )


def _sqlite(name: str, *, read_only: bool) -> Database:
    if not name or name.startswith(":memory:"):
        raise InvalidInput("SQLite needs a file here; write sqlite:////absolute/path.db")
    path = Path(name).absolute()
    if not read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise translate(error, path=path.parent) from error
    target = path.as_uri() + ("?mode=ro" if read_only else "?mode=rwc")

    def creator() -> sqlite3.Connection:
        return sqlite3.connect(
            target,
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    engine = create_engine(
        "sqlite://",
        creator=creator,
        poolclass=QueuePool,
        pool_size=_POOL,
        max_overflow=_OVERFLOW,
        pool_timeout=_PATIENCE,
    )
    pragmas = (
        ["query_only=ON"] if read_only else [f"page_size={_PAGE}", "journal_mode=WAL", "synchronous=FULL"]
    )
    pragmas += [
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-8000",
        f"wal_autocheckpoint={_CHECKPOINT}",
    ]

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute("PRAGMA " + pragma).close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("assay_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, path=path, read_only=read_only)


def _postgres(url: URL, *, read_only: bool) -> Database:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=_POSTGRES_OPTIONS,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=_PATIENCE,
            pool_pre_ping=True,  # a restarted server is met with a new connection, not with an error
        )
    except ImportError:
        raise MissingExtra.of("postgres", purpose="a PostgreSQL database") from None
    return Database(engine, path=None, read_only=read_only)
