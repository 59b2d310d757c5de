"""What a back-fill is asked to do, and what that makes of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.cli.backfill.delimited import DelimitedFile
from assay.cli.backfill.files import Reading, find
from assay.cli.backfill.infer import KINDS, Narrowing
from assay.cli.backfill.mapping import Columns, Meaning, resolve
from assay.cli.backfill.source import Source
from assay.cli.bar import bar
from assay.domain.model import check_name
from assay.errors import InvalidInput

__all__ = ["Job", "Part", "plan", "settle_types"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to send where; see the command's options."""

    model: str
    paths: Sequence[str]
    columns: Columns
    reading: Reading = field(default_factory=Reading)
    version: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    infer: bool = True
    time_unit: str | None = None
    batch_rows: int | None = None
    restart: bool = False
    rejects: Path | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One file, and what its columns become."""

    source: Source
    meanings: list[Meaning]


def plan(job: Job) -> list[Part]:
    """Find the files and say what their columns become; nothing is sent.

    Raises
    ------
    InvalidInput
        Where a file is not there or cannot be used in this way.
    """
    check_name("the model's name", job.model)
    if job.version is not None:
        check_name("the version", job.version)
    for kind in job.types.values():
        if kind not in KINDS:
            raise InvalidInput(f"there is no type {kind[:80]!r}; the types are {', '.join(KINDS)}")
    parts = []
    for source in find(job.paths, job.reading):
        meanings = resolve(source.name, source.columns(), source.stored_as(), job.columns)
        parts.append(Part(source, meanings))
    return parts


def settle_types(job: Job, parts: Sequence[Part]) -> None:
    """Find the types of text files' columns, over all values of all of them."""
    found: dict[str, Narrowing] = {}
    texts = [part for part in parts if isinstance(part.source, DelimitedFile)]
    if job.infer and any(one.needs_type for part in texts for one in part.meanings):
        with bar("looking at types", total=None) as shown:
            seen = 0
            for part in texts:
                source = part.source
                assert isinstance(source, DelimitedFile)  # noqa: S101 - chosen above
                source.look([one.column for one in part.meanings if one.needs_type], found)
                seen += source.count() or 0
                shown.at(seen)
    for part in texts:
        source = part.source
        assert isinstance(source, DelimitedFile)  # noqa: S101 - chosen above
        for one in part.meanings:
            kind = "number" if one.is_figure else found[one.column].kind if one.column in found else "text"
            source.kinds[one.column] = job.types.get(one.column, kind)
