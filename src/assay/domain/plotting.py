"""What results that have a figure can do: draw it, and show it under their table in a notebook.

The figures stand above the vocabulary, and the vocabulary knows none of them. Only here does it reach up,
when somebody asks for a figure, so that ``result.plot()`` works on whatever a monitor answers
(``docs/decisions/0025-results-draw-themselves.md``).
"""

from __future__ import annotations

from typing import Any

from assay.domain.rendering import Answer

__all__ = ["Plotted"]


class Plotted(Answer):
    """A result that has figures."""

    __slots__ = ()

    def plot(self, what: str | None = None, *, theme: str = "light") -> Any:
        """Draw the result as its page does.

        Parameters
        ----------
        what : which of its figures; None: the one that says most. Metrics, in one window or several, and
            reports: a metric by its name, ``volume``, ``latency``, ``stages``; a report also ``drift``.
            Drift: ``features``, or one of them by its name. Calibration: ``reliability``, ``confusion``,
            ``scores``. A feature: ``distribution``, and over its windows ``drift``, ``values``, ``gaps``.
        theme : ``light`` or ``dark``.

        Returns
        -------
        plotly.graph_objects.Figure
            In ``layout.meta`` are a sentence for who does not see it, ``alt``, and its data, ``table``.

        Raises
        ------
        InvalidInput
            Where there is no such figure or theme; the message names those there are.
        """
        from assay.figures.plots import plot

        return plot(self, what, theme=theme)

    def _ipython_display_(self) -> None:
        """Show the table and, below it, the figure; at a prompt without a notebook the table alone."""
        from assay.figures.notebook import show

        show(self)
