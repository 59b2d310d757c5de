"""A chart of a report: its figure once in light colours, with what dark ones change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

__all__ = ["Chart", "Section", "changes", "chart_of"]


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure of a report.

    Attributes
    ----------
    key : its id in the document, plain letters.
    title, note : what stands above it; `name` is true where the title is a client's name.
    figure : ``data`` and ``layout`` for Plotly in light colours, without the table.
    dark : what dark colours change, as pairs of a path and the value there; see :func:`changes`.
    alt : a sentence for who does not see it.
    table : ``caption``, ``columns`` and ``rows`` of texts.
    """

    key: str
    title: str
    note: str
    figure: dict[str, Any]
    dark: list[Any]
    alt: str
    table: dict[str, Any]
    name: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A headed group of charts, so many beside each other where there is room."""

    key: str
    title: str
    charts: tuple[Chart, ...]
    columns: str = "two"


def changes(light: Any, dark: Any, path: tuple[str | int, ...] = ()) -> list[list[Any]]:
    """Return what turns the plain value `light` into `dark`: pairs of a path and the value to put there.

    Objects, and lists of objects of one length, are compared part by part; all else is replaced whole.

    >>> changes({"a": 1, "b": [{"c": 2}]}, {"a": 1, "b": [{"c": 3}]})
    [[['b', 0, 'c'], 3]]
    """
    if light == dark:
        return []
    if isinstance(light, dict) and isinstance(dark, dict) and light.keys() == dark.keys():
        return [item for key in light for item in changes(light[key], dark[key], (*path, key))]
    if _alike(light, dark):
        pairs = zip(light, dark, strict=True)
        return [item for place, (one, two) in enumerate(pairs) for item in changes(one, two, (*path, place))]
    return [[list(path), dark]]


def _alike(light: Any, dark: Any) -> bool:
    """Whether both are lists of as many objects."""
    return (
        isinstance(light, list)
        and isinstance(dark, list)
        and len(light) == len(dark)
        and all(isinstance(item, dict) for item in (*light, *dark))
    )


def chart_of(
    light: go.Figure,
    dark: go.Figure,
    *,
    key: str,
    title: str,
    note: str,
    is_name: bool = False,
    height: int | None = None,
) -> Chart:
    """Return a chart from its figure in both themes; `height` is that of its neighbour, in pixels."""
    figure, described = _plain(light)
    other, _ = _plain(dark)
    if height is not None:
        figure["layout"]["height"] = other["layout"]["height"] = height
    return Chart(
        key=key,
        title=title,
        note=note,
        figure=figure,
        dark=changes(figure, other),
        alt=described["alt"],
        table=described["table"],
        name=is_name,
    )


def _plain(figure: go.Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a figure as plain values, and the description that it carries."""
    plain = json.loads(figure.to_json(validate=False))
    plain["layout"].pop("template", None)
    return {"data": plain["data"], "layout": plain["layout"]}, plain["layout"].pop("meta")
