"""Files stay short, say what they are for, and hold nothing of the machine they were written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import PACKAGE, ROOT, Module

SOFT, HARD = 300, 400

# Files over the hard limit, each with the reason why two files would be worse.
LONGER: dict[str, str] = {}

# In two pieces, so that this file does not hold what it looks for.
TRACES = {
    "a folder of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)(?![\w-])"),
    "a package index": re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org)"),
    "a key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{36}\b"),
    "a conflict mark": re.compile(r"^(?:<<<<<<<|>>>>>>>) ", re.MULTILINE),
}
BINARY = {".png", ".ico", ".parquet", ".arrow", ".gz", ".zst", ".woff2"}


def traces(text: str) -> list[str]:
    """What `text` gives away."""
    return [what for what, pattern in TRACES.items() if pattern.search(text)]


def test_files_are_short(modules: list[Module]) -> None:
    lengths = {str(m.path.relative_to(PACKAGE)): len(m.path.read_text().splitlines()) for m in modules}
    assert {name: n for name, n in lengths.items() if n > HARD and name not in LONGER} == {}
    long = sorted(name for name, n in lengths.items() if n > SOFT)
    assert len(long) <= len(lengths) / 10, f"files are meant to have fewer than {SOFT} lines: {long}"


def test_every_exception_is_still_needed() -> None:
    lengths = {name: len((PACKAGE / name).read_text().splitlines()) for name in LONGER}
    assert {name: n for name, n in lengths.items() if n <= SOFT} == {}


def test_every_module_says_what_it_is_for(modules: list[Module]) -> None:
    import ast

    silent = [m.name for m in modules if not (ast.get_docstring(m.tree) or "").strip()]
    assert silent == []


def test_no_test_lives_in_the_package(modules: list[Module]) -> None:
    # A class or module named like a test is collected by chance and run by nobody.
    import ast

    named = [m.name for m in modules if m.path.stem.startswith("test_") or m.path.stem == "tests"]
    named += [
        f"{m.name}.{node.name}"
        for m in modules
        for node in ast.walk(m.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"^Test|Tests?$", node.name)
    ]
    assert named == []


def test_tracked_files_hold_nothing_of_the_machine(tracked: list[Path]) -> None:
    found = {}
    for path in tracked:
        if path.suffix in BINARY:
            continue
        if what := traces(path.read_text(encoding="utf-8")):
            found[str(path.relative_to(ROOT))] = what
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "/wo" + "rk/main",
        "cd /ro" + "ot",
        "/ho" + "me/me/x",
        "https://py" + "pi.org/simple",
        "<<<<<<< HEAD\n",
        "gh" + "p_" + "a" * 36,
    ],
)
def test_planted_traces_are_found(text: str) -> None:
    assert len(traces(f"see {text}" if "<<" not in text else text)) == 1


@pytest.mark.parametrize("text", ["a worker", "https://host/workers", "./work", "/rooted", "src/home"])
def test_innocent_text_is_not(text: str) -> None:
    assert traces(text) == []
