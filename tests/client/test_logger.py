"""The logger alone: bounds, batches, back-off, and what becomes of every row."""

from __future__ import annotations

import json
import logging
import threading
import time
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay import errors
from assay.client.batches import ARROW
from assay.client.logger.block import block_of
from assay.client.logger.prediction_logger import PredictionLogger
from assay.client.logger.queue import BoundedQueue
from assay.client.logger.sink import Postponed
from assay.client.transport import Retry
from assay.domain.answers import IngestAnswer, Rejected
from assay.domain.columns import Kind

QUICK = Retry(first=0.01, longest=0.02)


class Sink:
    """Stores what it is sent, unless `plan` says otherwise: a list of errors, raised one after the other."""

    def __init__(self, plan=()):
        self.plan = list(plan)
        self.open = threading.Event()
        self.open.set()
        self.sent = []  # (moment, kind, rows, key, body)
        self.stored = {}
        self.refuse = lambda _: False

    def __call__(self):
        return self

    def send(self, kind, batch, key):
        self.sent.append((time.monotonic(), kind, batch.rows, key, batch.body))
        assert self.open.wait(30)
        if self.plan:
            raise self.plan.pop(0)
        if batch.content_type == ARROW:
            rows = pa.ipc.open_stream(batch.body).read_all().to_pylist()
        else:
            rows = json.loads(batch.body)[kind.value]
        if any(map(self.refuse, rows)):
            raise errors.Unreadable("one of them cannot be read")
        assert len(rows) == batch.rows
        self.stored.setdefault(key, (kind, rows))
        return IngestAnswer(model_id="m", accepted=len(rows))

    def close(self):
        pass

    def rows(self, kind=Kind.PREDICTIONS):
        return [row for stored, rows in self.stored.values() if stored is kind for row in rows]


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.open.set()


@pytest.fixture
def make(sink):
    made = []

    def logger(**options):
        options = {"model": "m", "version": "1", "retry": QUICK, "batch_seconds": 0.02} | options
        made.append(PredictionLogger(sink, **options))
        return made[-1]

    yield logger
    sink.open.set()
    for one in made:
        one.close(1)


def accounted(logger):
    stats = logger.stats
    return stats.queued + stats.sent + stats.duplicates + stats.dropped_total


def test_what_is_logged_arrives_as_it_was_at_the_call(make, sink):
    logger = make()
    features = {"amount": 3.5, "kind": "debit"}
    before = datetime.now(UTC)
    first = logger.log(features, prediction=1, score=0.9, probabilities={0: 0.1, 1: 0.9}, tags={"r": "eu"})
    features["amount"] = -1
    second = logger.log(prediction_id="mine", error_type="ValueError", latency_ms=1.5, version="2")
    logger.label(first, "fraud")
    assert logger.flush()
    one, other = sink.rows()
    assert one["features"] == {"amount": 3.5, "kind": "debit"}
    assert (one["prediction_id"], one["prediction"], one["score"], one["tags"]) == (
        first,
        1,
        0.9,
        {"r": "eu"},
    )
    assert one["probabilities"] == {"0": 0.1, "1": 0.9}
    assert before <= datetime.fromisoformat(one["timestamp"]) <= datetime.now(UTC)
    assert second == other["prediction_id"] == "mine"
    assert (other["error_type"], other["latency_ms"], other["model_version"]) == ("ValueError", 1.5, "2")
    (label,) = sink.rows(Kind.LABELS)
    assert (label["prediction_id"], label["actual"]) == (first, "fraud")
    assert logger.stats.sent == 3


class Hostile:
    def __str__(self):
        raise RuntimeError("not even a text")

    __iter__ = __len__ = __getattr__ = __str__


def test_nothing_that_is_logged_raises(make, sink, caplog):
    logger = make()
    garbage = [object(), Hostile(), 5, "text", [1, 2], {"x": object()}, {"x": Hostile()}, {object(): 1}]
    with caplog.at_level(logging.WARNING, "assay.client.logger"):
        for value in garbage:
            logger.log(value)
        logger.log({"x": 1}, probabilities=3)
        logger.log({"x": 1}, tags=object())
        logger.log({"x": "y" * 2_000_000})
        logger.log_batch(object())
        logger.log_batch({"x": [1, 2]}, prediction=[1])
        logger.log_batch({"x": [1, 2]}, prediction_ids=["only one"])
        logger.label(Hostile(), 1)
        logger.log({"good": 1})
        assert logger.flush()
        stats = logger.stats
        logger.close()
    assert stats.sent == len(sink.rows()) == 1
    assert stats.dropped == {"unusable": len(garbage) + 3 + 1 + 2 + 2 + 1}
    assert "they could not be written as rows" in caplog.text


def test_frames_arrive_row_by_row(make, sink):
    logger = make()
    columns = {"amount": [1.5, float("nan"), 3.0], "kind": ["a", None, "c"]}
    frames = [
        columns,
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pa.table(columns),
        [{"amount": a, "kind": k} for a, k in zip(columns["amount"], columns["kind"], strict=True)],
    ]
    for frame in frames:
        ids = logger.log_batch(frame, score=np.array([0.1, 0.2, 0.3]), prediction=[1, 0, 1], tags={"r": "eu"})
        assert logger.flush()
        rows = sink.rows()[-3:]
        assert [row["prediction_id"] for row in rows] == ids
        assert [row["features"]["kind"] for row in rows] == ["a", None, "c"]
        assert [row["features"]["amount"] for row in rows][::2] == [1.5, 3.0]
        assert [row["score"] for row in rows] == [0.1, 0.2, 0.3]
        assert {row["tags"]["r"] for row in rows} == {"eu"}
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    logger.log_batch(array, names=["a", "b"], probabilities={"x": [0.1, 0.2], "y": [0.9, 0.8]})
    array[:] = 0
    assert logger.flush()
    assert [row["features"] for row in sink.rows()[-2:]] == [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}]
    assert sink.rows()[-1]["probabilities"] == {"x": 0.2, "y": 0.8}


def test_a_large_frame_goes_as_columns(make, sink):
    logger = make()
    amounts = np.arange(5_000.0)
    ids = logger.log_batch({"amount": amounts}, prediction=amounts > 7)
    amounts[:] = -1
    assert logger.flush()
    rows = sink.rows()
    assert [row["prediction_id"] for row in rows] == ids
    assert [row["feature.amount"] for row in rows] == list(range(5_000))
    assert logger.stats.sent == 5_000


def test_rows_of_many_calls_share_requests(make, sink):
    logger = make(batch_rows=100, batch_seconds=10)
    for number in range(100):
        logger.log({"x": number})
    deadline = time.monotonic() + 5
    while not sink.stored and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [rows for _, _, rows, _, _ in sink.sent] == [100]


def test_few_rows_wait_no_longer_than_they_may(make, sink):
    logger = make(batch_rows=100, batch_seconds=0.05)
    began = time.monotonic()
    logger.log({"x": 1})
    while not sink.stored and time.monotonic() < began + 5:
        time.sleep(0.005)
    assert 0.04 < sink.sent[0][0] - began < 2


def test_an_attempt_that_failed_is_repeated_with_the_same_bytes_under_the_same_key(make, sink):
    sink.plan = [
        errors.StorageUnavailable("down"),
        errors.AssayError("500"),
        errors.NotFound("no such model"),
    ]
    logger = make()
    for number in range(10):
        logger.log({"x": number})
    assert logger.flush()
    assert len(sink.sent) >= 4
    assert {(key, body) for _, _, _, key, body in sink.sent[:4]} == {(sink.sent[0][3], sink.sent[0][4])}
    assert sorted(row["features"]["x"] for row in sink.rows()) == list(range(10))
    assert (logger.stats.sent, logger.stats.retries) == (10, 3)


def test_the_server_says_when_to_come_again(make, sink):
    sink.plan = [Postponed("busy", 0.4)]
    logger = make()
    logger.log({"x": 1})
    assert logger.flush()  # even somebody in a hurry waits that long
    assert sink.sent[1][0] - sink.sent[0][0] >= 0.4


def test_pauses_grow_and_are_bounded(make, sink):
    sink.plan = [errors.StorageUnavailable("down")] * 30
    logger = make(retry=Retry(first=0.005, longest=0.05))
    logger.log({"x": 1})
    deadline = time.monotonic() + 10
    while not sink.stored and time.monotonic() < deadline:
        time.sleep(0.01)
    moments = [moment for moment, *_ in sink.sent]
    pauses = np.diff(moments)
    assert len(pauses) == 30
    assert pauses.max() < 0.5
    assert pauses[5:].mean() > 0.005  # many pauses of up to 50 ms each


@pytest.mark.parametrize("when_full", ["drop-newest", "drop-oldest"])
def test_a_full_queue_drops_and_says_so(make, sink, caplog, when_full):
    told = []
    sink.open.clear()
    logger = make(max_rows=100, when_full=when_full, on_drop=lambda why, rows: told.append((why, rows)))
    logger.log({"x": -1})
    deadline = time.monotonic() + 5
    while not sink.sent and time.monotonic() < deadline:
        time.sleep(0.005)
    with caplog.at_level(logging.INFO, "assay.client.logger"):
        for number in range(1_000):
            logger.log({"x": number})
        assert logger.stats.queued == 100
        assert accounted(logger) == 1_001
        sink.open.set()
        assert logger.flush()
        logger.close()
    kept = [row["features"]["x"] for row in sink.rows()]
    expected = list(range(99)) if when_full == "drop-newest" else list(range(901, 1_000))
    assert kept == [-1, *expected]
    assert logger.stats.dropped == {"queue_full": 901}
    assert sum(rows for _, rows in told) == 901
    assert {why for why, _ in told} == {"queue_full"}
    assert "dropped 901 rows of model 'm': the queue (at most 100 rows and 64.0 MiB) was full" in caplog.text


def test_memory_is_bounded_whatever_is_logged(make, sink):
    sink.open.clear()
    limit = 2_000_000
    logger = make(max_rows=10**9, max_bytes=limit)
    logger.log({"x": 1})
    while not sink.sent:  # the request on its way comes on top
        time.sleep(0.005)
    tracemalloc.start()
    try:
        for number in range(20_000):
            logger.log({f"feature {place}": number + place / 7 for place in range(20)}, tags={"t": "x" * 50})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    stats = logger.stats
    assert stats.queued_bytes <= limit
    assert held < 1.2 * limit  # what the queue says is what it takes
    assert held > 0.7 * limit
    assert stats.dropped["queue_full"] > 10_000
    frame = {"x": np.zeros(1_000_000)}
    logger.log_batch(frame)
    assert logger.stats.queued == stats.queued


def test_rows_that_spoil_their_request_are_found_and_dropped_alone(make, sink):
    sink.refuse = lambda row: row["features"]["x"] in (3, 700)
    logger = make(batch_rows=1_000, batch_seconds=5)
    for number in range(1_000):
        logger.log({"x": number})
    assert logger.flush()
    assert logger.stats.dropped == {"refused": 2}
    assert sorted(row["features"]["x"] for row in sink.rows()) == [
        n for n in range(1_000) if n not in (3, 700)
    ]
    assert logger.stats.last_error == "one of them cannot be read"


def test_a_request_that_is_hopeless_costs_few_more(make, sink):
    sink.refuse = lambda _: True
    logger = make(batch_rows=1_000, batch_seconds=5)
    for number in range(1_000):
        logger.log({"x": number})
    assert logger.flush()
    assert logger.stats.dropped == {"refused": 1_000}
    assert len(sink.sent) < 150


def test_rows_that_the_server_rejects_are_counted_by_its_words(make, sink, caplog):
    answer = IngestAnswer(
        model_id="m",
        accepted=1,
        duplicates=1,
        rejected=(Rejected(0, "duplicate", "came before"), Rejected(1, "wrong_type", "x is a list")),
        rejected_total=1,
    )
    sink.send = lambda *_: answer
    logger = make()
    with caplog.at_level(logging.WARNING, "assay.client.logger"):
        logger.log_batch({"x": [1, 2, 3]})
        assert logger.flush()
        logger.close()
    stats = logger.stats
    assert (stats.sent, stats.duplicates, stats.dropped) == (1, 1, {"rejected": 1})
    assert "x is a list" in caplog.text


def test_reports_of_drops_are_seldom(make, sink, caplog):
    logger = make(report_seconds=3600)
    with caplog.at_level(logging.WARNING, "assay.client.logger"):
        for _ in range(20):
            logger.log(object())
            logger.log({"x": 1})
            assert logger.flush()
        before = len(caplog.records)
        logger.close()
    assert before == 1
    assert len(caplog.records) == 2  # and the rest at the end
    assert "dropped 19 rows" in caplog.records[1].message


def test_closing_delivers_and_what_comes_after_is_dropped(make, sink):
    logger = make(batch_seconds=100, batch_rows=1_000)
    for number in range(10):
        logger.log({"x": number})
    assert logger.close()
    assert len(sink.rows()) == 10
    assert logger.log({"x": 1})
    assert logger.stats.dropped == {"closed": 1}
    assert logger.close()


def test_closing_does_not_wait_for_a_server_that_hangs(make, sink):
    sink.open.clear()
    logger = make()
    for number in range(10):
        logger.log({"x": number})
    began = time.monotonic()
    assert not logger.close(0.3)
    assert time.monotonic() - began < 2
    assert not logger.flush(0.1)
    sink.open.set()


def test_closing_does_not_wait_for_long_pauses(make, sink):
    sink.plan = [errors.StorageUnavailable("down")] * 2
    logger = make(retry=Retry(first=30.0, longest=60.0))
    logger.log({"x": 1})
    while not sink.sent:
        time.sleep(0.01)
    began = time.monotonic()
    assert logger.close(10)
    assert time.monotonic() - began < 5
    assert len(sink.rows()) == 1


def test_a_logger_that_nobody_holds_delivers_and_ends(sink):
    logger = PredictionLogger(sink, model="m", batch_seconds=100, batch_rows=1_000)
    logger.log({"x": 1})
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "assay-logger")
    del logger
    thread.join(5)
    assert not thread.is_alive()
    assert len(sink.rows()) == 1


def test_ten_threads_lose_nothing(make, sink):
    logger = make(max_rows=10**6, batch_rows=50)
    start = threading.Barrier(10)
    ids = [[] for _ in range(10)]

    def work(number):
        start.wait()
        for turn in range(500):
            ids[number].append(logger.log({"thread": number, "turn": turn}))
            if turn % 50 == 0:
                logger.label(ids[number][-1], 1)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logger.flush()
    assert sorted(row["prediction_id"] for row in sink.rows()) == sorted(one for some in ids for one in some)
    assert len(sink.rows(Kind.LABELS)) == 100
    assert logger.stats.sent == 5_100
    for number in range(10):  # each thread's rows are in order
        turns = [row["features"]["turn"] for row in sink.rows() if row["features"]["thread"] == number]
        assert turns == list(range(500))


def test_a_thread_that_holds_the_queue_stops_nobody(make, sink):
    """As one does that lost the processor in the middle of a call."""
    logger = make(batch_rows=10_000, batch_seconds=60)
    logger.log({"x": -1})
    held, done = threading.Event(), threading.Event()

    def hold():
        with logger.sender.queue._lock:
            held.set()
            assert done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    began = time.thread_time()
    waited = time.perf_counter()
    for number in range(1_000):
        logger.log({"x": number})
    waited = time.perf_counter() - waited
    assert logger.sender.queue.rows == 1_001  # seen by the sender, which would be woken
    done.set()
    holder.join()
    # A call that waited at all would have waited for as long as the lock was held.
    assert time.thread_time() - began < 1
    assert waited < 20
    assert logger.flush()
    assert [row["features"]["x"] for row in sink.rows()] == list(range(-1, 1_000))


def test_the_bound_holds_for_what_came_while_the_queue_was_held():
    queue = BoundedQueue(100, 10**9)
    with queue._lock:
        others = [
            threading.Thread(target=lambda: [queue.put(Kind.PREDICTIONS, b"x") for _ in range(100)])
            for _ in range(3)
        ]
        for other in others:
            other.start()
        for other in others:
            other.join()
        assert queue.rows == 300
    queue.put(Kind.LABELS, b"y")
    queue.admit()
    assert (queue.rows, queue.dropped) == (100, 201)


def test_a_sink_that_cannot_be_opened_is_tried_again(sink):
    failures = [errors.StorageUnavailable("not yet")] * 3

    def connect():
        if failures:
            raise failures.pop()
        return sink

    with PredictionLogger(connect, model="m", retry=QUICK, batch_seconds=0.01) as logger:
        logger.log({"x": 1})
        assert logger.flush()
    assert len(sink.rows()) == 1
    assert logger.stats.retries == 3


def test_a_failure_that_nobody_foresaw_does_not_stop_the_rest(make, sink):
    sink.plan = [ZeroDivisionError("a bug")] * 5
    logger = make()
    logger.log({"x": 1})
    assert logger.flush()
    logger.log({"x": 2})
    assert logger.flush()
    assert logger.stats.sent + logger.stats.dropped_total == 2
    assert [row["features"]["x"] for row in sink.rows()][-1:] == [2]


def test_a_measurement_is_logged_at_its_end(make, sink):
    logger = make()
    with logger.measure({"x": 1}, tags={"r": "eu"}) as made:
        time.sleep(0.02)
        made.score = 0.5
    with pytest.raises(KeyError), logger.measure({"x": 2}):
        raise KeyError("x")
    with logger.measure():
        pass
    assert logger.flush()
    good, bad = sink.rows()
    assert good["prediction_id"] == made.prediction_id
    assert (good["score"], good["tags"]) == (0.5, {"r": "eu"})
    assert 20 <= good["latency_ms"] < 2_000
    assert (bad["error_type"], bad["features"]) == ("KeyError", {"x": 2})


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"model": ""}, "model"),
        ({"features": "amount"}, r"\['amount'\]"),
        ({"when_full": "explode"}, "when_full"),
        ({"max_rows": 0}, "max_rows"),
    ],
)
def test_wrong_parameters_are_refused_where_they_are_given(sink, options, word):
    with pytest.raises(errors.InvalidInput, match=word):
        PredictionLogger(sink, **({"model": "m"} | options))


def test_statistics_show_themselves(make):
    logger = make()
    logger.log(object())
    assert "dropped: unusable" in repr(logger.stats)
    json.dumps(logger.stats.to_dict(), allow_nan=False)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.sampled_from([Kind.PREDICTIONS, Kind.LABELS]), st.integers(1, 200)),
        st.tuples(st.just("block"), st.just(Kind.PREDICTIONS), st.integers(1, 12)),
        st.tuples(st.just("take"), st.sampled_from([Kind.PREDICTIONS, Kind.LABELS]), st.integers(1, 20)),
        st.tuples(st.just("settle"), st.sampled_from([Kind.PREDICTIONS, Kind.LABELS]), st.just(0)),
    ),
    max_size=60,
)


@given(ACTIONS, st.integers(1, 30), st.integers(200, 4_000), st.booleans())
@settings(max_examples=200)
def test_the_queue_keeps_its_bounds_and_counts_every_row(actions, max_rows, max_bytes, drop_oldest):
    queue = BoundedQueue(max_rows, max_bytes, drop_oldest=drop_oldest)
    came = settled = 0
    taken = {Kind.PREDICTIONS: [], Kind.LABELS: []}
    for action, kind, number in actions:
        if action in ("row", "block"):
            entry = b"x" * number if action == "row" else block_of({"x": [0.0] * number})
            came += 1 if action == "row" else number
            queue.put(kind, entry)
        elif action == "take":
            taken[kind] += queue.take(kind, number, 1_000)
        else:
            entries, taken[kind] = taken[kind], []
            settled += queue.settle(kind, entries)
        assert 0 <= queue.rows <= max_rows
        assert 0 <= queue.bytes <= max_bytes
        assert came == queue.dropped + settled + queue.rows
    for kind, entries in taken.items():
        queue.settle(kind, entries + queue.take(kind, 10**9, 10**9))
    assert (queue.rows, queue.bytes) == (0, 0)
