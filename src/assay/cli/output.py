"""How commands answer: a table for people, JSON for programs, one sentence for errors."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

from assay.domain.rendering import Answer, Table, plain

__all__ = [
    "EXIT_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_USAGE",
    "Interrupted",
    "end_cleanly",
    "fail",
    "leave_quietly",
    "print_json",
    "printable",
    "show",
    "show_list",
]

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_ENDED = 143
_UNBOUNDED = 10_000

_STYLES = {"ok": "green", "warning": "yellow", "failed": "red"}


def end_cleanly() -> None:
    """Let a request to end (SIGTERM) unwind like any other end, so that no half-written file stays."""

    def end(*_: object) -> None:
        raise SystemExit(EXIT_ENDED)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)


class Interrupted(Exception):
    """The user stopped it; the message says how far it has come."""


def show(answer: Answer | Table, *, as_json: bool) -> None:
    """Print a result: as a table, or as JSON."""
    if as_json and isinstance(answer, Answer):
        print_json(answer)
        return
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    from assay.cli.fitting import cut, fitted

    table = answer.table() if isinstance(answer, Answer) else answer
    right = table.figures()
    rows = [[str(value) for value in row] for row in table.cells()]
    console = Console(highlight=False, soft_wrap=False, width=_width())
    title, notes = table.around()
    console.print(Text(title, style="bold"))
    widths = fitted(table.columns, rows, right, console.width)
    if rows and widths is not None:
        named = any(table.columns)  # else the header would be an empty line
        grid = RichTable(box=None, pad_edge=False, header_style="bold", show_header=named)
        for name, figures, width in zip(table.columns, right, widths, strict=True):
            grid.add_column(Text(name), justify="right" if figures else "left", width=width)
        for row in rows:
            cells = zip(row, widths, strict=True)
            grid.add_row(*(Text(cut(value, width)) for value, width in cells))
        console.print(grid)
    elif rows:  # too many columns for this width: each row by itself, nothing cut
        longest = max(map(len, table.columns))
        for row in rows:
            for name, value in zip(table.columns, row, strict=True):
                console.print(Text(f"{name:<{longest}}  {value}".rstrip()), soft_wrap=True)
            console.print()
    for note in notes:
        console.print(Text(note, style="dim"), soft_wrap=True)  # a page's mark is copied from here


def _width() -> int | None:
    """Return how wide tables may be: what a terminal shows, and as wide as they are where a program reads."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _UNBOUNDED


def show_list(title: str, items: Sequence[tuple[str, str, str, str]]) -> None:
    """Print (state, name, message, advice), each message in full, with its advice on a line of its own."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(box=None, pad_edge=False, show_header=False)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for state, name, message, advice in items:
        grid.add_row(
            Text(state, style=_STYLES.get(state, "")), Text(printable(name)), Text(printable(message))
        )
        if advice:
            grid.add_row("", "", Text("→ " + printable(advice), style="dim" if state == "ok" else "bold"))
    console = Console(highlight=False, soft_wrap=False, width=_width())
    console.print(Text(title, style="bold"))
    console.print(grid)


def printable(text: str, *, keep: str = "") -> str:
    """Return text that cannot steer a terminal; names hold whatever clients called them.

    >>> printable(chr(27) + "[31mred")
    '·[31mred'
    """
    return "".join(sign if sign.isprintable() or sign in keep else "·" for sign in text)


def print_json(value: Answer | Sequence[Any] | dict[str, Any]) -> None:
    """Print plain values as JSON; what could steer a terminal stands there escaped, and means the same."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(sign if sign.isprintable() or sign == "\n" else _escaped(sign) for sign in text)
    print(text)


def _escaped(sign: str) -> str:
    """Return a character of a JSON string by its number."""
    return json.dumps(sign)[1:-1] if sign != "\x7f" else "\\u007f"


def fail(message: str, *, code: int = EXIT_FAILED) -> NoReturn:
    """Say what went wrong, in one sentence, and end."""
    told = printable(message, keep="\n")
    print(f"assay: {told}", file=sys.stderr)
    sys.stdout.flush()
    raise SystemExit(code)


def leave_quietly() -> NoReturn:
    """End because nobody reads the output any more."""
    # The interpreter flushes standard output once more at exit; give it somewhere to go.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(EXIT_FAILED)
