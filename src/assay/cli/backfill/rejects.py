"""The rows that could not be used, with the reason of each."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

import pyarrow as pa

from assay.cli.backfill.rows import Reject
from assay.cli.backfill.source import Chunk, Malformed
from assay.domain.rendering import plain
from assay.errors import InvalidInput

__all__ = ["Rejects"]

LISTED: Final = 20


class Rejects:
    """Counts bad rows, keeps the first twenty to show, and writes all of them to a file of JSON lines.

    Parameters
    ----------
    path : the file, which is added to; None: none is written.
    """

    def __init__(self, path: Path | None) -> None:
        self.total = 0
        self.by_code: Counter[str] = Counter()
        self.first: list[dict[str, Any]] = []
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("a", encoding="utf-8")
            except OSError as error:
                raise InvalidInput(f"{path} cannot be written to: {error.strerror}") from error

    def rows(self, name: str, chunk: Chunk, rejects: list[Reject]) -> None:
        """Take in bad rows of a chunk."""
        for reject in rejects:
            place = reject.row - chunk.first
            record = {column: _value(values[place]) for column, values in chunk.columns.items()}
            told = {"file": name, "row": reject.row + 1, "code": reject.code, "reason": reject.message}
            self._add(told, {"record": {key: value for key, value in record.items() if value is not None}})

    def malformed(self, name: str, lines: list[Malformed]) -> None:
        """Take in lines that are no rows, and empty the list."""
        for line in lines:
            told = {"file": name, "line": line.line, "code": "malformed", "reason": f"the line {line.reason}"}
            self._add(told, {"text": line.text})
        lines.clear()

    def _add(self, told: dict[str, Any], content: dict[str, Any]) -> None:
        self.total += 1
        self.by_code[told["code"]] += 1
        if len(self.first) < LISTED:
            self.first.append(told)
        if self._file is not None:
            self._file.write(json.dumps(told | content, default=str) + "\n")

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._file is not None:
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _value(value: Any) -> Any:
    return plain(value.as_py() if isinstance(value, pa.Scalar) else value)
