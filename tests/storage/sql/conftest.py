from __future__ import annotations

from collections.abc import Iterator

import pytest

from assay.storage.sql import Database, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database: once SQLite's, once PostgreSQL's."""
    database = open_database(database_url)
    yield database
    database.close()
