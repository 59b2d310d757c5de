"""The search for single predictions finds what a plain Python filter finds, in the same order."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.domain.batch import Entry, encode_table
from assay.domain.columns import TIMESTAMP, Kind
from assay.domain.model import Model, ModelSettings, Task
from assay.domain.prediction_filter import Cursor, PredictionFilter
from assay.errors import InvalidInput, NotFound
from assay.monitoring.lookup import Lookup
from assay.monitoring.prediction_search import PredictionSearch
from assay.monitoring.raw_rows import RawRows, StillRows
from assay.monitoring.references import ReferenceKeeper
from assay.storage.lake import DeltaLake
from assay.testing.memory import MemoryJournal, MemoryProfiles, MemoryRegistry
from assay.testing.naive_lake import NaiveLake

HORIZON = 40
MODEL = Model("m", task=Task.BINARY, settings=ModelSettings(label_horizon=HORIZON))

ids = st.text("ab/é", min_size=1, max_size=3)
share = st.none() | st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0, math.nan, 3.0])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "prediction_id": ids,
            "timestamp": st.integers(0, 12),
            "received_at": st.integers(0, 100),
            "model_version": st.sampled_from(["v1", "v2"]),
            "prediction": st.none() | st.sampled_from([0.0, 1.0]),
            "prediction_class": st.none() | st.sampled_from(["0", "late"]),
            "score": share,
            "confidence": share,
            "p:1": share,
            "p:late": share,
            "error_type": st.none() | st.just("Timeout"),
            "t:k": st.none() | st.sampled_from(["x", "y"]),
        }
    ),
    max_size=20,
    unique_by=lambda row: row["prediction_id"],
)
labels = st.lists(
    st.fixed_dictionaries(
        {
            "prediction_id": ids,
            "actual": st.none() | st.sampled_from([0.0, 1.0]),
            "actual_class": st.none() | st.just("late"),
            "return": st.just(0.5),
            "observed_at": st.integers(0, 4),
            "received_at": st.integers(0, 100),
        }
    ),
    max_size=25,
)
filters = st.builds(
    PredictionFilter,
    version=st.none() | st.sampled_from(["v1", "v3"]),
    slice=st.none() | st.sampled_from([("k", "x"), ("other", "x")]),
    outcome=st.none() | st.sampled_from(["right", "wrong", "labelled", "unlabelled", "error"]),
    below_confidence=st.none() | st.sampled_from([0.5, 0.6, 1.0]),
    predicted=st.none() | st.sampled_from(["0", "1", "late"]),
    actual=st.none() | st.sampled_from(["1", "late"]),
    contains=st.none() | st.sampled_from(["a", "é", "/a"]),
)
bound = st.none() | st.integers(-1, 13)

TIMES = ("timestamp", "received_at", "observed_at")


def table(items):
    """A canonical batch."""
    kinds = {name: pa.float64() for name in ("prediction", "score", "confidence", "p:1", "p:late", "actual")}
    kinds |= {"return": pa.float64()} | dict.fromkeys(TIMES, TIMESTAMP)
    return pa.table(
        {name: pa.array([item[name] for item in items], kinds.get(name, pa.string())) for name in items[0]}
    )


def world(predictions, observations, *, cut):
    """Raw rows whose first part is in the lake and whose rest is in the journal."""
    lake, journal = NaiveLake(), MemoryJournal()
    for kind, items in ((Kind.PREDICTIONS, predictions), (Kind.LABELS, observations)):
        for number, part in enumerate((items[:cut], items[cut:])):
            if not part:
                continue
            batch = table(part)
            (receipt,) = journal.append([Entry("m", kind, encode_table(batch), rows=len(part))], now=0)
            if number == 0:
                lake.write("m", kind, [(receipt.position, batch)], upto=receipt.position)
    return RawRows(journal, lake)


def class_of(row, number, text):
    if row[text] is not None:
        return row[text]
    return None if row[number] is None else str(int(row[number]))


def confidence(row):
    def proper(value):
        return value is not None and not math.isnan(value)

    if proper(row["confidence"]):
        return row["confidence"]
    if proper(row["score"]) and 0 <= row["score"] <= 1:
        return max(row["score"], 1 - row["score"])
    chance = row.get(f"p:{class_of(row, 'prediction', 'prediction_class')}")
    return chance if proper(chance) else None


def meets(only, row, observations):
    """The law, as plainly as it can be said."""
    mine = [
        (label["observed_at"], class_of(label, "actual", "actual_class") or "", place)
        for place, label in enumerate(observations)
        if label["prediction_id"] == row["prediction_id"]
        and abs(label["received_at"] - row["received_at"]) <= HORIZON
    ]
    truth = class_of(observations[max(mine)[2]], "actual", "actual_class") if mine else None
    predicted, sure = class_of(row, "prediction", "prediction_class"), confidence(row)
    told = {
        None: True,
        "labelled": bool(mine),
        "unlabelled": not mine,
        "error": row["error_type"] is not None,
        "right": None not in (predicted, truth) and predicted == truth,
        "wrong": None not in (predicted, truth) and predicted != truth,
    }
    return (
        told[only.outcome]
        and (only.version is None or row["model_version"] == only.version)
        and (only.slice is None or row.get(f"t:{only.slice[0]}") == only.slice[1])
        and (only.below_confidence is None or (sure is not None and sure < only.below_confidence))
        and (only.predicted is None or predicted == only.predicted)
        and (only.actual is None or truth == only.actual)
        and (only.contains is None or only.contains in row["prediction_id"])
    )


@given(rows, labels, filters, bound, bound, st.integers(1, 4), st.integers(0, 20), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_pages_together_are_what_a_plain_filter_finds(
    predictions, observations, only, start, end, limit, cut, stretch
):
    raw = world(predictions, observations, cut=cut)
    expected = sorted(
        (
            (row["timestamp"], row["prediction_id"])
            for row in predictions
            if (start is None or row["timestamp"] >= start)
            and (end is None or row["timestamp"] < end)
            and meets(only, row, observations)
        ),
        reverse=True,
    )
    search, found, after = PredictionSearch(raw, stretch=stretch), [], None
    while True:
        page = search.find(MODEL, only, start=start, end=end, limit=limit, after=after, seconds=60)
        found += page.keys
        assert page.stopped is None
        if not page.more:
            break
        assert len(page.keys) == limit
        after = Cursor.parse(Cursor(*page.keys[-1]).text())
    assert found == expected


@given(rows, labels, filters, st.integers(1, 4), st.integers(0, 20), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_search_that_stops_goes_on_where_it_stopped(predictions, observations, only, limit, cut, stretch):
    raw = world(predictions, observations, cut=cut)
    ticks = iter(range(1_000_000))
    search = PredictionSearch(raw, clock=lambda: next(ticks), stretch=stretch)  # every look takes a second
    found, after = [], None
    while True:
        page = search.find(MODEL, only, start=None, end=None, limit=limit, after=after, seconds=0.5)
        found += page.keys
        assert page.stopped is None or all(time >= page.stopped for time, _ in page.keys)
        if not page.more and page.stopped is None:
            break
        after = Cursor(*page.keys[-1]) if page.more else Cursor(page.stopped)
    expected = [(r["timestamp"], r["prediction_id"]) for r in predictions if meets(only, r, observations)]
    assert found == sorted(expected, reverse=True)


def many(count, *, times=lambda place: place, cut=0):
    """Rows with ids in no order of time."""
    return [
        {
            "prediction_id": f"{place * 7919 % count:05d}",
            "timestamp": times(place),
            "received_at": 0,
            "model_version": "v1",
            "prediction": 1.0,
        }
        for place in range(count)
    ]


def lookup_over(lake, predictions, observations=()):
    for kind, items in ((Kind.PREDICTIONS, predictions), (Kind.LABELS, observations)):
        for place in range(0, len(items), 700):
            part = items[place : place + 700]
            lake.write("m", kind, [(place + 1, table(part))], upto=place + 1)
    raw = RawRows(MemoryJournal(), lake)
    return Lookup(raw, ReferenceKeeper(raw, MemoryProfiles(MemoryRegistry())))


@pytest.fixture
def lake(tmp_path):
    lake = DeltaLake(tmp_path / "lake")
    yield lake
    lake.close()


@pytest.mark.parametrize("times", [lambda place: place, lambda place: place // 900, lambda place: 0 * place])
def test_a_real_lake_is_paged_through_without_loss(lake, times, monkeypatch):
    monkeypatch.setattr("assay.monitoring.prediction_search.MOST", 500)
    predictions = many(2_000, times=times)
    wrong = [row for place, row in enumerate(predictions) if place % 3 == 0]
    observed = [
        {"prediction_id": row["prediction_id"], "actual": 0.0, "observed_at": 9, "received_at": 0}
        for row in wrong
    ]
    lookup = lookup_over(lake, predictions, observed)
    for only, expected in ((PredictionFilter(), predictions), (PredictionFilter(outcome="wrong"), wrong)):
        found, after = [], None
        while True:
            page = lookup.page(MODEL, only, (None, None), 300, after, seconds=60, features=True)
            found += [one.prediction_id for one in page]
            after = page.next
            if after is None:
                break
        order = sorted(expected, key=lambda row: (row["timestamp"], row["prediction_id"]), reverse=True)
        assert found == [row["prediction_id"] for row in order]


def test_a_stopped_search_says_how_far_it_looked(lake, monkeypatch):
    lookup = lookup_over(lake, many(2_000))
    ticks = iter(range(1_000))
    search = PredictionSearch(lookup._raw, clock=lambda: next(ticks), stretch=100)
    monkeypatch.setattr(lookup, "_search", search)
    page = lookup.page(
        MODEL, PredictionFilter(contains="zz"), (None, None), 10, None, seconds=3.5, features=False
    )
    assert len(page) == 0
    assert page.searched_to is not None
    assert page.next is not None
    assert Cursor.parse(page.next).prediction_id == ""
    assert "searched back to" in repr(page)


@pytest.mark.parametrize(("seconds", "looks"), [(0.1, 1), (0.13, 2), (0.25, 4)])
def test_a_search_begins_no_look_that_would_end_too_late(lake, monkeypatch, seconds, looks):
    lookup = lookup_over(lake, many(2_000))
    read, reads = StillRows.read, []

    def counting(rows, **named):
        reads.append(named)
        return read(rows, **named)

    monkeypatch.setattr(StillRows, "read", counting)
    # Only reading takes time.
    search = PredictionSearch(lookup._raw, clock=lambda: 0.06 * len(reads), stretch=100)
    only = PredictionFilter(contains="zz")
    found = search.find(MODEL, only, start=None, end=None, limit=10, after=None, seconds=seconds)
    assert found.stopped is not None
    assert len(reads) == looks


def test_what_makes_no_sense_is_refused(lake):
    lookup = lookup_over(lake, many(3))
    regression = Model("m", task=Task.REGRESSION)

    def ask(model=MODEL, limit=5, after=None, **conditions):
        only = PredictionFilter(**conditions)
        return lookup.page(model, only, (None, None), limit, after, seconds=1, features=False)

    assert len(ask()) == 3
    for wrong in (
        {"limit": 0},
        {"limit": 10_001},
        {"outcome": "odd"},
        {"below_confidence": 0.0},
        {"below_confidence": math.nan},
        {"contains": "\ud800"},
        {"after": "x"},
        {"after": "12"},
        {"after": "9" * 30 + "."},
        {"after": "1.A"},
        {"after": "1._w"},
        {"model": regression, "outcome": "wrong"},
    ):
        with pytest.raises(InvalidInput):
            ask(**wrong)
    with pytest.raises(NotFound):
        lookup.one(MODEL, "none")


@given(st.integers(-(10**17), 10**17), st.text(st.characters(exclude_categories=["Cs"])))
def test_cursors_survive_an_address(time, name):
    assert Cursor.parse(Cursor(time, name).text()) == Cursor(time, name)
