"""The examples of the documentation run: README and pages as programs, docstrings as doctests.

Blocks marked ``python`` and ``console`` of one page are one program, run from top to bottom in an empty
folder; where a ``text`` block follows, it is what that block prints. ``bash`` blocks are run against a server
(``test_http_examples``). A block that cannot be run says why: ``<!-- not run: ... -->`` stands before it.
"""

from __future__ import annotations

import doctest
import importlib
import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import assay

from .conftest import ROOT, Block, Page, pages

pytestmark = pytest.mark.examples

PACKAGE = ROOT / "src" / "assay"
RUN_HERE = ("python", "console")
RUNNING = [
    page for page in pages() if any(block.language in RUN_HERE and not block.reason for block in page.blocks)
]
# What a block of each language may follow, to be what that one prints or answers.
SHOWN_AFTER = {"text": RUN_HERE, "json": ("bash",)}
WITH_DOCTESTS = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"^\s*>>> ", path.read_text(), re.MULTILINE)
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples run in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", RUNNING, ids=lambda page: page.name)
def test_a_page_runs(page: Page) -> None:
    run(page)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_block_runs_or_says_why_not(page: Page) -> None:
    assert unaccounted(page) == []


@pytest.mark.parametrize("name", WITH_DOCTESTS)
def test_docstrings_run(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted, f"{name} shows examples that the test does not find"
    assert result.failed == 0


def test_a_wrong_example_fails(tmp_path: Path) -> None:
    page = Page(ROOT / "none.md", "```python\nx = 1\n```\n```python\nprint(x + 1)\n```\n```text\n3\n```\n")
    with pytest.raises(AssertionError, match=r"none\.md:5"):
        run(page)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```python\n1\n```\n```text\n1\n```\n```bash\ncurl x\n```\n```json\n{}\n```\n", []),
        ("```\n1\n```\n```yaml\na: 1\n```\n```text\n1\n```\n", [2, 5, 8]),
        ("```bash\ncurl x\n```\n```text\n1\n```\n```python\n1\n```\n```json\n1\n```\n", [5, 11]),
        (
            "<!-- not run: because -->\n\n```yaml\na: 1\n```\n\n<!-- not run: because -->\n```text\n1\n```\n",
            [],
        ),
        ("<!-- not run: because -->\n```console\nx\n```\n```text\n1\n```\n", [6]),
    ],
)
def test_a_block_that_nothing_runs_is_found(text: str, lines: list[int]) -> None:
    assert unaccounted(Page(ROOT / "none.md", text)) == lines


def test_a_wrong_command_fails() -> None:
    page = Page(ROOT / "none.md", "```console\necho one\nassay models --at nowhere\n```\n")
    with pytest.raises(AssertionError, match=r"none\.md:2"):
        run(page)
    page = Page(ROOT / "none.md", "```console\necho one\n```\n```text\ntwo\n```\n")
    with pytest.raises(AssertionError, match="instead of"):
        run(page)


def unaccounted(page: Page) -> list[int]:
    """Lines of the blocks that are neither run, nor what a run one shows, nor marked with a reason."""
    blocks = page.blocks
    lines = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        shown = (
            before is not None
            and not before.reason
            and before.language in SHOWN_AFTER.get(block.language, ())
        )
        if not (block.reason or shown or block.language in (*RUN_HERE, "bash")):
            lines.append(block.line)
    return lines


def run(page: Page) -> None:
    """Run a page's blocks and hold what they print against the text blocks that follow."""
    space: dict[str, Any] = {"__name__": "__main__"}
    blocks = page.blocks
    try:
        for block, after in zip(blocks, [*blocks[1:], None], strict=True):
            if block.language not in RUN_HERE or block.reason:
                continue
            printed = _console(page, block) if block.language == "console" else _python(page, block, space)
            if after is not None and after.language == "text" and not after.reason:
                assert _same(after.code, printed), (
                    f"{page.name}:{block.line} prints\n{printed}instead of\n{after.code}"
                )
    finally:
        for value in list(space.values()):
            if callable(getattr(value, "close", None)) and type(value).__module__.startswith(assay.__name__):
                value.close()


def _python(page: Page, block: Block, space: dict[str, Any]) -> str:
    """Run a block in `space`; return what it prints."""
    # Empty lines put the code where it stands in the page, so that a trace names the page's line.
    code = compile("\n" * (block.line - 1) + block.code, str(page.path), "exec")
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code, space)  # noqa: S102 - the repository's own documentation
    return printed.getvalue()


def _console(page: Page, block: Block) -> str:
    """Run a block's commands, as a user with an empty configuration would; return what they print."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.code],
        env=kept | {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, f"{page.name}:{block.line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _same(expected: str, got: str) -> bool:
    """Whether the texts agree but for spaces and what stands as ``...``."""
    pattern = (
        r"\s*"
        + r"\s+".join(re.escape(word).replace(re.escape("..."), ".*?") for word in expected.split())
        + r"\s*"
    )
    return re.fullmatch(pattern, got, re.DOTALL) is not None
