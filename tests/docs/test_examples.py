"""The examples of the documentation run: README and pages as programs, docstrings as doctests.

Blocks marked ``python`` of one page are one program, run from top to bottom in an empty folder; where a
``text`` block follows at once, it is what that block prints. ``console`` and ``bash`` blocks are for people.
"""

from __future__ import annotations

import doctest
import importlib
import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

import assay

from .conftest import ROOT, Page, pages

pytestmark = pytest.mark.examples

PACKAGE = ROOT / "src" / "assay"
WITH_PYTHON = [page for page in pages() if any(block.language == "python" for block in page.blocks)]
WITH_DOCTESTS = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"^\s*>>> ", path.read_text(), re.MULTILINE)
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples run in an empty folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_a_page_runs(page: Page) -> None:
    run(page)


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


def run(page: Page) -> None:
    """Run a page's Python blocks and hold what they print against the text blocks that follow."""
    space: dict[str, Any] = {"__name__": "__main__"}
    blocks = page.blocks
    try:
        for block, after in zip(blocks, [*blocks[1:], None], strict=True):
            if block.language != "python":
                continue
            # Empty lines put the code where it stands in the page, so that a trace names the page's line.
            code = compile("\n" * (block.line - 1) + block.code, str(page.path), "exec")
            printed = io.StringIO()
            with redirect_stdout(printed):
                exec(code, space)  # noqa: S102 - the repository's own documentation
            if after is not None and after.language == "text":
                assert _same(after.code, printed.getvalue()), (
                    f"{page.name}:{block.line} prints\n{printed.getvalue()}instead of\n{after.code}"
                )
    finally:
        for value in list(space.values()):
            if callable(getattr(value, "close", None)) and type(value).__module__.startswith(assay.__name__):
                value.close()


def _same(expected: str, got: str) -> bool:
    """Whether the texts agree but for spaces and what stands as ``...``."""
    pattern = (
        r"\s*"
        + r"\s+".join(re.escape(word).replace(re.escape("..."), ".*?") for word in expected.split())
        + r"\s*"
    )
    return re.fullmatch(pattern, got, re.DOTALL) is not None
