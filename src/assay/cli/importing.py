"""``assay import``: files that serving platforms wrote."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator
from enum import StrEnum
from typing import IO, Annotated

import typer

from assay.errors import InvalidInput, NotFound, Unreadable

__all__ = ["import_files"]

_GZIP = b"\x1f\x8b"


class Format(StrEnum):
    """What wrote the files."""

    KSERVE = "kserve"
    OPEN_INFERENCE = "open-inference"
    SAGEMAKER = "sagemaker"
    MLFLOW = "mlflow"


def import_files(
    format: Annotated[Format, typer.Argument(metavar="FORMAT", help="What wrote the files.")],  # noqa: A002 - the public word
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="JSON lines or JSON, also with gzip; - for standard input."),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="WHERE", help="A data folder, or a server's address. [default: ./assay-data]"
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="The model. [default: the one that each payload names]")] = "",
    version: Annotated[
        str, typer.Option("--version", help="The version. [default: the one that each payload names]")
    ] = "",
    feature_names: Annotated[
        str, typer.Option(metavar="A,B,...", help="Names of the values that come without, in order.")
    ] = "",
    output: Annotated[str, typer.Option(metavar="NAME", help="The output that is the prediction.")] = "",
    score: Annotated[
        str, typer.Option(metavar="NAME", help="The output that is the positive class's probability.")
    ] = "",
    classes: Annotated[
        str, typer.Option(metavar="A,B,...", help="Names of the classes, in the order of the probabilities.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Import what other serving software logged.

    KServe, SageMaker, MLflow, and servers of the Open Inference Protocol.
    """
    from assay.cli.output import show
    from assay.cli.target import open_target
    from assay.client.imports import summed

    with open_target(at, make=True) as monitor:
        answers = []
        begin = 0
        for name in files:
            with _opened(name) as stream:
                try:
                    answer = monitor.import_payloads(
                        format.value,
                        _payloads(name, stream),
                        model=model,
                        version=version,
                        feature_names=_names(feature_names),
                        output=output,
                        score=score,
                        classes=_names(classes),
                    )
                except InvalidInput as error:
                    raise InvalidInput(f"{name}: {error}") from error
            answers.append((begin, answer))
            begin += answer.items
    show(summed(answers), as_json=as_json)


def _opened(name: str) -> IO[bytes]:
    """Open a file, or standard input.

    Raises
    ------
    NotFound
        Where it cannot be opened.
    """
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")  # noqa: PTH123 - closed by whoever asked for it
    except OSError as error:
        raise NotFound(f"{name!r} cannot be read: {error.strerror}") from error


def _payloads(name: str, stream: IO[bytes]) -> bytes | Iterator[bytes]:
    """Return the lines of a file, as they are read; all of it where it is one document over several lines."""
    head = stream.peek(2)[:2] if hasattr(stream, "peek") else b""
    plain: IO[bytes] = gzip.GzipFile(fileobj=stream) if head == _GZIP else stream  # type: ignore[assignment]
    lines = _lines(name, plain)
    first = next(lines, b"")
    if first.strip().startswith(b"{") and first.strip().endswith(b"}"):
        return _after(first, lines)
    return b"".join(_after(first, lines))


def _lines(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream.

    Raises
    ------
    Unreadable
        Where it is broken.
    """
    try:
        yield from stream
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"{name!r} cannot be read to its end: {error}") from error


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the first line and those after it."""
    yield first
    yield from rest


def _names(text: str) -> tuple[str, ...]:
    """Return names with commas between; one that holds a comma stands in double quotes."""
    if not text:
        return ()
    try:
        return tuple(next(csv.reader([text], strict=True)))
    except csv.Error as error:
        raise InvalidInput(f"{text!r} is no list of names with commas between") from error
