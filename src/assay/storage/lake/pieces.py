"""A table in pieces that fit into memory, cut by journal position.

A position never changes, whatever compaction does to the files in the meantime, so each piece may be
read from the version that is newest at its time.
"""

from __future__ import annotations

from collections.abc import Iterable

from assay.storage.lake.snapshot import DataFile

__all__ = ["PIECE_BYTES", "cuts"]

PIECE_BYTES = 64 * 2**20
"""About how much of the requested columns a piece holds."""


def cuts(files: Iterable[DataFile], *, rows: int, upto: int) -> list[int]:
    """Return ascending positions, the last one `upto`, between which lie about `rows` rows each.

    >>> cuts([DataFile("a", 0, 100, 0, 0, 1, 10), DataFile("b", 0, 40, 0, 0, 11, 15)], rows=50, upto=15)
    [5, 10, 15]
    """
    found: list[int] = []
    gathered = 0
    for file in sorted(files, key=lambda file: file.last_position):
        parts = -(-file.rows // rows)
        if gathered and gathered + file.rows > rows:
            found.append(file.first_position - 1)
            gathered = 0
        if parts > 1:
            width = file.last_position - file.first_position + 1
            found += [file.first_position - 1 + width * part // parts for part in range(1, parts + 1)]
        else:
            gathered += file.rows
    return [*sorted({cut for cut in found if cut < upto}), upto]
