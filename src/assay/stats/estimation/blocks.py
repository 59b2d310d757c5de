"""Blocks of a reference, each judged by what the others say: choice and error out of sample."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from assay.stats.metrics.intervals import Z

__all__ = ["blocks_of", "chunks_of", "half_width", "jackknife_variance", "random_effect"]

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


def blocks_of(rows: int, *, least: int = 200, most: int = 10) -> _Ints:
    """Number of each row's block: runs of neighbouring rows, equally long.

    What belongs together in time stays together. Between 2 and `most` of them, of at
    least `least` rows where that can be.
    """
    blocks = max(2, min(most, rows // least))
    return np.arange(rows, dtype=np.int64) * blocks // max(rows, 1)


def chunks_of(block: _Ints, size: int) -> list[tuple[int, _Ints]]:
    """Cut each block into chunks of about `size` neighbouring rows: the block's number, and the rows."""
    found = []
    for number in np.unique(block).tolist():
        rows = np.flatnonzero(block == number)
        pieces = max(1, rows.size // max(size, 1))
        found += [(number, piece) for piece in np.array_split(rows, pieces)]
    return found


def jackknife_variance(left_out: _Floats) -> float:
    """Variance of an estimate that each block was left out of in turn (the delete-a-group jackknife)."""
    blocks = left_out.size
    return float((blocks - 1) / blocks * ((left_out - left_out.mean()) ** 2).sum()) if blocks > 1 else 0.0


def random_effect(errors: _Floats, variances: _Floats) -> float:
    """Variance of the errors beyond what chance explains.

    The truth given the score differs from one stretch of time to the next. By moments; 0 where chance
    explains it all.
    """
    return max(0.0, float(np.mean(errors**2 - variances))) if errors.size else 0.0


def half_width(chance: float, between: float, blocks: int) -> float:
    """Half of a 95% interval: normal for what chance does, Student's t for what lies between blocks."""
    quantile = float(stdtrit(max(blocks - 1, 1), 0.975))
    return float(np.sqrt(Z**2 * chance + quantile**2 * between))
