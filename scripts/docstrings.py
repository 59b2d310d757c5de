"""Docstrings in NumPy's style, as Markdown: what `docs/reference/python.md` is made from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any

__all__ = ["describe", "signature", "summary", "table"]

WIDTH = 100

_SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\S[^\n]*?) : (.+?)(?=^\S[^\n]*? : |\Z)", re.DOTALL | re.MULTILINE)
_ROLE = re.compile(r":\w+:`[~.]?([^`]+)`")
_EXAMPLE = re.compile(r"^>>> .*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)


def signature(thing: Any, name: str) -> str:
    """Return how `thing` is called, on one line or with one parameter a line."""
    parameters, previous = [], None
    for one in inspect.signature(thing).parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and previous not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            parameters.append("*")
        star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        text = star + one.name
        if one.annotation is not one.empty:
            text += f": {_annotation(one.annotation)}"
        if one.default is not one.empty:
            default = getattr(one.default, "__name__", None) or repr(one.default)
            text += f" = {default}" if one.annotation is not one.empty else f"={default}"
        parameters.append(text)
        previous = one.kind
    result = inspect.signature(thing).return_annotation
    arrow = (
        "" if result is inspect.Signature.empty or inspect.isclass(thing) else f" -> {_annotation(result)}"
    )
    flat = f"{name}({', '.join(parameters)}){arrow}"
    if len(flat) <= WIDTH:
        return flat
    return "\n".join([f"{name}(", *(f"    {text}," for text in parameters), f"){arrow}"])


def describe(thing: Any, name: str, *, level: int) -> str:
    """Return the heading, the signature and the docstring of a function, a method or a class."""
    text = inspect.getdoc(thing) or ""
    heading = f"{'#' * level} `{name}`\n"
    if is_dataclass(thing):  # nobody makes one: it is an answer
        return "\n".join([heading, *_markdown(text)]).rstrip() + "\n"
    call = "\n".join(f"    {line}" for line in signature(thing, name.rpartition(".")[2]).splitlines())
    return "\n".join([heading, call, "", *_markdown(text)]).rstrip() + "\n"


def summary(thing: Any) -> str:
    """Return a docstring's first sentence or paragraph, on one line."""
    return _inline((inspect.getdoc(thing) or "").partition("\n\n")[0])


def table(thing: Any, section: str) -> list[str]:
    """Return the entries of a docstring's section as a table; empty where it has none."""
    pieces = _SECTION.split(inspect.getdoc(thing) or "")
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if name == section:
            return _entries(text)
    return []


def _markdown(text: str) -> Iterable[str]:
    """Yield the lines of a docstring."""
    pieces = _SECTION.split(text)
    yield from _prose(pieces[0])
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if name == "References":
            continue  # of the code's readers
        yield f"**{name}**"
        yield ""
        entries = _entries(body) if name in ("Parameters", "Attributes") else []
        yield from entries or (_raised(body) if name in ("Raises", "Returns", "Yields") else _prose(body))
        yield ""


def _entries(text: str) -> list[str]:
    """Return `name : meaning` entries as a table."""
    rows = [(name, meaning) for name, meaning in _ENTRY.findall(text)]
    if not rows:
        return []
    body = [f"| {', '.join(f'`{one}`' for one in name.split(', '))} | {_cell(text)} |" for name, text in rows]
    return ["| name | meaning |", "| --- | --- |", *body]


def _raised(text: str) -> list[str]:
    """Return what is raised or returned: a type, and below it when."""
    found = re.findall(r"^(\S[^\n]*)\n((?:[ \t]+[^\n]*\n?|\n)*)", text + "\n", re.MULTILINE)
    return [f"- `{kind.strip()}`" + (f": {_inline(when)}" if when.strip() else "") for kind, when in found]


def _prose(text: str) -> Iterable[str]:
    """Yield paragraphs; examples become blocks of code."""
    for paragraph in re.split(r"\n\n+", text.strip()):
        if not paragraph:
            continue
        if _EXAMPLE.match(paragraph):
            yield from (f"    {line}" for line in paragraph.splitlines())
        else:
            yield _inline(paragraph)
        yield ""


def _inline(text: str) -> str:
    """Return running text on one line, with Markdown's marks for code."""
    text = _ROLE.sub(r"`\1`", " ".join(text.split()))
    text = re.sub(r"\s?\[\d+\]_", "", text)  # of the references
    return text.replace("``", "`").replace("<", "\\<")


def _cell(text: str) -> str:
    """Return running text that keeps to its cell."""
    return _inline(text).replace("|", "\\|")


def _annotation(annotation: Any) -> str:
    """Return a type as it is written in the code."""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
