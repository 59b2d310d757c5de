"""The replay: flights as live traffic in the order of their time, and their truth as it comes in life.

The truth of most flights arrives a day later. That of some is days late, some is sent twice, all of it out of
order, and that of some flights gets lost; cancelled flights never have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.cli.demo.classifier import Classifier
from assay.cli.demo.flights import FEATURES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SLICES", "Labels", "Predictions", "Replay"]

SLICES = ("origin",)
"""What metrics are kept for of their own."""

_DAY_US = 86_400_000_000
_BATCH = 1_000
_SCORED_AT_ONCE = 250
_LATE_SHARE = 0.05
_TWICE_SHARE = 0.02
_LOST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Predictions:
    """A batch to log; `until` is the time of its last flight."""

    frame: dict[str, Any]
    rows: int
    until: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Labels:
    """Truth that has arrived."""

    frame: dict[str, Any]
    rows: int


class Replay:
    """Predictions and labels in the order in which a service would send them.

    Parameters
    ----------
    flights : in the order of their scheduled departure, see :func:`assay.cli.demo.flights.load`.
    classifier : scores them on the way.
    rng : decides whose truth is late, doubled or lost.
    """

    def __init__(self, flights: pd.DataFrame, classifier: Classifier, *, rng: np.random.Generator) -> None:
        self._flights = flights
        self._classifier = classifier
        self._rng = rng
        self._arrivals = self._plan()

    def __iter__(self) -> Iterator[Predictions | Labels]:
        sent = 0
        arrival = self._arrivals["observed_at"].to_numpy()
        for first in range(0, len(self._flights), _BATCH):
            part = self._flights.iloc[first : first + _BATCH]
            until = part["scheduled"].iloc[-1]
            yield Predictions(self._scored(part), len(part), until)
            due = int(np.searchsorted(arrival, until.tz_localize(None).to_numpy()))
            # What has arrived is handed on once there is enough of it, as an hourly job would.
            if due - sent >= _BATCH:
                yield self._labels(sent, due)
                sent = due
        for first in range(sent, len(arrival), 10 * _BATCH):
            yield self._labels(first, min(first + 10 * _BATCH, len(arrival)))

    def _plan(self) -> pd.DataFrame:
        """Decide which label arrives when; rows in the order of arrival."""
        import pandas as pd

        rng = self._rng
        known = self._flights.loc[self._flights["late"].notna(), ["flight_id", "scheduled", "late"]]
        known = known[rng.random(len(known)) >= _LOST_SHARE]
        delay = _DAY_US + rng.integers(0, _DAY_US // 4, len(known))
        late = rng.random(len(known)) < _LATE_SHARE
        delay[late] += rng.integers(_DAY_US, 12 * _DAY_US, int(late.sum()))
        arrivals = known.assign(observed_at=known["scheduled"] + pd.to_timedelta(delay, unit="us"))
        again = arrivals[rng.random(len(arrivals)) < _TWICE_SHARE]
        pause = pd.to_timedelta(rng.integers(0, 2 * _DAY_US, len(again)), unit="us")
        arrivals = pd.concat([arrivals, again.assign(observed_at=again["observed_at"] + pause)])
        arrivals["observed_at"] = arrivals["observed_at"].dt.tz_localize(None)
        return arrivals.sort_values("observed_at", kind="stable", ignore_index=True)

    def _scored(self, part: pd.DataFrame) -> dict[str, Any]:
        """Score a batch in groups; a flight's latency is the time that its group took."""
        groups = [
            self._classifier.predict(part.iloc[first : first + _SCORED_AT_ONCE])
            for first in range(0, len(part), _SCORED_AT_ONCE)
        ]
        sizes = [len(group.score) for group in groups]
        preprocessing = np.repeat([group.preprocessing_ms for group in groups], sizes)
        inference = np.repeat([group.inference_ms for group in groups], sizes)
        return {
            "prediction_id": part["flight_id"],
            "timestamp": part["scheduled"],
            "prediction": np.concatenate([group.late for group in groups]),
            "score": np.concatenate([group.score for group in groups]),
            "latency_ms": preprocessing + inference,
            "preprocessing_ms": preprocessing,
            "inference_ms": inference,
            **{name: part[name] for name in FEATURES},
            **{f"tag.{name}": part[name] for name in SLICES},
        }

    def _labels(self, first: int, end: int) -> Labels:
        """Labels that arrived together, in no order."""
        part = self._arrivals.iloc[first + self._rng.permutation(end - first)]
        frame = {
            "prediction_id": part["flight_id"],
            "actual": part["late"],
            "observed_at": part["observed_at"].dt.tz_localize("UTC"),
        }
        return Labels(frame, end - first)
