"""A metric's value, and how far it can be relied on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric over some rows.

    Attributes
    ----------
    name : the metric, as in :data:`assay.stats.metrics.METRICS`.
    value : its value; None where it is not defined (no rows, one class only, a division by zero).
    n : rows that it is computed from.
    coverage : share of the predictions that have their truth; None where that means nothing.
    low, high : 95% confidence interval of the value; None where none can honestly be given.
    bound : how far the value can be from that of the raw rows, because scores were counted in cells;
        0.0 where it is exact.
    higher_is_better : the direction of the metric.
    """

    name: str
    value: float | None
    n: int
    coverage: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float = 0.0
    higher_is_better: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)
