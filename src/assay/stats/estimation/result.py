"""An estimate of a metric without labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["MetricEstimate"]


@dataclass(frozen=True, slots=True)
class MetricEstimate:
    """A metric as it is to be expected.

    Attributes
    ----------
    name : the metric.
    value : its estimate; None where it is refused.
    low, high : 95% interval of what the metric will be found to be once these predictions have their labels.
    n : predictions that it is estimated for.
    effective : rows of the reference that speak for these predictions: all of them, or after weighting, the
        effective sample size.
    method : what it rests on.
    reason : why it is refused; or where it has a value, what speaks against it.
    realised : the metric itself, where the truth is known; None elsewhere.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    effective: float
    method: str
    reason: str | None = None
    realised: float | None = None

    @classmethod
    def refused(cls, name: str, n: int, reason: str) -> Self:
        """No estimate, and why."""
        return cls(name, None, None, None, n, 0.0, "", reason)

    @classmethod
    def undefined(cls, name: str, n: int) -> Self:
        """No estimate, since the metric is a division by zero."""
        return cls.refused(
            name, n, f"{name} is not defined for these predictions: it would be a division by zero"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)
