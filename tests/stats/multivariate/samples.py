"""Points with dependence that pairs show, and that they do not."""

from __future__ import annotations

import numpy as np

from assay.stats.multivariate.coordinates import Coordinates
from assay.stats.summaries.codec import Floats
from assay.stats.summaries.column import Column
from assay.stats.summaries.reference import Reference


def correlated(rng: np.random.Generator, rows: int, width: int, correlation: float) -> Floats:
    """Standard normal columns of which the first two are correlated."""
    points = rng.standard_normal((rows, width))
    points[:, 1] = correlation * points[:, 0] + np.sqrt(1 - correlation**2) * points[:, 1]
    return points


def three_way(rng: np.random.Generator, rows: int, width: int, share: float = 1.0) -> Floats:
    """Independent normal columns; in this share of rows the third has the sign of the others' product."""
    points = rng.standard_normal((rows, width))
    tied = rng.random(rows) < share
    points[tied, 2] = np.abs(points[tied, 2]) * np.sign(points[tied, 0] * points[tied, 1])
    return points


def coordinates_of(values: Floats) -> Coordinates:
    """Coordinates of the columns of an array, each a numeric feature."""
    columns = {f"x{place}": Column.numeric(values[:, place]) for place in range(values.shape[1])}
    return Coordinates.of(Reference.of(columns, rows=len(values)).profile)


def named(values: Floats) -> dict[str, Floats]:
    """Columns of an array by the names that `coordinates_of` gives them."""
    return {f"x{place}": values[:, place] for place in range(values.shape[1])}
