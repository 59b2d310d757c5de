"""Build the documentation's site into the package, from which the server shows it at /help.

The site loads nothing from other hosts, and holds neither inline scripts nor inline styles, so that the
server's content security policy needs no exception. A build whose sources did not change is skipped.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SITE = ROOT / "src" / "assay" / "server" / "site"
CACHE = ROOT / ".cache"
MARK = "built.txt"
TOOLS = ("sphinx", "myst-parser", "furo")

# What Sphinx writes for its own use, and what only Furo's developers need.
UNUSED = (
    ".buildinfo",
    "objects.inv",
    "_static/debug.css",
    "_static/skeleton.css",
    "_static/*.png",
    "_static/**/*.map",
)

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_SOURCE_MAP = re.compile(r"\n?(?://|/\*)# sourceMappingURL=\S+(?: \*/|\*/)?")
# What Furo writes, and what the policy of the server and readers with a keyboard or a screen reader need.
_REPAIRS = {
    ' style="opacity: 50%"': ' opacity="0.5"',
    ' style="display: none;"': ' display="none"',
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    "<pre>": '<pre tabindex="0">',  # wide ones are scrolled
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    # Who chose a theme on the pages of the models sees it here too, until another is chosen here.
    'getItem("theme") || "auto"': 'getItem("theme") || localStorage.getItem("assay-theme") || "auto"',
    '<div id="search-results">': '<h1 class="visually-hidden">Search</h1><div id="search-results">',
}
_LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "srcset", "object": "data"}


def digest() -> str:
    """Return a hash of everything that the site is made from."""
    found = hashlib.blake2b(digest_size=16)
    sources = [path for path in sorted(DOCS.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    for path in [*sources, ROOT / "pyproject.toml", Path(__file__)]:
        found.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        found.update(hashlib.blake2b(path.read_bytes()).digest())
    for tool in TOOLS:
        found.update(f"{tool} {metadata.version(tool)}\n".encode())
    return found.hexdigest()


def build(folder: Path) -> None:
    """Build the site into `folder`; a warning is an error.

    Raises
    ------
    SystemExit
        Where Sphinx found something wrong (it prints what), or a page holds what the policy forbids.
    """
    with tempfile.TemporaryDirectory(prefix="doctrees-") as doctrees:
        command = [sys.executable, "-m", "sphinx", "--builder", "html", "--quiet", "--fail-on-warning"]
        command += ["--jobs", "auto", "--doctree-dir", doctrees, str(DOCS), str(folder)]
        if subprocess.run(command, check=False).returncode:
            raise SystemExit("The documentation's site was not built; the messages above say why.")
    for pattern in UNUSED:
        for path in folder.glob(pattern):
            path.unlink()
    shutil.rmtree(folder / "_sources", ignore_errors=True)
    for path in folder.rglob("*.html"):
        path.write_text(without_inline(path, folder), encoding="utf-8")
    for pattern in ("*.css", "*.js"):
        for path in folder.rglob(pattern):
            path.write_text(_SOURCE_MAP.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    if wrong := [text for path in sorted(folder.rglob("*.html")) for text in forbidden(path)]:
        raise SystemExit("The content security policy forbids:\n" + "\n".join(wrong))


def without_inline(path: Path, folder: Path) -> str:
    """Return the page at `path` with its inline scripts and styles moved into files below `folder`."""
    root = "../" * len(path.relative_to(folder).parent.parts)

    def moved(match: re.Match[str]) -> str:
        kind, text = match[1], match[2].strip() + "\n"
        suffix = "js" if kind == "script" else "css"
        name = f"_static/inline-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}.{suffix}"
        (folder / name).write_text(text, encoding="utf-8")
        if kind == "script":
            return f'<script src="{root}{name}"></script>'
        return f'<link rel="stylesheet" href="{root}{name}">'

    text = path.read_text(encoding="utf-8")
    for furo, ours in _REPAIRS.items():
        text = text.replace(furo, ours)
    return _INLINE.sub(moved, text)


def forbidden(path: Path) -> list[str]:
    """Return what the page at `path` holds that the policy would not let run or load."""
    checker = _Checker()
    checker.feed(path.read_text(encoding="utf-8"))
    return [f"{path.name}: {text}" for text in checker.found]


class _Checker(HTMLParser):
    """Looks for inline scripts and styles, and for whatever is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"an inline <{tag}>")
        self.found += [f"{name}= of <{tag}>" for name in given if name == "style" or name.startswith("on")]
        loaded = given.get(_LOADS.get(tag, "")) or (given.get("href") if tag == "link" else None)
        if loaded and re.match(r"[a-z]+:|//", loaded):
            self.found.append(f"<{tag}> from {loaded}")


def main() -> int:
    """Build the site where it is out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--force", action="store_true", help="build it also where nothing changed")
    force = parser.parse_args().force
    wanted = digest()
    mark = SITE / MARK
    if not force and mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return 0
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="site-", dir=CACHE) as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        build(new)
        (new / MARK).write_text(wanted, encoding="utf-8")
        # A server that runs sees the old site or the new one, never a half.
        if SITE.exists():
            SITE.rename(old)
        new.rename(SITE)
    shutil.rmtree(DOCS / "__pycache__", ignore_errors=True)
    pages = sum(1 for _ in SITE.rglob("*.html"))
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    print(f"Built {pages} pages, {size / 1e6:.1f} MB; the server shows them at /help/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
