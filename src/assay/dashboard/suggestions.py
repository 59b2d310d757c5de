"""What the search of predictions offers to choose from: classes and tags that are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assay.dashboard.readings import Readings
from assay.dashboard.view import parse_view
from assay.domain.answers import ModelView
from assay.domain.prediction_view import PredictionView
from assay.figures.names import shown

__all__ = ["MOST", "Suggestions", "suggestions"]

MOST = 100
"""Most classes, and most tags, that are offered; a page must stay small."""

_LONGEST = 100
_PERIOD = "7d"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Texts to choose from, at most `MOST` of each: classes, and tags as ``tag:value``."""

    classes: tuple[str, ...]
    tags: tuple[str, ...]


def suggestions(
    readings: Readings, known: ModelView, listed: Iterable[PredictionView], *, now: int
) -> Suggestions:
    """Return the classes declared, and those of the newest week, the most frequent first; and the tags.

    Tags are the values of the declared ones, and what the predictions `listed` on the page carry.
    """
    model = known.model
    classes: list[str] = []
    if model.task is None or model.task.classifies:
        counts: dict[str, int] = {}
        view = parse_view({"period": _PERIOD}, known, now=now)
        for (actual, predicted), n in readings.calibration(model.model_id, view).confusion.items():
            for name in {actual, predicted} - {"(other)"}:
                counts[name] = counts.get(name, 0) + n
        classes = [*model.settings.classes, *sorted(counts, key=lambda name: (-counts[name], name))]
    declared = [(key, value) for key, values in known.slices.items() for value in values[:MOST]]
    carried = [item for one in listed for item in one.tags.items()]
    return Suggestions(_short(classes), _short(f"{key}:{value}" for key, value in (*declared, *carried)))


def _short(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first distinct ones that a list shows as they are: short, without marks that steer text."""
    fitting = (text for text in texts if 0 < len(text) <= _LONGEST and shown(text, limit=_LONGEST) == text)
    return tuple(dict.fromkeys(fitting))[:MOST]
