"""Full disks, locks, lost connections and values that no database holds: one kind of error for each."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, exc, text

from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.domain.model import Model
from assay.domain.profile import ProfileChange, ProfileKey, ProfileKind, WaitingLabel
from assay.domain.time import Granularity
from assay.errors import (
    InvalidInput,
    MissingExtra,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from assay.storage.sql import Database, SqlJournal, SqlProfiles, SqlRegistry, engine, open_database
from assay.storage.sql.errors import translate

MEGABYTE = 1 << 20


def entry(size: int = 1, key: str | None = None) -> Entry:
    return Entry("m", Kind.LABELS, os.urandom(size), 1, key, b"body", b"answer")


def fill(journal: SqlJournal, size: int) -> list[int]:
    """Append until the disk is full; return the positions acknowledged."""
    positions: list[int] = []

    def append_for_ever() -> None:
        while len(positions) < 1_000:
            positions.extend(receipt.position or 0 for receipt in journal.append([entry(size)], now=1))

    with pytest.raises(StorageFull, match="free some space") as raised:
        append_for_ever()
    assert raised.value.__cause__ is not None
    return positions


def works_again(journal: SqlJournal, acknowledged: list[int]) -> None:
    """What was acknowledged is there and nothing else, and appending goes on."""
    assert [batch.position for batch in journal.read(after=0)] == acknowledged
    assert journal.head() == acknowledged[-1]
    [receipt] = journal.append([entry(MEGABYTE // 2)], now=1)
    assert receipt.position == acknowledged[-1] + 1


# -- SQLite --------------------------------------------------------------------------------------------


def test_sqlite_may_not_grow(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    limit = [2 * MEGABYTE // 8192]

    @event.listens_for(database._engine, "begin")
    def allow(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit[0]}").close()

    journal, profiles = SqlJournal(database), SqlProfiles(database)
    acknowledged = fill(journal, 100_000)
    assert len(acknowledged) > 5
    # A key and a stream first met in what failed are not remembered.
    with pytest.raises(StorageFull):
        journal.append([Entry("new", Kind.LABELS, os.urandom(200_000), 1, "k", b"b", b"r")], now=1)
    key = ProfileKey("new", "1", ProfileKind.TRAFFIC, Granularity.HOUR, 0)
    with pytest.raises(StorageFull):
        profiles.commit(ProfileChange(0, 9, upserts={key: os.urandom(200_000)}))
    assert profiles.position() == 0
    assert profiles.get([key]) == {}
    limit[0] = 64 * MEGABYTE // 8192
    works_again(journal, acknowledged)
    [receipt] = journal.append([Entry("new", Kind.LABELS, b"x", 1, "k", b"b", b"r")], now=1)
    assert receipt.position is not None
    profiles.commit(ProfileChange(0, 9, upserts={key: b"x"}))
    database.close()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mount = subprocess.run(command, check=False, capture_output=True)
    if mount.returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def enlarge(folder: Path, megabytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(folder)], check=True)


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs the right to mount a small disk"
)
def test_sqlite_on_a_disk_that_fills_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 4):
        database = open_database(f"sqlite:///{disk}/assay.db")
        journal = SqlJournal(database)
        acknowledged = fill(journal, 200_000)
        assert len(acknowledged) > 3
        for _ in range(3):
            with pytest.raises(StorageFull):
                journal.append([entry(MEGABYTE)], now=1)
            assert [batch.position for batch in journal.read(after=0)] == acknowledged
        database.ping()
        enlarge(disk, 32)
        works_again(journal, acknowledged)
        database.close()


@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs the right to mount a small disk"
)
def test_sqlite_opened_on_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 1):
        filler = disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(bytes(2 * MEGABYTE))
        with pytest.raises(StorageFull):
            open_database(f"sqlite:///{disk}/assay.db")
        filler.unlink()
        database = open_database(f"sqlite:///{disk}/assay.db")
        assert SqlJournal(database).append([entry()], now=1)[0].position == 1
        database.close()


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler")
def test_sqlite_while_fsync_fails(sqlite_url: str, tmp_path: Path) -> None:
    library, here = tmp_path / "failing_disk.so", Path(__file__).parent
    compile_ = ["cc", "-shared", "-fPIC", "-o", str(library), str(here / "failing_disk.c"), "-ldl"]
    subprocess.run(compile_, check=True)
    flag = tmp_path / "flag"
    run = subprocess.run(
        [sys.executable, str(here / "failing_disk.py"), sqlite_url, str(flag)],
        env=os.environ | {"LD_PRELOAD": str(library), "FAIL_WHILE": str(flag)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    database = open_database(sqlite_url)
    assert [batch.position for batch in SqlJournal(database).read(after=0)] == [1, 2, 3]
    database.close()


def test_sqlite_locked_by_another_program(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PATIENCE", 0.2)
    database = open_database(sqlite_url)
    journal = SqlJournal(database)
    other = sqlite3.connect(tmp_path / "assay.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="try again"):
        journal.append([entry()], now=1)
    assert journal.head() == 0
    other.execute("ROLLBACK")
    other.close()
    assert journal.append([entry()], now=1)[0].position == 1
    database.close()


def test_sqlite_busy_in_this_process(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PATIENCE", 0.1)
    database = open_database(sqlite_url)
    journal = SqlJournal(database)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write():
            inside.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(30)
    with pytest.raises(StorageUnavailable, match="busy"):
        journal.append([entry()], now=1)
    assert journal.read(after=0) == []  # reading goes on
    leave.set()
    holder.join()
    assert journal.append([entry()], now=1)[0].position == 1
    database.close()


def test_sqlite_in_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        open_database(f"sqlite:///{tmp_path}/file/assay.db")


def test_sqlite_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        open_database(f"sqlite:///{tmp_path}")


# -- both ----------------------------------------------------------------------------------------------


def test_an_error_in_a_transaction_undoes_it(database: Database) -> None:
    registry = SqlRegistry(database)

    def half() -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE journal_head SET position = 7"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert SqlJournal(database).head() == 0
    registry.put(Model("m"))
    assert registry.get("m") == Model("m")


@pytest.mark.parametrize("name", ["half \ud800", "\udfff"])
def test_text_that_no_database_holds(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput):
        SqlRegistry(database).put(Model(name))
    with pytest.raises(InvalidInput):
        SqlJournal(database).append([Entry(name, Kind.LABELS, b"x", 1)], now=1)
    assert SqlJournal(database).append([entry()], now=1)[0].position == 1


@pytest.mark.postgres
def test_postgres_holds_no_nul(postgres_url: str) -> None:
    database = open_database(postgres_url)
    label = WaitingLabel("m", "a\0b", 1, 1, b"")
    with pytest.raises(InvalidInput, match="NUL"):
        SqlProfiles(database).commit(ProfileChange(0, 1, waiting=(label,)))
    assert SqlProfiles(database).position() == 0
    database.close()


def test_numbers_that_no_database_holds(database: Database) -> None:
    with pytest.raises(InvalidInput):
        SqlJournal(database).append([entry()], now=2**63)
    assert SqlJournal(database).head() == 0


def test_any_key_will_do(database: Database) -> None:
    journal = SqlJournal(database)
    for key in ("", "a\0b", "half \ud800", "k" * 100_000):
        assert journal.append([entry(key=key)], now=1)[0].position is not None
        assert journal.append([entry(key=key)], now=1)[0].replayed


# -- PostgreSQL ----------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_postgres_cuts_the_connections(postgres_url: str, postgres_server: Any) -> None:
    database = open_database(postgres_url)
    journal = SqlJournal(database)
    journal.append([entry()], now=1)
    name = postgres_url.rsplit("/", 1)[1]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres_server.execute(cut)
    assert journal.append([entry()], now=1)[0].position == 2  # between two requests nobody notices

    def half() -> None:
        with database.write() as connection:
            connection.execute(text("UPDATE journal_head SET position = 99"))
            postgres_server.execute(cut)

    with pytest.raises(StorageUnavailable):
        half()
    assert journal.append([entry()], now=1)[0].position == 3
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("committed", [True, False])
def test_postgres_breaks_off_during_the_commit(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    import psycopg

    database = open_database(postgres_url)
    journal = SqlJournal(database)
    journal.append([entry()], now=1)
    dialect = database._engine.dialect
    commit = dialect.do_commit

    def broken(connection: Any) -> None:
        if committed:
            commit(connection)
        connection.dbapi_connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(dialect, "do_commit", broken)
        if committed:
            assert journal.append([entry()], now=1)[0].position == 2
        else:
            with pytest.raises(StorageUnavailable):
                journal.append([entry()], now=1)
    assert len(journal.read(after=0)) == journal.head() == (2 if committed else 1)
    database.close()


@pytest.mark.postgres
def test_postgres_waits_for_a_lock_no_longer_than_it_is_told(postgres_url: str) -> None:
    database = open_database(postgres_url)
    journal = SqlJournal(database)

    def lock() -> None:
        with database.write() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            connection.execute(text("SELECT position FROM journal_head FOR UPDATE"))

    with database.write() as holder:
        holder.execute(text("SELECT position FROM journal_head FOR UPDATE"))
        with pytest.raises(StorageUnavailable):
            lock()
    assert journal.append([entry()], now=1)[0].position == 1
    database.close()


@pytest.mark.postgres
@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs the right to mount a small disk"
)
def test_postgres_on_a_disk_that_fills_up(postgres_server: Any) -> None:
    from sqlalchemy import make_url

    server = postgres_server
    disk = server.folder / "disk"
    execute = server.execute
    with small_disk(disk, 24):
        place = disk / "space"
        place.mkdir()
        owner = server.folder.stat().st_uid
        os.chown(place, owner, -1)
        place.chmod(0o700)
        execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        execute("CREATE DATABASE on_small_disk TABLESPACE small")
        url = make_url(server.url()).set(database="on_small_disk")
        database = open_database(url.render_as_string(hide_password=False))
        journal = SqlJournal(database)
        acknowledged = fill(journal, MEGABYTE)
        assert len(acknowledged) > 3
        enlarge(disk, 96)
        works_again(journal, acknowledged)
        database.close()
        execute("DROP DATABASE on_small_disk WITH (FORCE)")
        execute("DROP TABLESPACE small")


@pytest.mark.postgres
def test_postgres_that_is_not_there(postgres_server: Any) -> None:
    with pytest.raises(StorageUnavailable):
        open_database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StorageUnavailable):
        open_database(postgres_server.url("no_such_database"))


def test_postgres_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"assay\[postgres\]"):
        open_database("postgresql://nobody@127.0.0.1:1/nothing")


# -- translation ---------------------------------------------------------------------------------------


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageUnavailable),
        (sqlite3.SQLITE_LOCKED, StorageUnavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageUnavailable),
        (sqlite3.SQLITE_IOERR_WRITE, StorageUnavailable),
        (sqlite3.SQLITE_CANTOPEN, StorageUnavailable),
        (sqlite3.SQLITE_CORRUPT, StorageCorrupt),
        (sqlite3.SQLITE_IOERR_CORRUPTFS, StorageUnavailable),
        (sqlite3.SQLITE_NOTADB, StorageCorrupt),
        (sqlite3.SQLITE_TOOBIG, InvalidInput),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, StorageError),
    ],
)
def test_sqlite_codes(code: int, kind: type[Exception], tmp_path: Path) -> None:
    assert type(translate(sqlite_error(code), path=tmp_path / "assay.db")) is kind
    wrapped = exc.OperationalError("INSERT", None, sqlite_error(code))
    assert type(translate(wrapped, path=tmp_path / "assay.db")) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [(28, StorageFull), (122, StorageFull), (5, StorageUnavailable), (13, StorageUnavailable)],
)
def test_system_errors(number: int, kind: type[Exception]) -> None:
    assert type(translate(OSError(number, os.strerror(number)))) is kind


@pytest.mark.postgres
def test_every_postgres_state_has_a_kind() -> None:
    import psycopg.errors

    expected = {
        "DiskFull": StorageFull,
        "OutOfMemory": StorageUnavailable,
        "TooManyConnections": StorageUnavailable,
        "AdminShutdown": StorageUnavailable,
        "DeadlockDetected": StorageUnavailable,
        "SerializationFailure": StorageUnavailable,
        "LockNotAvailable": StorageUnavailable,
        "IoError": StorageUnavailable,
        "ReadOnlySqlTransaction": StorageUnavailable,
        "DataCorrupted": StorageCorrupt,
        "IndexCorrupted": StorageCorrupt,
        "NumericValueOutOfRange": InvalidInput,
        "UntranslatableCharacter": InvalidInput,
        "UndefinedTable": StorageError,
        "ForeignKeyViolation": StorageError,
    }
    for name, kind in expected.items():
        error = getattr(psycopg.errors, name)("what the server said")
        assert type(translate(exc.DBAPIError.instance("", None, error, psycopg.Error))) is kind, name


def test_messages_say_what_and_what_to_do() -> None:
    message = translate(sqlite_error(sqlite3.SQLITE_FULL)).message
    assert "disk I/O error" in message
    assert "free some space" in message
