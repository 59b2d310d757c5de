"""What every report file is made of: styles, figures, the library that draws them, and the policy."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup

import assay
from assay.dashboard.report.chart import Chart

__all__ = ["Shell", "library", "shell"]

_HERE = Path(__file__).parent
_STATIC = _HERE.parent / "static"

Shell = dict[str, Any]
"""What the template ``report_base.html`` needs, beside what each report fills it with."""


def shell(charts: Iterable[Chart], *, made: int) -> Shell:
    """Return the parts that all reports share.

    Parameters
    ----------
    charts : all of the report's.
    made : when, microseconds since the epoch.
    """
    figures = {chart.key: {"figure": chart.figure, "dark": chart.dark} for chart in charts}
    style = _text("assay.css") + _text("report.css")
    return {
        "shown_version": assay.__version__,
        "made": made,
        "policy": _policy(style, _text("plotly.css")),
        "style": Markup(style),  # noqa: S704 - our own file
        "plotly_style": Markup(_text("plotly.css")),  # noqa: S704 - our own file
        "script": Markup(_script()),  # noqa: S704 - our own file
        "library": library(),
        "figures": _packed(json.dumps(figures, separators=(",", ":"), allow_nan=False)),
    }


def _packed(text: str) -> str:
    """Return `text` compressed, as base64: smaller than it was, and no sign of it means anything in HTML."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _policy(*styles: str) -> str:
    """Return a policy that lets the file's own scripts and styles work, and nothing else."""
    scripts = " ".join(_hash(text) for text in (_script(), _text("plotly.min.js")))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {' '.join(map(_hash, styles))}; "
        # Plotly sets the style attribute of the SVG elements that it makes.
        "style-src-attr 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    """Return the source expression for an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def _text(name: str) -> str:
    """Return one of our own files."""
    path = _HERE / name
    return (path if path.exists() else _STATIC / name).read_text(encoding="utf-8")


@functools.cache
def _script() -> str:
    """Return the file's script."""
    return _text("images.js") + _text("report.js")


@functools.cache
def library() -> str:
    """Return plotly.js packed: less than half of its size."""
    return _packed(_text("plotly.min.js"))
