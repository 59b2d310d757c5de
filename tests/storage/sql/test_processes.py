"""Several processes on one database, and processes that die."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assay.domain.batch import JournalBatch
from assay.storage.sql import Database, SqlJournal, open_database

APPENDER = Path(__file__).with_name("appender.py")
PATIENCE = 60


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database that the other processes open by `database_url`."""
    with closing(open_database(database_url)) as database:
        yield database


class Writer:
    """One process that appends, and its ledger."""

    def __init__(self, url: str, name: str, turns: int, folder: Path) -> None:
        self.name = name
        self.ledger = folder / f"{name}.ledger"
        command = [sys.executable, str(APPENDER), url, name, str(turns), str(self.ledger)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE)

    def lines(self) -> list[str]:
        text = self.ledger.read_text() if self.ledger.exists() else ""
        return text[: text.rfind("\n") + 1].splitlines()

    def acknowledged(self) -> dict[int, tuple[int, int]]:
        """Position to (turn, item)."""
        numbers = (line.split() for line in self.lines() if line[0].isdigit())
        return {int(position): (int(turn), int(item)) for position, turn, item in numbers}

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self.lines()) < count:
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def finish(self) -> None:
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, errors.decode()
        assert self.lines()[-1] == "done"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


def check(writers: list[Writer], batches: list[JournalBatch]) -> None:
    """Everything acknowledged is there, once and whole; what is there besides is whole too."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("appender", APPENDER)
    assert spec is not None
    assert spec.loader is not None
    appender = module_from_spec(spec)
    spec.loader.exec_module(appender)

    at = {batch.position: batch for batch in batches}
    assert len(at) == len(batches)
    seen = set()
    for batch in batches:
        name, turn, item = batch.payload.split(b" ", 3)[:3]
        assert batch.payload == appender.payload(name.decode(), int(turn), int(item))
        assert batch.model_id == name.decode()
        seen.add((name, turn, item))
    assert len(seen) == len(batches)
    for writer in writers:
        for position, (turn, item) in writer.acknowledged().items():
            assert at[position].payload == appender.payload(writer.name, turn, item)


def follow(journal: SqlJournal, writers: list[Writer]) -> list[JournalBatch]:
    """Read along until all `writers` have ended, never looking back."""
    found: list[JournalBatch] = []
    while True:
        ended = all(writer.process.poll() is not None for writer in writers)
        batches = journal.read(after=found[-1].position if found else 0, max_bytes=50_000)
        found += batches
        if ended and not batches:
            return found


def test_processes_append_and_a_reader_misses_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    journal = SqlJournal(database)
    turns = 60
    writers = [Writer(database_url, f"writer{number}", turns, tmp_path) for number in range(3)]
    found = follow(journal, writers)
    for writer in writers:
        writer.finish()
    check(writers, found)
    assert found == journal.read(after=0)
    assert len(found) == 3 * sum(turn % 3 + 1 for turn in range(turns))
    assert [batch.position for batch in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_processes_lose_nothing_that_was_acknowledged(
    database: Database, database_url: str, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    writers = [Writer(database_url, f"writer{number}", 1_000_000, tmp_path) for number in range(2)]
    for writer in writers:
        writer.wait_for(rng.randint(20, 60))
    for writer in writers:
        time.sleep(rng.random() / 50)
        writer.kill()
    journal = SqlJournal(database)
    survivor = Writer(database_url, "survivor", 5, tmp_path)
    survivor.finish()
    assert all(len(writer.acknowledged()) >= 20 for writer in writers)
    check([*writers, survivor], journal.read(after=0))
    assert max(survivor.acknowledged()) == journal.head()
