"""Files of JSON lines: one object a line, as the HTTP API takes predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from assay.cli.backfill.source import Chunk, Identity, Malformed, Values, identify, unreadable
from assay.errors import InvalidInput

__all__ = ["JsonLines"]

_LOOKED_AT: Final = 1_000
_READ: Final = 4 << 20
_LONGEST: Final = 64 << 20
_GROUPS: Final = {"features": "feature.", "tags": "tag.", "probabilities": "probability."}


class JsonLines:
    """A file of JSON lines, plain or compressed; ``features``, ``tags`` and ``probabilities`` may be objects.

    Parameters
    ----------
    path : the file.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.malformed: list[Malformed] = []
        self._path = path

    @cached_property
    def identity(self) -> Identity:
        """See :class:`assay.cli.backfill.source.Source`."""
        return identify(self._path)

    def columns(self) -> dict[str, str]:
        """See :class:`assay.cli.backfill.source.Source`. Those of the first thousand lines."""
        kinds: dict[str, set[str]] = {}
        for chunk in self.chunks(skip=0, rows=_LOOKED_AT):
            for name, values in chunk.columns.items():
                given = {type(value).__name__ for value in values if value is not None}
                kinds.setdefault(name, set()).update(given)
            break
        self.malformed.clear()
        words = {"str": "text", "int": "whole", "float": "number"}
        return {
            name: " or ".join(sorted(words.get(kind, kind) for kind in found)) or "empty"
            for name, found in kinds.items()
        }

    def stored_as(self) -> Mapping[str, str]:
        """See :class:`assay.cli.backfill.source.Source`."""
        return {}

    def count(self) -> int | None:
        """See :class:`assay.cli.backfill.source.Source`."""
        return None

    def chunks(self, *, skip: int, rows: int) -> Iterator[Chunk]:
        """See :class:`assay.cli.backfill.source.Source`. Lines to skip are read, and no more."""
        self.malformed.clear()
        place = 0
        held: list[dict[str, Any]] = []
        for line, text in enumerate(self._lines(), start=1):
            if not text.strip():
                continue
            record = self._decoded(line, text)
            if record is None:
                continue
            place += 1
            if place <= skip:
                continue
            held.append(record)
            if len(held) == rows:
                yield _chunk(place - len(held), held)
                held = []
        if held:
            yield _chunk(place - len(held), held)

    def _decoded(self, line: int, text: bytes) -> dict[str, Any] | None:
        """Return the object of a line; None, and a note of it, where it is none."""
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            try:
                value = json.loads(text)  # knows NaN and Infinity, as Python writes them
            except (ValueError, RecursionError):
                self._note(line, text, f"is no JSON: {error}")
                return None
        if isinstance(value, dict):
            return value
        self._note(line, text, "is no JSON object")
        return None

    def _note(self, line: int, text: bytes, reason: str) -> None:
        self.malformed.append(Malformed(line, text.decode("utf-8", "replace").rstrip("\r\n"), reason))

    def _lines(self) -> Iterator[bytes]:
        """Lines of the file; one beyond all measure is an error, not a full memory."""
        left = b""
        try:
            with pa.input_stream(self.name, compression="detect") as stream:
                while block := stream.read(_READ):
                    *lines, left = (left + block).split(b"\n")
                    yield from lines
                    if len(left) > _LONGEST:
                        break
        except (pa.ArrowException, OSError) as error:
            raise unreadable(self.name, error) from error
        if len(left) > _LONGEST:
            raise InvalidInput(
                f"{self.name[-200:]} has a line of more than {_LONGEST >> 20} MiB; give each row a line"
            )
        if left:
            yield left


def _chunk(first: int, records: list[dict[str, Any]]) -> Chunk:
    """Turn records into columns; a group of values by name becomes a column for each of them."""
    flat = [_flat(record) for record in records]
    names = dict.fromkeys(name for record in flat for name in record)
    columns: dict[str, Values] = {name: [record.get(name) for record in flat] for name in names}
    return Chunk(first, len(records), columns)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in record.items():
        if name in _GROUPS and isinstance(value, dict):
            for inner, each in value.items():
                result[_GROUPS[name] + inner] = each
        else:
            result[name] = value
    return result
