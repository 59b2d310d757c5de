"""How results show themselves: plain values for JSON, a small table as text, the same table as HTML."""

from __future__ import annotations

import enum
import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

__all__ = ["Answer", "Table", "moment", "number", "plain", "share"]

_LONGEST_CELL = 60
_FIGURE = re.compile(r"[-–\d.,%e ]*$|[-\d].* to ")


def plain(value: Any) -> Any:
    """Return `value` as what JSON can hold: records become objects, times ISO 8601 text.

    >>> plain({"at": datetime(2024, 1, 2), "pair": (1, 2)})
    {'at': '2024-01-02T00:00:00', 'pair': [1, 2]}
    """
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return str(value)


def number(value: float | None) -> str:
    """Write a number for people: four significant digits, a dash where there is none.

    >>> number(0.123456), number(1234567.0), number(None)
    ('0.1235', '1,234,567', '–')
    """
    if value is None:
        return "–"
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.4g}" if abs(value) >= 1e-4 else f"{value:.3e}"


def share(value: float | None) -> str:
    """Write a share of 1 in percent; never 100% where something is missing.

    >>> share(0.5), share(0.9999), share(None)
    ('50%', '99.9%', '–')
    """
    if value is None:
        return "–"
    percent = value * 100
    if 99.9 < percent < 100:
        return "99.9%"
    return f"{percent:.1f}%".replace(".0%", "%")


def moment(value: datetime | None) -> str:
    """Write a time for people: to the minute, UTC.

    >>> moment(datetime(2024, 1, 2, 3, 4, 5))
    '2024-01-02 03:04'
    """
    return "–" if value is None else value.strftime("%Y-%m-%d %H:%M")


def _printable(text: str) -> str:
    """Names are opaque and may hold anything; none may steer a terminal or break a line."""
    return "".join(sign if sign.isprintable() else "·" for sign in text)


def _cell(value: object) -> str:
    """One line of printable text, cut where it is long."""
    text = _printable(str(value))
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"


@dataclass(frozen=True, slots=True)
class Table:
    """A small table with a title, and remarks below it; columns of figures are aligned to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def around(self) -> tuple[str, list[str]]:
        """Return the title and the remarks as printable texts."""
        return _printable(self.title), [_printable(note) for note in self.notes]

    def cells(self) -> list[list[str]]:
        """Return the rows as short printable texts."""
        return [[_cell(value) for value in row] for row in self.rows]

    def figures(self) -> list[bool]:
        """Whether each column holds figures alone."""
        return [all(_FIGURE.match(row[place]) for row in self.rows) for place in range(len(self.columns))]

    def text(self) -> str:
        """Return the table as lines of text.

        >>> print(Table("m", ["metric", "value"], [["auc", "0.7"]]).text())
        m
        metric  value
        auc       0.7
        """
        title, notes = self.around()
        lines = [title]
        if self.rows:
            grid = [[_cell(name) for name in self.columns], *self.cells()]
            widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
            right = self.figures()
            for row in grid:
                padded = (
                    value.rjust(width) if figure else value.ljust(width)
                    for value, width, figure in zip(row, widths, right, strict=True)
                )
                lines.append("  ".join(padded).rstrip())
        return "\n".join([*lines, *notes])

    def html(self) -> str:
        """Return the table as HTML, everything in it escaped."""
        title, remarks = self.around()
        head = "".join(f"<th>{html.escape(_cell(name))}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row) + "</tr>"
            for row in self.cells()
        )
        notes = "".join(f"<p><small>{html.escape(note)}</small></p>" for note in remarks)
        table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>" if self.rows else ""
        return f"<table><caption>{html.escape(title)}</caption>{table}</table>{notes}"


class Answer:
    """What a result can do in a notebook, at a prompt and on the way into JSON."""

    __slots__ = ()

    def table(self) -> Table:
        """Return the table by which the result shows itself."""
        cells = [(name, plain(getattr(self, name))) for name in _names(self)]
        return Table(type(self).__name__, ("field", "value"), [(name, str(value)) for name, value in cells])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON: times as ISO 8601 text."""
        return {name: plain(getattr(self, name)) for name in _names(self)}

    def __repr__(self) -> str:
        return self.table().text()

    def _repr_html_(self) -> str:
        return self.table().html()


def _names(record: Any) -> Iterable[str]:
    """Names of the record's fields."""
    return [item.name for item in fields(record)]
