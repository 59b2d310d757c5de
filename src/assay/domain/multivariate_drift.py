"""What several looks at all features together say about a window."""

from __future__ import annotations

from dataclasses import dataclass

from assay.domain.rendering import Answer, Table, number

__all__ = ["MultivariateDrift", "MultivariateFigure"]


@dataclass(frozen=True, slots=True)
class MultivariateFigure:
    """One look at all features together.

    Attributes
    ----------
    method : copula, interactions, mmd, reconstruction or classifier.
    statistic : what the value is.
    value : how much has changed, in the unit of the statistic.
    unchanged : the value where nothing has changed.
    p_value : probability of a value as far from that where nothing has changed and rows are independent.
    features : those that tell the most, the first before the others; empty where the method does not say.
    """

    method: str
    statistic: str
    value: float
    unchanged: float
    p_value: float
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class MultivariateDrift(Answer):
    """How the features together differ from a reference, by several methods.

    These are figures and no verdict: each p-value stands by itself and takes rows for independent. The
    verdict, which weighs all tests against one another and knows of time, is that of `assay.detect_drift`.

    Attributes
    ----------
    tests : in the order in which they were asked for.
    n_reference, n_current : rows that were looked at.
    coordinates : numbers that a row became: one for a numeric feature, one for each frequent category.
    notes : what was left out.
    """

    tests: tuple[MultivariateFigure, ...]
    n_reference: int
    n_current: int
    coordinates: int
    notes: tuple[str, ...] = ()

    def __getitem__(self, method: str) -> MultivariateFigure:
        """Return the test by this method."""
        for one in self.tests:
            if one.method == method:
                return one
        raise KeyError(method)

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [
            (
                one.method,
                one.statistic,
                number(one.value),
                number(one.unchanged),
                number(one.p_value),
                ", ".join(f"{name:.40}" for name in one.features[:3]),
            )
            for one in self.tests
        ]
        title = f"{number(self.n_current)} rows beside {number(self.n_reference)} of the reference"
        columns = ("method", "statistic", "value", "unchanged", "p", "features")
        return Table(title, columns, rows, list(self.notes))
