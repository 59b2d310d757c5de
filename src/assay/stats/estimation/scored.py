"""Scored predictions, one by one or counted in cells: what estimates are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Scored"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Rows that share a score and a predicted class.

    Attributes
    ----------
    score : float64[rows], 0 to 1.
    predicted : bool[rows], whether the positive class was predicted.
    n : float64[rows], predictions that each row stands for: 1, or a cell's count.
    positive : float64[rows], how many of them came true; meaningless where the truth is not known.
    """

    score: _Floats
    predicted: npt.NDArray[np.bool_]
    n: _Floats
    positive: _Floats

    @property
    def total(self) -> float:
        """Predictions in all."""
        return float(self.n.sum())

    def take(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64] | slice) -> Self:
        """Some of the rows."""
        return type(self)(self.score[rows], self.predicted[rows], self.n[rows], self.positive[rows])

    def realised(self) -> _Floats:
        """Share of each row that came true (0 to 1)."""
        return np.divide(self.positive, self.n, out=np.zeros_like(self.positive), where=self.n > 0)
