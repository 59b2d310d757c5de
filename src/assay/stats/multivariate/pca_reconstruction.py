"""Reconstruction error: how much of a row lies outside the directions in which the reference varies.

The principal components that carry most of the reference's variance are kept; the length of what is left of a
row is its error. Rows whose coordinates no longer go together as in the reference have larger errors, rows
that vary less, smaller ones.

The components are fitted to the reference, so that its own rows have too small errors. A window is therefore
compared with windows of the reference whose rows were left out of the fit, each block of rows in its turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import stdtr

from assay.errors import InvalidInput
from assay.stats.summaries.codec import Floats

__all__ = ["Components", "ReconstructionResult", "reconstruction_error"]

SHARE = 0.65
"""Of the variance, that the components carry."""

BLOCKS = 10
"""Blocks of neighbouring rows that are left out of the fit in their turn."""

_MOST_WINDOWS = 200
_LEAST_WINDOWS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Principal components.

    Attributes
    ----------
    mean, scale : float64[coordinates], of the rows that they were fitted to; a coordinate that does not vary
        has the scale 1.
    directions : float64[coordinates, components], of unit length, at right angles.
    """

    mean: Floats
    scale: Floats
    directions: Floats

    @classmethod
    def fit(cls, points: Floats, *, share: float = SHARE) -> Self:
        """Fit to rows: as few components as carry `share` of the variance, and fewer than coordinates.

        Parameters
        ----------
        points : float64[rows, coordinates]; NaN counts as the coordinate's mean.

        Raises
        ------
        InvalidInput
            With fewer than two coordinates or two rows, or a share not between 0 and 1.
        """
        if not 0 < share < 1:
            raise InvalidInput(f"share must be between 0 and 1; got {share!r:.40}")
        rows, width = points.shape
        if width < 2 or rows < 2:
            raise InvalidInput(f"components need two coordinates and two rows; got {width} and {rows}")
        known = np.isfinite(points)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, points, 0.0).sum(axis=0) / count
        centred = np.where(known, points - mean, 0.0)
        scale = np.sqrt((centred**2).sum(axis=0) / count)
        scale = np.where(scale > 0, scale, 1.0)
        centred /= scale
        values, vectors = np.linalg.eigh(centred.T @ centred / rows)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        carried = np.cumsum(values) / max(float(values.sum()), 1e-300)
        kept = min(int(np.searchsorted(carried, share)) + 1, width - 1)
        return cls(mean, scale, np.ascontiguousarray(vectors[:, :kept]))

    def errors(self, points: Floats) -> Floats:
        """Length of what the components leave of each row: float64[rows]."""
        standard = np.nan_to_num((points - self.mean) / self.scale)
        left = standard - standard @ self.directions @ self.directions.T
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", left, left)))


@dataclass(frozen=True, slots=True)
class ReconstructionResult:
    """The window's reconstruction error among those of the reference's windows.

    Attributes
    ----------
    value : mean error of the window's rows.
    expected : mean error of the reference's rows, each left out of the fit.
    spread : standard deviation of the mean error of windows of that length.
    p_value : two-sided, of Student's t; 1.0 where the windows do not vary.
    components : number of components.
    windows : windows of the reference that it is held against.
    """

    value: float
    expected: float
    spread: float
    p_value: float
    components: int
    windows: int


def reconstruction_error(
    reference: Floats, current: Floats, *, share: float = SHARE, blocks: int = BLOCKS
) -> ReconstructionResult:
    """Compare a window's mean reconstruction error with those of the reference's windows.

    Parameters
    ----------
    reference, current : float64[rows, coordinates], in the order of time where there is one: the reference's
        windows are runs of rows. NaN counts as the mean.
    share : of the variance, that the components carry.
    blocks : left out of the fit in their turn.

    Notes
    -----
    With fewer than eight windows of the current one's length in the reference, shorter ones are taken and
    their variance is scaled, which holds for independent rows.

    Raises
    ------
    InvalidInput
        Without rows in the window, or with fewer than 32 in the reference.
    """
    n, m = len(reference), len(current)
    if not m or n < _LEAST_ROWS:
        raise InvalidInput(
            f"a reconstruction error needs {_LEAST_ROWS} rows of the reference and one of the window; "
            f"got {n} and {m}"
        )
    fitted = Components.fit(reference, share=share)
    value = float(fitted.errors(current).mean())
    block = np.arange(n) * blocks // n
    usual = np.empty(n)
    for number in range(blocks):
        inside = block == number
        usual[inside] = Components.fit(reference[~inside], share=share).errors(reference[inside])
    windows = min(max(n // m, _LEAST_WINDOWS), _MOST_WINDOWS)
    length = min(m, n // windows)
    # Spread over the whole of the reference, where there are more than are needed.
    begin = np.linspace(0, n - length, windows).astype(np.int64)
    running = np.concatenate([[0.0], np.cumsum(usual)])
    means = (running[begin + length] - running[begin]) / length
    spread = float(means.std(ddof=1)) * np.sqrt(length / m)
    expected = float(usual.mean())
    # The reference's own mean is not known better than its rows tell.
    beside = spread * np.sqrt(1 + m / n)
    p = float(2 * stdtr(windows - 1, -abs(value - expected) / beside)) if beside > 0 else 1.0
    return ReconstructionResult(value, expected, float(spread), p, fitted.directions.shape[1], windows)


_LEAST_ROWS = 32
