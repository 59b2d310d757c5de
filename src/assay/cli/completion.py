"""``assay completion``: what makes a shell complete commands and options; nothing is installed."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Final

import typer

__all__ = ["completion", "prepare"]

_VARIABLE: Final = "_ASSAY_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print what lets a shell complete commands.

    Try it with: eval "$(assay completion bash)".
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined] # re-exported there

    options = {"prog_name": "assay", "complete_var": _VARIABLE, "shell": shell.value}
    print(get_completion_script(**options))


def prepare() -> None:
    """Let the framework answer a shell that asks how a line may go on."""
    if _VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined] # re-exported there

        completion_init()
