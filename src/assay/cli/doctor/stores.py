"""The stores: the database with the journal and the profiles, and the lake. They are read, never made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check
from assay.cli.doctor.clock import skew
from assay.domain.rendering import number
from assay.domain.time import SECOND
from assay.errors import AssayError, MissingExtra
from assay.runtime.settings import Settings

__all__ = ["stores"]

_CHECK_SECONDS: Final = 3.0
_STEPS: Final = 10_000
_LAG_SECONDS: Final = 60
_TABLES: Final = 200
_LAKE_SECONDS: Final = 3.0


def stores(settings: Settings) -> Iterator[Check]:
    """Look at the database and the lake."""
    if settings.database_url:
        yield from _postgres(settings.sql_url)
    else:
        yield from _sqlite(settings.data_dir / "assay.db")
    yield _lake(settings.lake_dir)


def _sqlite(path: Path) -> Iterator[Check]:
    if not path.exists():
        yield Check("database", OK, "there is none yet", "it is made with the first prediction")
        return
    from assay.storage.sql.untouched import address, untouched

    try:
        connection = sqlite3.connect(address(path), uri=True, timeout=2.0)
        try:
            yield _quick_check(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        yield _corrupt(str(error))
        return
    yield from _contents(untouched(path))


def _quick_check(connection: sqlite3.Connection) -> Check:
    """SQLite's own check, for three seconds at most."""
    until = time.monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return Check("database", OK, f"sound as far as {_CHECK_SECONDS:.0f} s of looking tell")
    finally:
        connection.set_progress_handler(None, 0)
    if found is None or found[0] != "ok":
        return _corrupt(str(found[0] if found else "no answer"))
    return Check("database", OK, f"SQLite {sqlite3.sqlite_version}, sound")


def _corrupt(what: str) -> Check:
    line = (what.strip().splitlines() or ["it cannot be read"])[0][:200]
    return Check(
        "database",
        FAILED,
        f"it does not read back: {line}",
        "stop Assay, keep a copy of the folder, and restore the database from a backup",
    )


def _postgres(url: str) -> Iterator[Check]:
    from assay.storage.sql.engine import connect

    try:
        database = connect(url, read_only=True)
    except MissingExtra as error:
        yield Check("database", FAILED, "PostgreSQL is named, and its driver is absent", str(error))
        return
    except AssayError as error:
        yield Check("database", FAILED, str(error), "correct ASSAY_DATABASE_URL")
        return
    try:
        try:
            with database.read() as connection:
                row = connection.exec_driver_sql(
                    "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp()),"
                    " has_schema_privilege(current_schema(), 'CREATE'), current_database(),"
                    " current_setting('server_version_num')::int, pg_is_in_recovery()"
                ).one()
        except AssayError as error:
            advice = "start PostgreSQL, or correct ASSAY_DATABASE_URL: its address, account and rights"
            yield Check("database", FAILED, str(error), advice)
            return
        yield _rights(row)
        yield skew(float(row[1]), whose="the database")
        yield from _contents(database)
    finally:
        database.close()


def _rights(row: Any) -> Check:
    told = f"PostgreSQL {row[0]}, database {str(row[3])[:60]}"
    if row[5]:
        return Check("database", FAILED, f"{told}: a standby, which only reads", "name the primary server")
    if not row[2]:
        advice = "let it, for Assay's tables: GRANT CREATE ON SCHEMA public TO the account"
        return Check("database", WARNING, f"{told}: the account may not make tables", advice)
    if int(row[4]) < 130_000:
        return Check("database", WARNING, f"{told} is old", "use PostgreSQL 15 or newer")
    return Check("database", OK, told)


def _contents(database: Any) -> Iterator[Check]:
    """Schema, journal and profiles."""
    from assay.storage.sql import SqlJournal, SqlProfiles
    from assay.storage.sql.schema import REVISIONS, revision

    try:
        with database.read() as connection:
            found = revision(connection)
        yield _schema(found, REVISIONS)
        if found != REVISIONS[-1]:
            return
        rows, oldest = SqlJournal(database).backlog(after=SqlProfiles(database).position())
    except AssayError as error:
        yield Check("schema", FAILED, str(error), "see the database above")
        return
    finally:
        database.close()
    seconds = max(0.0, time.time() - oldest / SECOND) if rows else 0.0
    figures = {"lag_rows": float(rows), "lag_seconds": round(seconds, 1)}
    if seconds > _LAG_SECONDS:
        told = f"{number(rows)} rows are not in the profiles yet, the oldest came {seconds:.0f} s ago"
        advice = "a running server or the next look at the model works them up; if it does not, see its log"
        yield Check("journal", WARNING, told, advice, figures)
    else:
        told = "all of it is in the profiles" if not rows else f"{number(rows)} rows on their way"
        yield Check("journal", OK, told, figures=figures)


def _schema(found: str | None, known: tuple[str, ...]) -> Check:
    if found is None:
        return Check("schema", OK, "there is none yet", "it is made with the first start")
    if found not in known:
        told = f"{found[:40]!r}, and this Assay knows those up to {known[-1]!r}"
        return Check("schema", FAILED, told, "it was written by a newer Assay; install that one")
    if found != known[-1]:
        return Check("schema", OK, f"{found}; the next start brings it to {known[-1]}")
    return Check("schema", OK, f"{found}, up to date")


def _lake(root: Path) -> Check:
    """Whether the tables of the lake can be opened and their files are there."""
    if not root.is_dir():
        return Check("lake", OK, "there is none yet", "it is made with the first prediction")
    from deltalake import DeltaTable

    until = time.monotonic() + _LAKE_SECONDS
    logs = sorted(root.glob("*/*/_delta_log"))
    looked, files, size = 0, 0, 0
    for log in logs[:_TABLES]:
        if time.monotonic() > until:
            break
        table = log.parent
        name = str(table.relative_to(root))[:80]
        try:
            paths = [Path(path) for path in DeltaTable(str(table)).file_uris()]
            sizes = [path.stat().st_size for path in paths]
        except Exception as error:  # noqa: BLE001 - what a broken table raises is anybody's guess
            what = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
            advice = "keep a copy of the folder, and restore the table from a backup"
            return Check("lake", FAILED, f"the table {name} cannot be read: {what}", advice)
        looked, files, size = looked + 1, files + len(paths), size + sum(sizes)
    part = "" if looked == len(logs) else f" of {number(len(logs))}, the others were not looked at"
    told = f"{number(looked)} tables with {number(files)} files, {size / 1e6:.1f} MB{part}"
    return Check(
        "lake", OK, told, figures={"tables": float(looked), "files": float(files), "bytes": float(size)}
    )
