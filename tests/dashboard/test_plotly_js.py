"""The library that draws figures in a browser is the published one, and fits the one that makes them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType
from plotly.offline import get_plotlyjs_version

import assay.dashboard
import assay.figures

_LIBRARY = Path(assay.dashboard.__file__).parent / "static" / "plotly.min.js"
_PUBLISHED = "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"
"""SHA-256 of ``plotly-cartesian.min.js`` in ``plotly.js-cartesian-dist-min`` 4.1.1."""


def test_it_is_the_published_one() -> None:
    assert hashlib.sha256(_LIBRARY.read_bytes()).hexdigest() == _PUBLISHED


def test_it_draws_what_the_installed_package_makes() -> None:
    first = _LIBRARY.read_text(encoding="utf-8")[:200]
    found = re.search(r"v(\d+\.\d+\.\d+)", first)
    assert found is not None
    assert found[1] == get_plotlyjs_version()


def test_it_knows_every_kind_of_trace() -> None:
    known = set(re.findall(r'moduleType:"trace",name:"(\w+)"', _LIBRARY.read_text(encoding="utf-8")))
    things = [getattr(go, name) for name in dir(go)]
    kinds = [kind for kind in things if isinstance(kind, type) and issubclass(kind, BaseTraceType)]
    sources = "".join(path.read_text() for path in Path(assay.figures.__file__).parent.glob("*.py"))
    used = {name for kind in kinds if f".add_{(name := kind.__name__.lower())}(" in sources}
    assert {"scatter", "bar", "heatmap"} <= used
    assert used <= known


def test_its_licence_is_beside_it() -> None:
    assert "Plotly" in _LIBRARY.with_name("plotly.min.js.LICENSE").read_text(encoding="utf-8")
