"""The page of one prediction: what became of it, and how unusual its features are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from assay.dashboard.calls import Call
from assay.dashboard.strip import Strip, strip_of
from assay.domain.columns import STAGES
from assay.domain.feature_place import FeaturePlace, words
from assay.domain.prediction_view import PredictionView
from assay.figures.names import shown
from assay.figures.numbers import value_text

__all__ = ["MOST_FEATURES", "FeatureLine", "OnePrediction", "after_text", "one_prediction"]

MOST_FEATURES = 100
"""Features on the page, the most unusual ones; the others are found by their name, or in the API's answer."""

_MOST_PROBABILITIES = 12
_LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """A feature: its value and place in words, and drawn where the reference has numbers."""

    place: FeaturePlace
    value: str
    words: str
    strip: Strip | None


@dataclass(frozen=True, slots=True)
class OnePrediction:
    """Everything that the page shows.

    Attributes
    ----------
    view : the prediction.
    came_after : how long after it its truth was observed, in words; empty without one.
    stages : latencies by stage, in ms.
    fields : other fields as logged, in words.
    probabilities : the most probable classes. `more_probabilities`: how many others there are.
    lines : features. `found`: how many fit the search; `unusual`: how many of all are unusual.
    around : query string of the model's page on that day, in that version.
    call : how to read the same by other means.
    """

    view: PredictionView
    came_after: str
    stages: dict[str, float]
    fields: dict[str, str]
    probabilities: tuple[tuple[str, float], ...]
    more_probabilities: int
    lines: tuple[FeatureLine, ...]
    found: int
    unusual: int
    search: str
    around: str
    call: Call


def one_prediction(view: PredictionView, *, search: str) -> OnePrediction:
    """Lay out a prediction; `search` is a part of the names of the features to show, or empty."""
    wanted = [place for place in view.places if search.lower() in place.feature.lower()]
    current = next((label for label in view.labels if label.current), None)
    chances = sorted(view.probabilities.items(), key=lambda item: (-item[1], item[0]))
    known = {*STAGES.values(), "confidence", "error_type"}
    day = view.timestamp.replace(hour=0, minute=0, second=0, microsecond=0)
    return OnePrediction(
        view=view,
        came_after="" if current is None else after_text(view.timestamp, current.observed_at),
        stages={name: view.values[field] for name, field in STAGES.items() if field in view.values},
        fields={
            name.replace("_", " "): shown(value) if isinstance(value, str) else value_text(value)
            for name, value in view.values.items()
            if name not in known
        },
        probabilities=tuple(chances[:_MOST_PROBABILITIES]),
        more_probabilities=max(0, len(chances) - _MOST_PROBABILITIES),
        lines=tuple(
            FeatureLine(place, _value(place.value), words(place), strip_of(place))
            for place in wanted[:MOST_FEATURES]
        ),
        found=len(wanted),
        unusual=sum(place.unusual for place in view.places),
        search=search,
        around=urlencode(
            {"start": f"{day:%Y-%m-%dT%H:%M}", "end": f"{day + timedelta(days=1):%Y-%m-%dT%H:%M}"}
        ),
        call=Call(
            f"/api/v1/models/{_segment(view.model_id)}/predictions/{_segment(view.prediction_id)}",
            f"monitor.prediction({view.model_id!r}, {view.prediction_id!r})",
        ),
    )


def after_text(earlier: datetime, later: datetime) -> str:
    """Say how long after one moment another came.

    >>> after_text(datetime(2024, 1, 1), datetime(2024, 1, 2, 6))
    '1 day 6 h later'
    >>> after_text(datetime(2024, 1, 2), datetime(2024, 1, 1))
    '1 day earlier'
    """
    seconds = int(abs((later - earlier).total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes = rest // 60
    parts = []
    if days:
        parts.append(f"{days:,} day{'s' if days > 1 else ''}")
    if hours and days < 30:
        parts.append(f"{hours} h")
    if minutes and not days:
        parts.append(f"{minutes} min")
    if not parts:
        return f"{seconds} s {'later' if later >= earlier else 'earlier'}" if seconds else "at the same time"
    return f"{' '.join(parts)} {'later' if later >= earlier else 'earlier'}"


def _value(value: float | str | bool | None) -> str:
    """Return a value in full, but for texts that are long."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(value, limit=_LONGEST_VALUE) if isinstance(value, str) else f"{value:,.6g}"


def _segment(name: str) -> str:
    """One segment of a path; dots alone would be taken for a step up."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")
