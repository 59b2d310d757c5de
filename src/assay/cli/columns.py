"""Options that name a column of a file."""

from __future__ import annotations

import typer

__all__ = ["column"]


def column(option: str, text: str) -> typer.models.OptionInfo:
    """Return the option ``--option COL`` with its help."""
    return typer.Option(f"--{option}", metavar="COL", help=text)
