"""From what was named on the command line to the files to read."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from assay.cli.backfill.columnar import ArrowFile, ParquetPart, delta_parts
from assay.cli.backfill.delimited import DelimitedFile
from assay.cli.backfill.json_lines import JsonLines
from assay.cli.backfill.source import Source
from assay.errors import InvalidInput

__all__ = ["Reading", "find"]

_COMPRESSED: Final = (".gz", ".zst", ".bz2", ".lz4")
_PARQUET: Final = (".parquet", ".pq")
_ARROW: Final = (".arrow", ".arrows", ".feather", ".ipc")
_CSV: Final = {".csv": None, ".tsv": "\t", ".txt": None}
_JSON: Final = (".jsonl", ".ndjson", ".json")
_ABSENT: Final = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How text files are read, and which version of a Delta table; see :class:`DelimitedFile`."""

    delimiter: str | None = None
    encoding: str = "utf8"
    defused: bool = False
    table_version: int | None = None


def find(paths: Sequence[str], reading: Reading) -> list[Source]:
    """Return the files that `paths` name, folders and patterns looked through, each once, in their order.

    Raises
    ------
    InvalidInput
        Where there is no such file, or one has no suffix that tells its format.
    """
    found: dict[str, Source] = {}
    for path in paths:
        for source in _below(path, reading):
            found.setdefault(os.path.realpath(source.name), source)
    return list(found.values())


def _below(path: str, reading: Reading) -> Iterator[Source]:
    place = Path(path)
    if place.is_dir():
        if (place / "_delta_log").is_dir():
            _, parts = delta_parts(place, reading.table_version)
            yield from parts
            return
        files = sorted(each for each in place.rglob("*") if each.is_file() and _visible(each, place))
        known = [each for each in files if _suffix(each) in (*_PARQUET, *_ARROW, *_CSV, *_JSON)]
        if not known:
            raise InvalidInput(f"the folder {path[-200:]!r} holds no Parquet, Arrow, CSV or JSON lines file")
        for each in known:
            yield _source(each, reading, _partitions(each, place))
    elif place.exists():
        yield _source(place, reading, {})
    elif any(sign in path for sign in "*?["):
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
        if not matches:
            raise InvalidInput(f"no file matches {path[-200:]!r}")
        for match in matches:
            yield from _below(match, reading)
    else:
        raise InvalidInput(f"there is no file {path[-200:]!r}")


def _visible(file: Path, root: Path) -> bool:
    """Whether no part of the path begins with a dot or an underscore, which mark what is no data."""
    return not any(part.startswith((".", "_")) for part in file.relative_to(root).parts)


def _suffix(file: Path) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _source(file: Path, reading: Reading, fixed: dict[str, str | None]) -> Source:
    suffix = _suffix(file)
    if suffix in _PARQUET:
        return ParquetPart(file, fixed=fixed)
    if suffix in _ARROW:
        return ArrowFile(file)
    if suffix in _JSON:
        return JsonLines(file)
    if suffix in _CSV:
        delimiter = reading.delimiter or _CSV[suffix]
        return DelimitedFile(file, delimiter=delimiter, encoding=reading.encoding, defuse=reading.defused)
    raise InvalidInput(
        f"{str(file)[-200:]} has no suffix that tells its format; name it .parquet, .csv, .jsonl or .arrow"
    )


def _partitions(file: Path, root: Path) -> dict[str, str | None]:
    """Columns that the folders between tell, as in ``country=NL/part-0.parquet``."""
    pairs = (part.partition("=") for part in file.relative_to(root).parts[:-1] if "=" in part)
    return {key: None if value == _ABSENT else unquote(value) for key, _, value in pairs}
