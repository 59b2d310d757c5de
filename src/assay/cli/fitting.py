"""Tables on narrow terminals: what may be narrower, and by how much, without breaking a name."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

__all__ = ["GAP", "cut", "fitted"]

GAP = 2
"""Cells between two columns."""
_LEAST_WORD = 12
"""What is left of a long word at least: enough to tell one id from another."""


def fitted(
    columns: Sequence[str], rows: Sequence[Sequence[str]], figures: Sequence[bool], room: int
) -> list[int] | None:
    """Return widths (cells) with which a table fits into `room`, or None where it cannot.

    Columns of figures, and headings, keep their width. In others lines are broken between words, and words
    of more than twelve cells may be cut; the widest gives way first.

    >>> fitted(["id", "n"], [["a-long-identifier-of-something", "12"]], [False, True], 24)
    [20, 2]
    """
    widths, least = [], []
    for place, column in enumerate(columns):
        cells = [row[place] for row in rows]
        width = max(cell_len(text) for text in [column, *cells])
        words = [min(cell_len(word), _LEAST_WORD) for text in cells for word in text.split()]
        widths.append(width)
        least.append(width if figures[place] else max([cell_len(column), *words]))
    over = sum(widths) + GAP * (len(widths) - 1) - room
    while over > 0:
        place = max(range(len(widths)), key=lambda one: (widths[one] > least[one], widths[one]))
        if widths[place] <= least[place]:
            return None
        widths[place] -= 1
        over -= 1
    return widths


def cut(text: str, width: int) -> str:
    """Return text whose words are at most `width` cells long, longer ones without their middle.

    >>> cut("01a1fd84-5a1e-7f50-b0cb-13825d5e5ec4 is one", 13)
    '01a1fd…5e5ec4 is one'
    """
    return " ".join(_shortened(word, width) for word in text.split(" "))


def _shortened(word: str, width: int) -> str:
    if cell_len(word) <= width:
        return word
    tail = (width - 1) // 2
    return (
        f"{set_cell_size(word, width - 1 - tail).rstrip()}…{set_cell_size(word[::-1], tail).rstrip()[::-1]}"
    )
