"""Open databases for each test; the migrations are run once, and what they build is copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import PostgresServer, fresh_database

from assay.storage.sql import Database, open_database


@pytest.fixture(scope="session")
def built_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as the migrations leave it."""
    path = tmp_path_factory.mktemp("built") / "assay.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def built_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a database of PostgreSQL as the migrations leave it."""
    with fresh_database(postgres_server) as url:
        open_database(url).close()
        yield url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An open database that no other test sees: once SQLite's, once PostgreSQL's."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("built_file"), tmp_path / "assay.db")
        with closing(open_database(f"sqlite:///{path}")) as database:
            yield database
        return
    server = request.getfixturevalue("postgres_server")
    with (
        fresh_database(server, request.getfixturevalue("built_database")) as url,
        closing(open_database(url)) as database,
    ):
        yield database
