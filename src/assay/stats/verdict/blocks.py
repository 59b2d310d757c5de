"""Short blocks of the reference in the order of time, with the contrasts of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from assay.stats.summaries.codec import Floats, Ints
from assay.stats.verdict.contrasts import ContrastKind, Contrasts, shares

__all__ = ["DAY", "Blocks", "block_width", "count_numeric"]

DAY = 86_400_000_000
"""Microseconds of a day."""

_WIDTHS = tuple(
    seconds * 1_000_000
    for seconds in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800)
)
_WIDTHS += (43_200_000_000, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY)

_CHUNK = 1 << 14  # fits the processor's cache

_MOST = 2_000
"""Blocks that a reference is cut into at most, unless the window that is judged is shorter."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Contrasts of blocks that follow one another.

    Attributes
    ----------
    contrasts : what is counted.
    successes, trials : int64[blocks, contrasts].
    starts : int64[blocks], microseconds since 1970 (UTC); None where only the order is known.
    width : length of a block: microseconds, or rows where only the order is known.
    """

    contrasts: Contrasts
    successes: Ints
    trials: Ints
    starts: Ints | None
    width: int

    @property
    def size(self) -> int:
        """Number of blocks."""
        return self.successes.shape[0]

    @property
    def shares(self) -> Floats:
        """float64[blocks, contrasts], NaN where a block has no rows."""
        return shares(self.successes, self.trials)


def block_width(span: int, window: int) -> int:
    """Choose the length of blocks for a reference of length `span` and windows of length `window`.

    Blocks are no longer than the window, so that their phases in a season can be matched, and are one of
    the lengths that divide days, hours or minutes (or whole days).

    Parameters
    ----------
    span, window : microseconds.

    Returns
    -------
    int
        Microseconds.

    >>> hour = 3_600_000_000
    >>> block_width(60 * 24 * hour, 6 * hour) // hour, block_width(3 * hour, hour) // 1_000_000
    (1, 10)
    """
    fitting = [width for width in _WIDTHS if width <= max(window, _WIDTHS[0])]
    for width in fitting:
        if span <= width * _MOST:
            return width
    return fitting[-1]


def count_numeric(
    values: Floats, valid: np.ndarray | None, block: Ints, blocks: int, cuts: Floats
) -> tuple[Ints, Ints, Ints]:
    """Count the contrasts of one numeric feature in all blocks at once.

    Parameters
    ----------
    values : float64[rows].
    valid : which rows have a value; None: all. NaN and infinite values are none.
    block : int64[rows], the block of each row.
    blocks : number of blocks.
    cuts : float64[cuts], ascending, at most 250.

    Returns
    -------
    tuple of numpy.ndarray
        Rows below each cut int64[blocks, cuts], rows with a value and rows without int64[blocks].
    """
    width = cuts.size + 2
    key = block * width
    for start in range(0, values.size, _CHUNK):
        some = slice(start, start + _CHUNK)
        own = values[some]
        # For so few cuts comparing with all of them is several times as fast as searching among them.
        code = np.zeros(own.size, dtype=np.uint8)
        for cut in cuts:
            code += own > cut
        absent = ~np.isfinite(own)
        if valid is not None:
            absent |= ~valid[some]
        code[absent] = cuts.size + 1
        key[some] += code
    found = np.bincount(key, minlength=blocks * width).reshape(blocks, width)
    below = np.cumsum(found[:, : cuts.size + 1], axis=1)
    return below[:, : cuts.size], below[:, -1], found[:, -1]


def count_categories(
    codes: Ints, valid: np.ndarray | None, block: Ints, blocks: int, place: Ints, kept: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Count the contrasts of one categorical feature in all blocks at once.

    Parameters
    ----------
    codes : int64[rows], places in a dictionary, -1 where there is none.
    valid : which rows have a value; None: all.
    block, blocks : as in :func:`count_numeric`.
    place : int64[dictionary]: the contrast of each text, `kept` for one that the reference names but that
        has none of its own, ``kept + 1`` for a new one.
    kept : categories with a contrast.

    Returns
    -------
    tuple of numpy.ndarray
        Rows of each category int64[blocks, kept], of new ones, with a value, without one int64[blocks].
    """
    width = kept + 3
    absent = codes < 0
    if valid is not None:
        absent = absent | ~valid
    code = np.append(place, kept + 2)[np.where(absent, place.size, codes)]
    found = np.bincount(block * width + code, minlength=blocks * width).reshape(blocks, width)
    return found[:, :kept], found[:, kept + 1], found[:, : kept + 2].sum(axis=1), found[:, kept + 2]


def assemble(
    contrasts: Contrasts,
    blocks: int,
    counted: Iterable[tuple[int, Ints, Ints, Ints, Ints]],
    starts: Ints | None,
    width: int,
) -> Blocks:
    """Put the counts of all features together.

    Parameters
    ----------
    contrasts : what was counted.
    blocks : number of blocks.
    counted : for each feature its place, rows of its contrasts but NEW and MISSING, of new categories, with
        a value, and without one.
    starts, width : see :class:`Blocks`.
    """
    successes = np.zeros((blocks, contrasts.size), dtype=np.int64)
    trials = np.zeros((blocks, contrasts.size), dtype=np.int64)
    for place, own, new, present, absent in counted:
        where = contrasts.of_feature(place)
        kinds = contrasts.kind[where]
        columns = np.arange(where.start, where.stop)
        named = columns[(kinds == ContrastKind.BELOW) | (kinds == ContrastKind.CATEGORY)]
        successes[:, named] = own
        trials[:, columns] = present[:, None]
        successes[:, columns[kinds == ContrastKind.NEW]] = new[:, None]
        successes[:, columns[kinds == ContrastKind.MISSING]] = absent[:, None]
        trials[:, columns[kinds == ContrastKind.MISSING]] = (present + absent)[:, None]
    return Blocks(contrasts, successes, trials, starts, width)
