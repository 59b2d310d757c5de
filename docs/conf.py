"""The documentation as a site: `make site` builds it, the server shows it at /help.

The Markdown files are the only source. Their navigation is made from the lists of `index.md` and
`decisions/index.md`, so that a code host and the site show the same.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes

HERE = Path(__file__).parent

# -- what it is ------------------------------------------------------------------------------------

project = "Assay"
author = "The Assay developers"
copyright = author  # noqa: A001 - Sphinx's name for it
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
language = "en"

extensions = ["myst_parser"]
exclude_patterns = ["_site"]
templates_path = ["_site"]
# Anchors as code hosts make them; the tests of the links know the same rule.
myst_heading_anchors = 4
nitpicky = True

# -- how it looks ----------------------------------------------------------------------------------

html_theme = "furo"
html_title = f"Assay {release}"
html_static_path = ["_site/static"]
html_css_files = ["site.css"]
html_favicon = "../src/assay/dashboard/static/icon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/models.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
_FONTS = {
    "font-stack": "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, sans-serif",
    "font-stack--monospace": "'JetBrains Mono', 'SF Mono', ui-monospace, 'DejaVu Sans Mono', monospace",
}
# The colours of the pages (dashboard/static/assay.css).
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": _FONTS
    | {
        "color-brand-primary": "#3563d9",
        "color-brand-content": "#3563d9",
        "color-brand-visited": "#3563d9",
        "color-background-secondary": "#f5f6f9",
        "color-foreground-primary": "#1c2330",
        "color-foreground-muted": "#667085",
        "color-sidebar-link-text--top-level": "#1c2330",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7aa2ff",
        "color-brand-content": "#7aa2ff",
        "color-brand-visited": "#7aa2ff",
        "color-background-primary": "#0e1116",
        "color-background-secondary": "#161a22",
        "color-foreground-primary": "#e5e8ee",
        "color-foreground-muted": "#939dae",
        "color-sidebar-link-text--top-level": "#e5e8ee",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

# -- navigation ------------------------------------------------------------------------------------

_ITEM = re.compile(r"^(?:-|\d+\.) \[([^\]]+)\]\(([\w/.-]+)\.md\)", re.MULTILINE)
_PART = re.compile(r"^## (.+)$", re.MULTILINE)


def navigation(text: str) -> str:
    """Return the hidden trees of contents that the lists of an index page amount to.

    Each heading of the second level with a list of pages below it is a part of the navigation.
    """
    pieces = _PART.split(text)
    parts = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    trees = []
    for caption, below in parts:
        if pages := [target for _, target in _ITEM.findall(below)]:
            head = [":hidden:", *([f":caption: {caption}"] if caption else [])]
            trees.append("\n".join(["```{toctree}", *head, "", *pages, "```"]))
    return "\n\n".join(trees)


def _add_navigation(_app: Any, name: str, source: list[str]) -> None:
    """Make an index page's lists the navigation."""
    if name in ("index", "decisions/index"):
        source[0] += "\n\n" + navigation(source[0]) + "\n"


def _add_dark_pictures(app: Any, doctree: nodes.document) -> None:
    """Show `x-dark.png` instead of `x.png` in the dark, where there is one."""
    for image in list(doctree.findall(nodes.image)):
        light = image["uri"]
        dark = re.sub(r"\.png$", "-dark.png", light)
        if dark == light or not (Path(app.srcdir) / dark).exists():
            continue
        twin = image.deepcopy()
        image["classes"].append("only-light")
        twin["classes"].append("only-dark")
        twin["uri"], twin["candidates"] = dark, {"*": dark}
        image.parent.insert(image.parent.index(image) + 1, twin)
        app.env.images.add_file(app.env.docname, dark)


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx what is added."""
    app.connect("source-read", _add_navigation)
    app.connect("doctree-read", _add_dark_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
