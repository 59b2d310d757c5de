"""Which features a table or a map shows: found by name, sorted by a statistic, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from assay.dashboard.drift_table import DriftRow, drift_rows
from assay.dashboard.readings import Readings
from assay.dashboard.view import View
from assay.domain.answers import DriftWindow
from assay.errors import InvalidInput
from assay.figures.drift_statistics import DRIFT, STATISTICS, ranked, statistic

__all__ = ["PER_PAGE", "Choice", "FeatureList", "chosen_features", "feature_list", "parse_choice"]

PER_PAGE = 40
"""Features on one page, whose drift is followed over time."""

_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for: part of a name, a column to sort by, a page counted from 1."""

    find: str = ""
    sort: str = DRIFT
    page: int = 1

    def query(self, **changes: str | int) -> str:
        """Return the parameters of its first page with `changes`; what is the default is left out."""
        values: dict[str, str | int] = {"find": self.find, "sort": self.sort, "page": 1, **changes}
        default = Choice()
        return urlencode(
            {key: value for key, value in values.items() if value != getattr(default, key)},
        )


@dataclass(frozen=True, slots=True)
class FeatureList:
    """A page of features: how many there are, how many were found, the rows, and the pages.

    `unread`: the rows are without their lines, which are asked for on their own.
    """

    choice: Choice
    drift: DriftWindow | None
    total: int
    found: int
    rows: tuple[DriftRow, ...]
    pages: int
    unread: bool = False


def parse_choice(params: Mapping[str, str]) -> Choice:
    """Read a choice from an address's parameters.

    Raises
    ------
    InvalidInput
        Where the column or the page is not understood.
    """
    sort = params.get("sort") or DRIFT
    if sort != "name" and sort not in STATISTICS:
        known = ", ".join(["name", *STATISTICS])
        raise InvalidInput(f"features are not sorted by {sort[:80]!r}; the columns are {known}")
    page = params.get("page") or "1"
    if not page.isascii() or not page.isdecimal() or not 1 <= int(page[:9]) <= 100_000:
        raise InvalidInput(f"there is no page {page[:80]!r}; pages are counted from 1")
    return Choice(params.get("find", "")[:_LONGEST_SEARCH].strip(), sort, int(page[:9]))


def chosen_features(whole: DriftWindow, choice: Choice) -> tuple[list[str], int]:
    """Return the features of the page asked for, and how many were found in all."""
    sought = choice.find.casefold()
    found = [feature for feature in ranked([whole]) if sought in feature.casefold()]
    if choice.sort == "name":
        found.sort(key=lambda feature: (feature.casefold(), feature))
    elif choice.sort != DRIFT:
        size = {feature: statistic(whole.features[feature], choice.sort) for feature in found}
        found.sort(key=lambda feature: -abs(size[feature] or 0.0))
    begin = (choice.page - 1) * PER_PAGE
    return found[begin : begin + PER_PAGE], len(found)


def feature_list(
    readings: Readings, model_id: str, view: View, choice: Choice, *, wait: bool = True
) -> FeatureList:
    """Read a page of features.

    Without `wait`, the rows have their lines only where these are known already: a line of thirty days is
    thirty comparisons, and the order of the rows rests on one of them alone.
    """
    drift = readings.drift(model_id, view)
    if drift is None or not drift.n:
        return FeatureList(choice, drift, len(drift.features) if drift else 0, 0, (), 1)
    names, found = chosen_features(drift, choice)
    read = readings.drift_windows if wait else readings.known_drift_windows
    windows = read(model_id, view, tuple(names)) if names else []
    return FeatureList(
        choice,
        drift,
        len(drift.features),
        found,
        tuple(drift_rows(drift, windows, names)),
        max(1, -(-found // PER_PAGE)),
        unread=windows is None,
    )
