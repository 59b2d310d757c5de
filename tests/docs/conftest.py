"""The documentation's pages, as its tests see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(
    r"(?:^ *<!-- not run: (?P<reason>[^\n]+?) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_CODE_MARK = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of code."""

    language: str
    code: str
    line: int  # of its first line of code, from 1
    reason: str = ""  # why it is not run: a comment `not run: ...` before it says so


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The path from the repository's root."""
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[Block]:
        """Fenced blocks, in order."""
        return [
            Block(
                match["info"].strip(),
                re.sub(rf"^{match['indent']}", "", match["code"], flags=re.MULTILINE),
                self.text.count("\n", 0, match.start("code")) + 1,
                match["reason"] or "",
            )
            for match in _FENCE.finditer(self.text)
        ]

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """What a link into the page may name."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}

    @property
    def marked(self) -> set[str]:
        """Everything that stands in the page as code: between backticks or in a block."""
        return set(_CODE_MARK.findall(self.prose)) | {block.code for block in self.blocks}


def read(path: Path) -> Page:
    """Read one page."""
    return Page(path, path.read_text(encoding="utf-8"))


def pages() -> list[Page]:
    """Every page: those of the repository's root and all below docs."""
    return [read(path) for path in [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]]


def _slug(heading: str) -> str:
    """Name a heading's anchor as the usual renderers do."""
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return kept.strip().replace(" ", "-")
