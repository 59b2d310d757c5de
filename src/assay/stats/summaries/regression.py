"""Regression: sums of the error's powers and the moments of the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.codec import Kind, Reader, Writer
from assay.stats.summaries.floats import as_floats, finite_or_none
from assay.stats.summaries.moments import merge_moments

__all__ = ["RegressionSummary"]


@dataclass(frozen=True, slots=True)
class RegressionSummary(Mergeable):
    """Errors of numeric predictions, labelled or not.

    Attributes
    ----------
    n_predictions : rows with a prediction.
    n : labelled rows, prediction and truth finite; the sums are over these.
    infinite : labelled rows left out because one of the two is infinite.
    error, error2, error4 : sums of e = predicted - actual, of its square and fourth power.
    absolute : sum of |e|.
    n_percent : rows of `n` whose truth is not 0.
    percent, percent2 : over these, sums of |e / actual| and of its square.
    actual_mean, actual_m2 : mean of the truth, and its sum of squared deviations.
    """

    n_predictions: int = 0
    n: int = 0
    infinite: int = 0
    error: float = 0.0
    error2: float = 0.0
    error4: float = 0.0
    absolute: float = 0.0
    n_percent: int = 0
    percent: float = 0.0
    percent2: float = 0.0
    actual_mean: float = 0.0
    actual_m2: float = 0.0

    @classmethod
    def empty(cls) -> Self:
        """Summary of no rows."""
        return cls()

    @classmethod
    def of(cls, actual: npt.ArrayLike, predicted: npt.ArrayLike, *, late: bool = False) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        actual : the truth, NaN where not known yet.
        predicted : the predictions, NaN where there is none.
        late : the predictions have been counted before; count only what these labels add.

        Raises
        ------
        InvalidInput
            Where the two differ in length or are not numbers.

        Examples
        --------
        >>> RegressionSummary.of([1.0, float("nan")], [1.5, 2.0]).to_dict()["mean_error"]
        0.5
        """
        truth, guess = as_floats(actual, "actual"), as_floats(predicted, "predicted")
        if truth.size != guess.size:
            raise InvalidInput(f"{truth.size} actual values, but {guess.size} predictions")
        given = ~np.isnan(guess)
        labelled = given & ~np.isnan(truth)
        finite = np.isfinite(truth) & np.isfinite(guess)
        infinite = int(np.count_nonzero(labelled & ~finite))
        truth, guess = truth[finite], guess[finite]
        n_predictions = 0 if late else int(np.count_nonzero(given))
        if not truth.size:
            return cls(n_predictions=n_predictions, infinite=infinite)
        # Errors near the largest float overflow; the metric is then reported as unknown.
        with np.errstate(over="ignore", invalid="ignore"):
            error = guess - truth
            size, square = np.abs(error), error * error
            share = size[truth != 0] / np.abs(truth[truth != 0])
            mean = float(truth.mean())
            return cls(
                n_predictions,
                truth.size,
                infinite,
                float(error.sum()),
                float(square.sum()),
                float((square * square).sum()),
                float(size.sum()),
                share.size,
                float(share.sum()),
                float((share * share).sum()),
                mean,
                float(((truth - mean) ** 2).sum()),
            )

    @property
    def n_labelled(self) -> int:
        """Rows that have both prediction and truth, infinite ones too."""
        return self.n + self.infinite

    @property
    def coverage(self) -> float | None:
        """Share of the predictions that have their truth; None where there is no prediction."""
        return self.n_labelled / self.n_predictions if self.n_predictions else None

    def merge(self, other: Self) -> Self:
        """Describe the rows of both."""
        mean, m2 = merge_moments(
            self.n, self.actual_mean, self.actual_m2, other.n, other.actual_mean, other.actual_m2
        )
        with np.errstate(over="ignore", invalid="ignore"):
            return type(self)(
                self.n_predictions + other.n_predictions,
                self.n + other.n,
                self.infinite + other.infinite,
                self.error + other.error,
                self.error2 + other.error2,
                self.error4 + other.error4,
                self.absolute + other.absolute,
                self.n_percent + other.n_percent,
                self.percent + other.percent,
                self.percent2 + other.percent2,
                float(mean),
                float(m2),
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "kind": "regression",
            "n_predictions": self.n_predictions,
            "n_labelled": self.n_labelled,
            "coverage": self.coverage,
            "infinite": self.infinite,
            "mean_error": finite_or_none(self.error / self.n) if self.n else None,
            "actual_mean": finite_or_none(self.actual_mean) if self.n else None,
        }

    def to_bytes(self) -> bytes:
        """Compact versioned bytes."""
        writer = Writer()
        writer.ints([self.n_predictions, self.n, self.infinite, self.n_percent])
        writer.floats([self.error, self.error2, self.error4, self.absolute])
        writer.floats([self.percent, self.percent2, self.actual_mean, self.actual_m2])
        return writer.finish(Kind.REGRESSION)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.REGRESSION)
        n_predictions, n, infinite, n_percent = reader.ints(size=4).tolist()
        errors = reader.floats(size=4).tolist()
        percent, percent2, mean, m2 = reader.floats(size=4).tolist()
        reader.done()
        error, error2, error4, absolute = errors
        return cls(
            n_predictions,
            n,
            infinite,
            error,
            error2,
            error4,
            absolute,
            n_percent,
            percent,
            percent2,
            mean,
            m2,
        )
