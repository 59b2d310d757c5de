"""What a comparison of one feature with its reference gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["DriftStatistic", "FeatureDrift"]


@dataclass(frozen=True, slots=True)
class DriftStatistic:
    """One figure of change.

    Attributes
    ----------
    name : what is measured.
    value : how much; None where it is not defined (no rows on one side).
    bound : the value of the raw rows differs by at most this much; 0.0 where it is exact.
    p_value : probability of a value at least as large if nothing had changed and rows were independent;
        None where there is no such test.
    """

    name: str
    value: float | None
    bound: float = 0.0
    p_value: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How a feature differs from its reference.

    Attributes
    ----------
    feature : its name.
    kind : "numeric" or "categorical".
    n_reference, n_current : rows with a value (numeric: a finite one).
    statistics : figures by name.
    """

    feature: str
    kind: str
    n_reference: int
    n_current: int
    statistics: Mapping[str, DriftStatistic] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "feature": self.feature,
            "kind": self.kind,
            "n_reference": self.n_reference,
            "n_current": self.n_current,
            "statistics": {name: one.to_dict() for name, one in self.statistics.items()},
        }
