"""Sums over rows of the products of all pairs of columns, on one processor where that is quicker.

A matrix library shares out even a product of a few dozen columns among threads that wait for one another by
spinning: on a busy machine such a product costs ten times the work. Cut into pieces that are below its
threshold, it stays where it is.
"""

from __future__ import annotations

import numpy as np

from assay.stats.summaries.codec import Floats

__all__ = ["inner_products"]

_ALONE = 1 << 18
"""Multiplications up to which OpenBLAS, which NumPy brings, keeps to one thread."""

_FEWEST = 32
"""Rows of a piece: with so many columns that it would have fewer, sharing out is worth it."""


def inner_products(left: Floats, right: Floats) -> Floats:
    """Return ``left.T @ right``.

    Parameters
    ----------
    left, right : float64[rows, a] and float64[rows, b].

    Returns
    -------
    numpy.ndarray
        float64[a, b].

    Examples
    --------
    >>> inner_products(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [10.0]])).tolist()
    [[31.0], [42.0]]
    """
    rows, a = left.shape
    b = right.shape[1]
    piece = _ALONE // max(a * b, 1)
    if piece < _FEWEST or rows <= piece:
        return np.asarray(left.T @ right)
    whole = rows // piece * piece
    pieces = left[:whole].reshape(-1, piece, a).transpose(0, 2, 1) @ right[:whole].reshape(-1, piece, b)
    return np.asarray(pieces.sum(axis=0) + left[whole:].T @ right[whole:])
