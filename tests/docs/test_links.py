"""Every link of the documentation leads somewhere, and every page can be reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import DOCS, Page, pages, read

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_SOURCE = re.compile(r"\b(?:src|srcset|href)=\"([^\"\s]+)\"")


def links(page: Page) -> list[str]:
    """Targets of the page's links, but for those out of the repository."""
    found = [*_LINK.findall(page.prose), *_SOURCE.findall(page.prose)]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def broken(page: Page) -> list[str]:
    """Links of `page` that lead nowhere."""
    wrong = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        if not path.exists() or (anchor and anchor not in read(path).anchors):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    lines = [
        "# A Title",
        "[a](#a-title) [b](#b) [c](none.md) [d](https://host/none)",
        '<img src="no.png">',
        "```",
        "[e](x.md)",
        "```",
    ]
    path.write_text("\n".join(lines))
    assert broken(read(path)) == ["#b", "none.md", "no.png"]


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, waiting = set(), [DOCS / "index.md"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for target in links(read(path)):
            found = (path.parent / target.partition("#")[0]).resolve()
            if found.suffix == ".md" and found.exists():
                waiting.append(found)
    assert sorted(str(p.relative_to(DOCS)) for p in set(DOCS.rglob("*.md")) - seen) == []


def test_decisions_are_numbered_and_complete() -> None:
    files = sorted(path for path in (DOCS / "decisions").glob("*.md") if path.name != "index.md")
    assert [path.name[:4] for path in files] == [f"{i:04}" for i in range(1, len(files) + 1)]
    for path in files:
        page = read(path)
        for part in ("## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert part in page.text, f"{page.name} has no {part!r}"
