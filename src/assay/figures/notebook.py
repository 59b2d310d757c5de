"""Results in a notebook: the table, and below it the figure."""

from __future__ import annotations

from typing import Any

from assay.domain.plotting import Plotted
from assay.errors import InvalidInput

__all__ = ["FIGURE_TYPE", "show"]

FIGURE_TYPE = "application/vnd.plotly.v1+json"
"""What JupyterLab, Notebook and VS Code draw as a Plotly figure, each with a library of its own."""


def show(answer: Plotted) -> None:
    """Put the result's table and its figure into the cell's output.

    They are two outputs, since of several forms of one output a notebook shows only the richest. The figure
    is its data alone, some kilobytes: no library is written into the notebook and none is fetched.

    Raises
    ------
    NotImplementedError
        Where there is no notebook, only a prompt: IPython then prints the table as text.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:
        raise NotImplementedError("no notebook")
    table = answer.table()
    display({"text/plain": table.text(), "text/html": table.html()}, raw=True)
    try:
        figure = answer.plot()
    except InvalidInput:  # of this kind, but with nothing to draw
        return
    meta = figure.layout.meta
    if meta["table"]["rows"]:  # not where the figure would only say that there is nothing
        display(_bundle(figure, meta["alt"]), raw=True)


def _bundle(figure: Any, alt: str) -> dict[str, Any]:
    """Return the figure as its data, and as the sentence that describes it."""
    plain = figure.to_plotly_json()
    plain["layout"].pop("meta", None)
    return {FIGURE_TYPE: {"data": plain["data"], "layout": plain["layout"]}, "text/plain": alt}
