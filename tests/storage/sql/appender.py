"""Run as a program: appends batches until it is done or killed, and keeps a ledger of what was acknowledged.

Arguments: the database's URL, the writer's name, number of appends, the ledger.
"""

from __future__ import annotations

import hashlib
import os
import sys

from assay.domain.batch import Entry
from assay.domain.columns import Kind
from assay.storage.sql import SqlJournal, open_database


def payload(name: str, turn: int, item: int) -> bytes:
    """Bytes that tell of themselves whether they are whole; the larger ones take many pages."""
    head = f"{name} {turn} {item} ".encode()
    body = hashlib.blake2b(head).digest() * (500 if turn % 7 == 0 else 5)
    return head + body


def main(url: str, name: str, turns: str, ledger: str) -> None:
    database = open_database(url)
    journal = SqlJournal(database)
    file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"ready\n")
    for turn in range(int(turns)):
        entries = [Entry(name, Kind.LABELS, payload(name, turn, item), 1) for item in range(turn % 3 + 1)]
        receipts = journal.append(entries, now=1)
        lines = [f"{receipt.position} {turn} {item}\n" for item, receipt in enumerate(receipts)]
        os.write(file, "".join(lines).encode())
    os.write(file, b"done\n")
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
