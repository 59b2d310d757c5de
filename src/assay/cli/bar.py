"""How far a long command has come, on the error output, and only where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from assay.cli.output import printable
from assay.domain.rendering import number

__all__ = ["Bar", "bar"]


class Bar(Protocol):
    """Something that is told how far the work has come."""

    def at(self, done: int, *, note: str = "") -> None:
        """Say how many rows are done in all, and perhaps what goes on."""
        ...


class _Quiet:
    """Tells nobody."""

    def at(self, done: int, *, note: str = "") -> None:
        """See :class:`Bar`."""


@contextmanager
def bar(title: str, *, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show a bar of rows with their rate and the time left, where the error output is a terminal.

    Parameters
    ----------
    title : what is done; may hold anything.
    total : number of rows; None where nobody knows.
    done : rows done before; the rate does not count them.
    """
    if not sys.stderr.isatty():
        yield _Quiet()
        return
    import time

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    progress = Progress(
        TextColumn("{task.fields[title]}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[rows]}", markup=False),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    begun = time.monotonic()
    task = progress.add_task("", total=total, completed=done, title=printable(title)[:40], rows="", note="")

    class Shown:
        def at(self, now: int, *, note: str = "") -> None:
            rate = (now - done) / max(0.001, time.monotonic() - begun)
            progress.update(
                task, completed=now, rows=f"{number(now)} rows, {number(round(rate))}/s", note=note
            )

    with progress:
        yield Shown()
