"""Run as a program, with failing_disk.c loaded: what is refused while fsync fails must not come back.

Arguments: the database's URL, and the file whose presence makes fsync fail.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.errors import StorageUnavailable
from assay.storage.sql import SqlJournal, open_database


def main(url: str, flag: str) -> None:
    database = open_database(url)
    journal = SqlJournal(database)
    acknowledged: list[int | None] = []

    def append(size: int) -> None:
        [receipt] = journal.append([Entry("m", Kind.LABELS, os.urandom(size), 1, os.urandom(8).hex())], now=1)
        acknowledged.append(receipt.position)

    append(100)
    Path(flag).touch()
    for size in (100, 100, 500_000):
        try:
            append(size)
        except StorageUnavailable:
            pass
        else:
            raise AssertionError("acknowledged although fsync failed")
        assert [batch.position for batch in journal.read(after=0)] == acknowledged
        assert journal.head() == 1
    Path(flag).unlink()
    append(100)
    append(500_000)
    assert acknowledged == [1, 2, 3]
    os.kill(os.getpid(), 9)  # the next to open it finds the log as it is


if __name__ == "__main__":
    main(*sys.argv[1:])
