"""One feature against its reference: what the feature's page, the API and the Python monitor show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.domain.plotting import Plotted
from assay.domain.rendering import Table, moment, number, share
from assay.stats.drift import FeatureDrift
from assay.stats.drift.histogram import Bar

__all__ = ["FeatureSide", "FeatureView", "FeatureWindow"]


@dataclass(frozen=True, slots=True)
class FeatureSide:
    """A feature's values in one window, or in the reference.

    Attributes
    ----------
    rows : predictions (or rows of the reference).
    n : those with a value; numeric: a finite one.
    missing : those without; NaN counts as none. `missing_share`: their share; None without rows.
    infinite, mistyped : values that are infinite, or of the other kind than the reference's.
    mean, std, min, max : of the finite values; None for categories and without values.
    quantiles : by name, ``p05``, ``p25``, ``p50``, ``p75``, ``p95``; within one cell of the reference.
    categories : distinct categories counted; None for numbers.
    new_share : share of the values that the reference does not hold: a category that it does not name, or
        a number outside its range. None without values.
    """

    rows: int
    n: int
    missing: int
    missing_share: float | None
    infinite: int
    mistyped: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    quantiles: dict[str, float | None]
    categories: int | None
    new_share: float | None


@dataclass(frozen=True, slots=True)
class FeatureWindow:
    """A feature in one window of event time, ``start <= t < end``, and how far it is from the reference."""

    start: datetime
    end: datetime
    values: FeatureSide
    drift: FeatureDrift


@dataclass(frozen=True, slots=True, repr=False)
class FeatureView(Plotted):
    """One feature over a period, against the active reference.

    Attributes
    ----------
    model_id, feature, kind : which; the kind is ``numeric`` or ``categorical``.
    start, end : the period, widened to whole hours.
    reference_id, reference_name, provisional : what it is compared with.
    reference, current : figures of both sides.
    drift : statistics of change over the whole period.
    bars : both distributions in common bars, exact counts (:mod:`assay.stats.drift.histogram`).
    changes : what changed, in words; only what is more than chance and of some size.
    windows : the same figures in each step of the period, where steps were asked for.
    """

    model_id: str
    feature: str
    kind: str
    start: datetime
    end: datetime
    reference_id: str
    reference_name: str
    provisional: bool
    reference: FeatureSide
    current: FeatureSide
    drift: FeatureDrift
    bars: tuple[Bar, ...] = ()
    changes: tuple[str, ...] = ()
    windows: tuple[FeatureWindow, ...] = ()

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        sides = (self.reference, self.current)
        rows = [
            ("rows", *(number(side.rows) for side in sides)),
            ("missing", *(share(side.missing_share) for side in sides)),
        ]
        if self.kind == "numeric":
            rows += [
                (name, *(number(getattr(side, name)) for side in sides))
                for name in ("mean", "std", "min", "max")
            ]
            rows += [
                (name, *(number(side.quantiles.get(name)) for side in sides))
                for name in self.reference.quantiles
            ]
        else:
            rows.append(("categories", *(number(side.categories) for side in sides)))
        rows.append(("new values", *(share(side.new_share) for side in sides)))
        statistics = ", ".join(f"{name} {number(one.value)}" for name, one in self.drift.statistics.items())
        title = f"{self.model_id}: {self.feature}, {moment(self.start)} to {moment(self.end)}"
        return Table(title, ("", "reference", "current"), rows, [*self.changes, statistics])
