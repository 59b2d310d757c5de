"""A command line that is wrong, told in one sentence: what, which value, and where to look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from assay.cli.output import EXIT_FAILED, EXIT_USAGE

__all__ = ["is_usage_error", "usage_code", "usage_sentence"]

_LONGEST = 80
_BAD_VALUE = re.compile(r"Invalid value for '?([^:]+?)'?: (.*)", re.DOTALL)
_WORDS = (
    ("Input should be", "it must be"),
    ("a valid integer", "a whole number"),
    ("a valid number", "a number"),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
    ("extra argument(s)", "extra arguments"),
    (". Choose from:", ": one of"),
    (". Did you mean", "; did you mean"),
)


def is_usage_error(error: Exception) -> bool:
    """Whether the framework found the command line wrong.

    It is asked by what it can do: the class has lived in two packages, one of them private.
    """
    return getattr(error, "exit_code", None) == EXIT_USAGE and hasattr(error, "format_message")


def usage_code(arguments: Sequence[str]) -> int:
    """Return the exit code of a wrong command line.

    ``assay drift`` says by 2 that there is drift: a wrong option in a pipeline must not look like it.

    Parameters
    ----------
    arguments : the command line, without the program.
    """
    return EXIT_FAILED if arguments[:1] == ["drift"] else EXIT_USAGE


def usage_sentence(error: Any, arguments: Sequence[str]) -> str:
    """Return what is wrong with the command line, in one sentence.

    Parameters
    ----------
    error : of which :func:`is_usage_error` is true.
    arguments : the command line, without the program.
    """
    message = str(error.format_message())
    bad_value = _BAD_VALUE.match(message)
    if bad_value is None:
        told = _reason(message)
    else:
        name, reason = bad_value[1], _reason(bad_value[2])
        options = [option for option in getattr(error.param, "opts", ()) if option.startswith("-")]
        value = _given(options, arguments)
        told = f"{name}: {reason}" if value is None else f"{name} is {value[:_LONGEST]!r}: {reason}"
    return f"{told}; see {_command(error, arguments)} --help"


def _reason(message: str) -> str:
    """Return the framework's words as a part of a sentence."""
    text = " ".join(message.split()).rstrip(".").removeprefix("Value error, ")
    # "unable to parse string as an integer" says once more what was said before it.
    text = text.split(", unable to parse")[0].rstrip("?")
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    return text[:1].lower() + text[1:]


def _given(names: Sequence[str], arguments: Sequence[str]) -> str | None:
    """Return the last value that was given to an option."""
    value = None
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        for name in names:
            if argument == name:
                value = following
            elif argument.startswith(f"{name}="):
                value = argument.removeprefix(f"{name}=")
    return value


def _command(error: Any, arguments: Sequence[str]) -> str:
    """Return the command that was meant, as far as it was understood."""
    context = getattr(error, "ctx", None)
    if context is not None:
        return str(context.command_path)
    first = arguments[0] if arguments else ""
    return f"assay {first}" if first.isidentifier() else "assay"
