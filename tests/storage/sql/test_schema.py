"""The two roads to a schema lead to the same place; what is not ours is left alone."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, inspect, text, update

import assay.storage.sql as package
from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.errors import Conflict, InvalidInput, StorageCorrupt, StorageError, StorageUnavailable
from assay.storage.sql import Database, SqlJournal, open_database
from assay.storage.sql.engine import connect
from assay.storage.sql.schema import REVISIONS, VERSION_TABLE
from assay.storage.sql.tables import METADATA

MIGRATIONS = Path(package.__file__).with_name("migrations")

POSTGRES_CATALOGUE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage, l.collname,
       a.attnum, pg_get_expr(d.adbin, d.adrelid)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_collation l ON l.oid = a.attcollation
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
UNION ALL
SELECT tablename, indexname, indexdef, NULL, NULL, NULL, 0, NULL FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL, 0, NULL
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


def catalogue(database: Database) -> set[tuple[object, ...]]:
    """Everything that the database itself says of our tables."""
    with database.read() as connection:
        if not database.is_sqlite:
            rows = connection.execute(text(POSTGRES_CATALOGUE))
            return {tuple(row) for row in rows if not str(row[0]).startswith(VERSION_TABLE)}
        rows = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master"))
        return {
            (kind, name, table, re.sub(r"\s+", " ", sql or "").strip())
            for kind, name, table, sql in rows
            if table != VERSION_TABLE
        }


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(table.select())]
            for name, table in METADATA.tables.items()
        }


def test_a_fresh_schema_and_a_migrated_one_are_equal(new_database_url: Callable[[], str]) -> None:
    migrated = open_database(new_database_url())
    fresh = connect(new_database_url())
    with fresh.write() as connection:
        METADATA.create_all(connection)
    assert catalogue(fresh) == catalogue(migrated)
    assert len(catalogue(fresh)) > len(METADATA.tables)
    assert contents(fresh) == contents(migrated)
    migrated.close()
    fresh.close()


def test_the_tables_say_what_the_migrations_built(database: Database) -> None:
    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name == VERSION_TABLE)

    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []


def test_the_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    assert tuple(step.revision for step in reversed(list(script.walk_revisions()))) == REVISIONS
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert path.name == "__init__.py" or re.fullmatch(r"v\d{4}_[a-z_]+\.py", path.name)


def test_opening_again_changes_nothing(database_url: str) -> None:
    first = open_database(database_url)
    SqlJournal(first).append([Entry("m", Kind.LABELS, b"x", 1)], now=1)
    before = contents(first)
    first.close()
    again = open_database(database_url)
    assert contents(again) == before
    again.close()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    database.close()
    for read_only in (False, True):
        with pytest.raises(Conflict, match=r"'9999'.*newer Assay"):
            open_database(database_url, read_only=read_only)


def test_somebody_elses_tables_are_left_alone(database_url: str) -> None:
    database = connect(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE models (id integer)"))
        connection.execute(text("INSERT INTO models VALUES (7)"))
    with pytest.raises(Conflict, match="'models'"):
        open_database(database_url)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["models"]
        assert connection.execute(text("SELECT id FROM models")).scalar_one() == 7
    database.close()


def test_a_failed_migration_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import alembic.command

    def halfway(config: Config, _revision: str) -> None:
        config.attributes["connection"].execute(text("CREATE TABLE models (id integer)"))
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(alembic.command, "upgrade", halfway)
        with pytest.raises(StorageUnavailable):
            open_database(database_url)
    open_database(database_url).close()


def test_many_open_a_new_database_at_once(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        databases = list(pool.map(lambda _: open_database(database_url), range(4)))
    for database in databases:
        assert SqlJournal(database).head() == 0
        database.close()


def test_reading_only(database_url: str) -> None:
    with pytest.raises((Conflict, StorageUnavailable)):
        open_database(database_url, read_only=True)
    writer = open_database(database_url)
    reader = open_database(database_url, read_only=True)
    SqlJournal(writer).append([Entry("m", Kind.LABELS, b"x", 1)], now=1)
    assert SqlJournal(reader).head() == 1
    with pytest.raises(StorageUnavailable, match="reading only"):
        SqlJournal(reader).append([Entry("m", Kind.LABELS, b"x", 1)], now=1)
    assert SqlJournal(writer).head() == 1
    reader.close()
    writer.close()


def test_sqlite_is_set_up_for_durability(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "busy_timeout",
                "temp_store",
                "page_size",
            )
        }
    full, memory = 2, 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "temp_store": memory,
        "page_size": 8192,
    }
    database.close()


def test_a_start_does_not_load_the_migrations(sqlite_url: str) -> None:
    open_database(sqlite_url).close()
    code = (
        "import sys; from assay.storage.sql import open_database; "
        "open_database(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code, sqlite_url], check=True, capture_output=True, text=True)
    assert run.stdout == "False\n"


def test_the_size_grows(database: Database) -> None:
    before = database.size_bytes()
    SqlJournal(database).append([Entry("m", Kind.LABELS, bytes(2_000_000), 1)], now=1)
    assert database.size_bytes() - before > 1_000_000
    database.ping()


def test_a_closed_database_says_so(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        database.ping()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_urls_that_name_no_database(url: str) -> None:
    with pytest.raises(InvalidInput):
        open_database(url)


def test_a_url_that_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as raised:
        open_database("postgresql//assay:secret@host")
    assert "secret" not in str(raised.value)


def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20ü#x?y=1"
    database = open_database(f"sqlite:///{folder}/my ä.db")
    assert SqlJournal(database).head() == 0
    database.close()
    assert (folder / "my ä.db").exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "assay.db"
    path.write_bytes(b"something else entirely " * 1_000)
    with pytest.raises(StorageCorrupt):
        open_database(f"sqlite:///{path}")


def test_a_damaged_database(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    SqlJournal(database).append([Entry("m", Kind.LABELS, bytes(100_000), 1)], now=1)
    database.close()
    path = tmp_path / "assay.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)  # all pages but the first
    path.write_bytes(data)
    with pytest.raises(StorageCorrupt):
        open_database(sqlite_url)


def test_sqlite_checks_foreign_keys(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    batches = Table("journal_batches", MetaData(), autoload_with=database._engine)
    with pytest.raises(StorageError), database.write() as connection:
        connection.execute(
            batches.insert().values(position=1, stream_id=99, rows=1, appended_at=1, payload=b"x")
        )
    with database.write() as connection:
        assert connection.execute(update(batches).values(rows=2)).rowcount == 0
    database.close()


def test_another_program_can_read_the_file_meanwhile(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    SqlJournal(database).append([Entry("m", Kind.LABELS, b"x", 3)], now=1)
    other = sqlite3.connect(tmp_path / "assay.db")
    assert other.execute("SELECT sum(rows) FROM journal_batches").fetchone() == (3,)
    other.close()
    database.close()


def test_a_reading_transaction_sees_one_state(database: Database) -> None:
    heads = text("SELECT position FROM journal_head")
    with database.read() as connection:
        assert connection.execute(heads).scalar_one() == 0
        SqlJournal(database).append([Entry("m", Kind.LABELS, b"x", 1)], now=1)
        assert connection.execute(heads).scalar_one() == 0
    with database.read() as connection:
        assert connection.execute(heads).scalar_one() == 1


@pytest.mark.postgres
def test_reading_on_postgres_cannot_write(postgres_url: str) -> None:
    database = open_database(postgres_url)

    def write() -> None:
        with database.read() as connection:
            connection.execute(text("UPDATE journal_head SET position = 9"))

    with pytest.raises(StorageUnavailable):
        write()
    assert SqlJournal(database).append([Entry("m", Kind.LABELS, b"x", 1)], now=1)[0].position == 1
    database.close()


def test_an_older_schema_is_brought_up_to_date(database_url: str) -> None:
    from alembic import command

    older = connect(database_url)
    with older.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, REVISIONS[0])
    SqlJournal(older).append([Entry("m", Kind.LABELS, b"kept", 1)], now=1)
    older.close()
    with pytest.raises(Conflict, match="open it for writing"):
        open_database(database_url, read_only=True)
    database = open_database(database_url)
    assert [batch.payload for batch in SqlJournal(database).read(after=0)] == [b"kept"]
    database.close()
