"""The list of single predictions: what its address asks for, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import quote, urlencode

from assay.dashboard.calls import Call
from assay.dashboard.csv_data import written
from assay.dashboard.names import model_path, model_slug
from assay.dashboard.readings import PageReader
from assay.domain.model import Model
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.prediction_view import PredictionView
from assay.domain.window import WindowQuery, micros_of, pair_of
from assay.errors import InvalidInput, NotFound

__all__ = [
    "Asked",
    "Chip",
    "ListedPredictions",
    "listed_csv",
    "listed_predictions",
    "parse_asked",
    "prediction_link",
    "prediction_path",
]

SHOWN = 50
"""Predictions on a page."""

SECONDS = 0.08
"""How long a page searches before it says how far it looked."""

_LONGEST_LINK = 300
"""Ids beyond so many bytes are shown without a link, which would be longer still: fifty fill a page."""

_CHIPS = {
    "contains": "id contains",
    "outcome": "outcome",
    "below": "confidence below",
    "version": "version",
    "slice": "tag",
    "predicted": "predicted",
    "actual": "truth",
    "start": "from",
    "end": "before",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of the address, as text; empty where absent."""

    contains: str = ""
    outcome: str = ""
    below: str = ""
    version: str = ""
    slice: str = ""
    predicted: str = ""
    actual: str = ""
    start: str = ""
    end: str = ""
    after: str = ""

    def query(self, **changes: str) -> str:
        """Return the query string with `changes`; what is empty is left out; the page is the first."""
        values = {item.name: getattr(self, item.name) for item in fields(self)} | {"after": ""} | changes
        return urlencode({name: value for name, value in values.items() if value}, quote_via=quote)

    @property
    def window(self) -> tuple[int | None, int | None]:
        """Start and end in microseconds; None where there is no bound."""
        return micros_of("start", self.start or None), micros_of("end", self.end or None)

    def conditions(self) -> PredictionFilter:
        """Return the conditions, as the use case takes them.

        Raises
        ------
        InvalidInput
            Where one makes no sense.
        """
        try:
            below = float(self.below) if self.below else None
        except ValueError:
            raise InvalidInput(f"a confidence below {self.below[:80]!r} is no number; write 0.6") from None
        return PredictionFilter(
            version=self.version or None,
            slice=pair_of("tag", self.slice or None),
            outcome=self.outcome or None,
            below_confidence=below,
            predicted=self.predicted or None,
            actual=self.actual or None,
            contains=self.contains or None,
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition in force, and the query string without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class ListedPredictions:
    """A page of the list.

    Attributes
    ----------
    asked, chips : what was asked for.
    page : the predictions.
    exact : the prediction whose whole id was typed into the search, wherever it lies.
    older : query string of the next page; empty on the last.
    call : how to read the same by other means.
    """

    asked: Asked
    chips: tuple[Chip, ...]
    page: PredictionPage
    exact: PredictionView | None
    older: str
    call: Call


def parse_asked(params: Mapping[str, str]) -> Asked:
    """Read the parameters of an address; those that the list does not know are left out."""
    return Asked(**{item.name: params.get(item.name, "").strip() for item in fields(Asked)})


def listed_predictions(service: PageReader, model: Model, asked: Asked) -> ListedPredictions:
    """Search for what the address asks for."""
    start, end = asked.window
    page = service.predictions(
        model.model_id,
        WindowQuery(start, end),
        limit=SHOWN,
        only=asked.conditions(),
        after=asked.after or None,
        seconds=SECONDS,
        features=False,
    )
    exact = None
    if asked.contains and not asked.after and all(one.prediction_id != asked.contains for one in page):
        try:
            exact = service.prediction(model.model_id, asked.contains)
        except NotFound:
            exact = None
    return ListedPredictions(
        asked=asked,
        chips=tuple(
            Chip(label, getattr(asked, name), asked.query(**{name: ""}))
            for name, label in _CHIPS.items()
            if getattr(asked, name)
        ),
        page=page,
        exact=exact,
        older=asked.query(after=page.next) if page.next else "",
        call=_call(model.model_id, asked),
    )


def prediction_path(model_id: str, prediction_id: str) -> str:
    """Return the path of a prediction's page; empty where its id is too long for a link.

    >>> prediction_path("fraud", "a/b")
    '/models/fraud/predictions/~YS9i'
    """
    link = prediction_link(prediction_id)
    return f"{model_path(model_id)}/{link}" if link else ""


def prediction_link(prediction_id: str) -> str:
    """Return the same as seen from the list, without the model's name, which may be long; empty as above.

    >>> prediction_link("a/b")
    'predictions/~YS9i'
    """
    if len(prediction_id.encode()) > _LONGEST_LINK:
        return ""
    return f"predictions/{quote(model_slug(prediction_id), safe='~')}"


def listed_csv(page: PredictionPage) -> str:
    """Return the predictions of a page as CSV, nothing rounded; each tag has a column of its own."""
    tags = list(dict.fromkeys(name for one in page for name in one.tags))
    head = ["prediction_id", "timestamp", "version", "prediction", "score", "confidence", "truth", "verdict"]
    rows = [
        [
            one.prediction_id,
            one.timestamp,
            one.model_version,
            one.prediction,
            one.score,
            one.confidence,
            one.truth,
            one.verdict,
            one.values.get("latency_ms"),
            *(one.tags.get(name) for name in tags),
        ]
        for one in page
    ]
    return written([[*head, "latency_ms", *(f"tag.{name}" for name in tags)], *rows])


def _call(model_id: str, asked: Asked) -> Call:
    """Return how to read the same over HTTP and in Python."""
    given = {
        "below_confidence" if name == "below" else name: getattr(asked, name)
        for name in (*_CHIPS, "after")
        if getattr(asked, name)
    }
    arguments = [repr(model_id), f"limit={SHOWN}"]
    arguments += [
        f"{name}={value if name == 'below_confidence' else repr(value)}" for name, value in given.items()
    ]
    segment = quote(model_id, safe="") if model_id.strip(".") else model_id.replace(".", "%2E")
    return Call(
        f"/api/v1/models/{segment}/predictions?{urlencode({'limit': SHOWN} | given, quote_via=quote)}",
        f"monitor.predictions({', '.join(arguments)})",
    )
