"""Floats in and out: what callers give becomes an array, what JSON cannot say becomes None."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.codec import Floats

__all__ = ["as_floats", "finite_or_none"]


def as_floats(values: npt.ArrayLike, what: str = "values") -> Floats:
    """Return `values` as a flat float64 array, copied only where needed.

    Raises
    ------
    InvalidInput
        Where they are not numbers.
    """
    try:
        return np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"{what} must be numbers: {error}") from None


def finite_or_none(value: float) -> float | None:
    """Return `value` as JSON can say it: None where it is NaN or infinite."""
    return float(value) if math.isfinite(value) else None
