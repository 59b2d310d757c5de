"""Group commit: nothing is answered before its commit, and nothing of a failed commit is kept."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future

import pytest

from assay.domain.batch import Receipt
from assay.errors import IdempotencyConflict, StorageFull, StorageUnavailable
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow
from assay.storage.sql import SqlJournal, open_database
from tests.monitoring.replay import START, label_intake, labels_for, make_predictions, prediction_intake


class Gate:
    """A journal that waits, or fails, before it passes entries on."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.failures: list[Exception] = []
        self.groups: list[int] = []

    def append(self, entries, *, now) -> list[Receipt]:
        self.entered.set()
        assert self.open.wait(10)
        self.groups.append(len(entries))
        if self.failures:
            raise self.failures.pop(0)
        return self.journal.append(entries, now=now)


@pytest.fixture
def gate(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'journal.db'}")
    gate = Gate(SqlJournal(database))
    yield gate
    gate.journal.close()
    database.close()


@pytest.fixture
def committer(gate):
    committer = GroupCommit(gate, IdWindow(10_000), clock=lambda: START)
    yield committer
    gate.open.set()
    committer.close()


def send(committer, rows, **changes) -> Future:
    from dataclasses import replace

    return committer.submit(replace(prediction_intake(rows, START), **changes))


def test_requests_that_arrive_during_a_commit_share_the_next(gate, committer):
    rows = make_predictions(random.Random(1), 50)
    gate.open.clear()
    gate.entered.clear()
    futures = [send(committer, rows[:1])]
    assert gate.entered.wait(10)
    futures += [send(committer, [row]) for row in rows[1:]]
    assert not any(future.done() for future in futures)
    gate.open.set()
    assert sum(future.result(10).accepted for future in futures) == 50
    assert committer.figures["commits"] == 2
    first, second = gate.journal.read(after=0)  # small batches alike share a row
    assert (first.rows, second.rows) == (1, 49)
    assert second.table().column("prediction_id").to_pylist() == [row.id for row in rows[1:]]


def test_a_failed_commit_answers_everyone_and_keeps_nothing(gate, committer):
    rows = make_predictions(random.Random(2), 10)
    gate.failures.append(StorageFull("no space"))
    failed = send(committer, rows)
    with pytest.raises(StorageFull):
        failed.result(10)
    assert committer.failure == "no space"
    answer = send(committer, rows).result(10)  # its ids were not remembered
    assert (answer.accepted, answer.duplicates) == (10, 0)
    assert committer.failure is None


def test_an_unforeseen_failure_is_told_without_its_inside(gate, committer):
    gate.failures.append(RuntimeError("secret detail"))
    with pytest.raises(StorageUnavailable) as caught:
        send(committer, make_predictions(random.Random(2), 1)).result(10)
    assert "secret" not in str(caught.value)


def test_a_key_sent_again_gets_the_first_answer(gate, committer):
    rows = make_predictions(random.Random(3), 5)
    key = {"idempotency_key": "k", "body_hash": b"1"}
    first = send(committer, rows, **key).result(10)
    again = send(committer, rows, **key).result(10)
    assert (first.accepted, first.replayed) == (5, False)
    assert (again.accepted, again.duplicates, again.replayed) == (5, 0, True)
    assert gate.journal.head() == 1


def test_a_key_with_another_body_is_refused_and_its_ids_stay_free(gate, committer):
    rows = make_predictions(random.Random(4), 10)
    send(committer, rows[:5], idempotency_key="k", body_hash=b"1").result(10)
    other = send(committer, rows[5:], idempotency_key="k", body_hash=b"2")
    with pytest.raises(IdempotencyConflict):
        other.result(10)
    answer = send(committer, rows).result(10)
    assert (answer.accepted, answer.duplicates) == (5, 5)


def test_a_replay_beside_new_rows_in_one_commit_loses_nothing(gate, committer):
    rows = make_predictions(random.Random(5), 9)
    send(committer, rows[:3], idempotency_key="k", body_hash=b"1").result(10)
    committer._window = IdWindow(10_000)  # as if the process had started anew
    gate.open.clear()
    gate.entered.clear()
    blocker = send(committer, rows[8:])
    assert gate.entered.wait(10)
    replay = send(committer, rows[:3], idempotency_key="k", body_hash=b"1")
    fresh = send(committer, rows[3:8])
    gate.open.set()
    assert blocker.result(10).accepted == 1
    assert replay.result(10).replayed
    assert fresh.result(10).accepted == 5
    assert send(committer, rows[3:]).result(10).duplicates == 6


def test_twice_in_one_request(committer):
    rows = make_predictions(random.Random(6), 3)
    answer = send(committer, [*rows, rows[1]]).result(10)
    assert (answer.accepted, answer.duplicates) == (3, 1)
    assert [(item.index, item.code) for item in answer.rejected] == [(3, "duplicate")]


def test_small_batches_of_another_kind_or_schema_keep_rows_of_their_own(gate, committer):
    rows = make_predictions(random.Random(11), 6)
    gate.open.clear()
    gate.entered.clear()
    futures = [send(committer, rows[:1])]
    assert gate.entered.wait(10)
    futures += [send(committer, [row]) for row in rows[1:4]]
    futures.append(send(committer, rows[1:2]))  # a duplicate, alone in its request
    without = prediction_intake(rows[4:5], START).table.drop_columns(["n:amount"])
    futures.append(send(committer, rows[4:5], table=without))
    futures.append(send(committer, rows[5:], model_id="other"))
    futures.append(committer.submit(label_intake(labels_for(random.Random(1), rows[:2]), START)))
    gate.open.set()
    assert [future.result(10).duplicates for future in futures] == [0, 0, 0, 0, 1, 0, 0, 0]
    stored = [(batch.model_id, batch.kind.value, batch.rows) for batch in gate.journal.read(after=1)]
    assert sorted(stored)[1:] == [
        ("m", "predictions", 1),
        ("m", "predictions", 3),
        ("other", "predictions", 1),
    ]


def test_labels_are_never_duplicates(gate, committer):
    rng = random.Random(7)
    labels = labels_for(rng, make_predictions(rng, 20))
    for _ in range(2):
        assert committer.submit(label_intake(labels, START)).result(10).accepted == len(labels)


def test_after_close_nothing_is_taken(committer):
    committer.close()
    with pytest.raises(StorageUnavailable, match="closing"):
        send(committer, make_predictions(random.Random(8), 1))


def test_the_guard_is_asked_first(gate):
    def full() -> None:
        raise StorageFull("nearly full")

    committer = GroupCommit(gate, IdWindow(10), clock=lambda: START, guard=full)
    with pytest.raises(StorageFull):
        send(committer, make_predictions(random.Random(9), 1))
    committer.close()
    assert gate.groups == []
