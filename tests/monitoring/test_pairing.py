"""Halves of calls: in any order, however often, whatever fails in between, each call's rows come once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assay
from assay.domain.batch import Entry, Receipt
from assay.domain.time import SECOND
from assay.errors import StorageFull, StorageUnavailable
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow
from assay.monitoring.intake.imports.exchange import Exchange, load, packed
from assay.monitoring.pairing import Pairing
from assay.ports.halves import Call, Half, Halves
from assay.ports.journal import Journal
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.storage.sql import SqlHalves, SqlJournal, open_database
from assay.testing.memory import MemoryJournal
from assay.testing.memory_halves import MemoryHalves

NOW = 1_700_000_000 * SECOND
WAIT = 60.0
COLUMNS = ("prediction_id", "s:x", "prediction_class", "error_type")


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class Failing(MemoryHalves):
    """Loses its connection whenever it is told to: before or after it has stored something."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[str] = []

    def fail(self, where: str) -> None:
        if self.failures and self.failures[0] == where:
            self.failures.pop(0)
            raise StorageUnavailable("the database does not answer")

    def add(
        self, halves: Sequence[Half], *, claim: bytes, settled: Sequence[bytes] = (), now: int
    ) -> list[tuple[bool, Call]]:
        self.fail("before add")
        stored = super().add(halves, claim=claim, settled=settled, now=now)
        self.fail("after add")
        return stored

    def settle(self, claims: Sequence[bytes], *, now: int) -> None:
        if claims:
            self.fail("before settle")
        super().settle(claims, now=now)
        if claims:
            self.fail("after settle")

    def claim_due(self, *, before: int, claim: bytes, limit: int) -> list[Call]:
        self.fail("before claim")
        claimed = super().claim_due(before=before, claim=claim, limit=limit)
        self.fail("after claim")
        return claimed


class FailingJournal(MemoryJournal):
    """A journal with the same trouble."""

    def __init__(self, halves: Failing) -> None:
        super().__init__()
        self._halves = halves

    def append(self, entries: Sequence[Entry], *, now: int) -> list[Receipt]:
        self._halves.fail("before append")
        receipts = super().append(entries, now=now)
        self._halves.fail("after append")
        return receipts


@contextmanager
def pairing(halves: Halves, journal: Journal, clock: Clock, **options: Any) -> Iterator[Pairing]:
    """A process's part: its window of ids knows nothing of those before it."""
    committer = GroupCommit(journal, IdWindow(1_000), clock=clock)
    made = Pairing(halves, committer.submit, clock=clock, wait_seconds=WAIT, keep_seconds=600, **options)
    try:
        yield made
    finally:
        made.close()
        committer.close()


def request(call: str, rows: int = 1, model: str = "m") -> Exchange:
    features = [{"x": f"{call}{row}"} for row in range(rows)]
    return Exchange(model=model, request_id=call, version="1", features=features, whole=False)


def response(call: str, rows: int = 1, model: str = "m") -> Exchange:
    outcomes = [{"prediction": f"{call}{row}"} for row in range(rows)]
    return Exchange(model=model, request_id=call, outcomes=outcomes, whole=False)


def rows_of(journal: Journal) -> list[tuple[Any, ...]]:
    """What the journal holds: id, feature, prediction and error of each row."""
    found: list[tuple[Any, ...]] = []
    for batch in journal.read(after=0):
        found += [tuple(map(row.get, COLUMNS)) for row in batch.table().to_pylist()]
    return sorted(found, key=repr)


def expected(sides: dict[str, set[str]], rows: dict[str, int]) -> list[tuple[Any, ...]]:
    """What should be there, call by call."""
    found: list[tuple[Any, ...]] = []
    for call, there in sides.items():
        for row in range(rows[call]):
            name = call if rows[call] == 1 else f"{call}:{row}"
            value = f"{call}{row}"
            found.append(
                (
                    name,
                    value if "request" in there else None,
                    value if "response" in there else None,
                    None if "response" in there else "no_response",
                )
            )
    return sorted(found, key=repr)


EVENTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["request", "response"])), min_size=1, max_size=14
)
TROUBLE = st.lists(
    st.sampled_from(
        [f"{when} {step}" for when in ("before", "after") for step in ("add", "append", "settle", "claim")]
    ),
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(
    events=EVENTS,
    cuts=st.sets(st.integers(1, 13)),
    restarts=st.sets(st.integers(0, 13)),
    trouble=TROUBLE,
    rows=st.fixed_dictionaries({call: st.integers(1, 3) for call in "abcd"}),
)
def test_any_order_with_duplicates_failures_and_restarts_gives_the_same_rows(
    events: list[tuple[str, str]],
    cuts: set[int],
    restarts: set[int],
    trouble: list[str],
    rows: dict[str, int],
) -> None:
    halves, clock = Failing(), Clock()
    journal = FailingJournal(halves)
    halves.failures = list(trouble)
    made = {"request": request, "response": response}
    places = sorted({0, len(events)} | {cut for cut in cuts if cut < len(events)})
    parts = [events[begin:end] for begin, end in pairwise(places)]
    while parts:
        with pairing(halves, journal, clock) as process:
            while parts:
                part = [made[side](call, rows[call]) for call, side in parts[0]]
                try:
                    process.submit(part).result(20)
                except StorageUnavailable:
                    break  # the process ends, too; whoever sent it sends it again
                parts.pop(0)
                if len(parts) in restarts:
                    break
    halves.failures = []
    clock.now += int(WAIT * SECOND) + 1
    with pairing(halves, journal, clock) as process:
        process.sweep()
        process.sweep()
    sides: dict[str, set[str]] = {}
    for call, side in events:
        sides.setdefault(call, set()).add(side)
    assert rows_of(journal) == expected(sides, rows)
    assert halves.waiting() == (0, 0)


def test_what_comes_after_the_wait_is_told_as_a_duplicate() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    with pairing(halves, journal, clock) as process:
        assert process.submit([request("a")]).result(20)[0].waiting
        clock.now += int(WAIT * SECOND) - 1
        assert process.sweep() == 0
        clock.now += 2
        assert process.sweep() == 1
        (late,) = process.submit([response("a")]).result(20)
        assert (late.new, late.waiting, late.answer) == (False, False, None)
    assert rows_of(journal) == [("a", "a0", None, "no_response")]


@pytest.mark.parametrize("first", [request, response])
def test_a_response_of_another_length_is_nobodys(first: Any) -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    pair = [request("a", 2), response("a", 3)]
    with pairing(halves, journal, clock) as process:
        for half in pair if first is request else reversed(pair):
            process.submit([half]).result(20)
    assert rows_of(journal) == [
        ("a:0", "a0", None, "rows_differ"),
        ("a:1", "a1", None, "rows_differ"),
    ]


def test_one_call_that_cannot_become_rows_hinders_no_other() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    bad = Exchange(model="m", request_id="bad", timestamp="never", features=[{"x": "1"}], whole=False)
    with pairing(halves, journal, clock) as process:
        told = process.submit([bad, response("bad"), request("b"), response("b")]).result(20)
        assert [one.answer is not None for one in told] == [False, True, False, True]
        assert told[1].answer is not None
        assert told[1].answer.rejected[0].code == "bad_timestamp"
        assert process.submit([response("bad")]).result(20)[0].new is False
    assert rows_of(journal) == [("b", "b0", "b0", None)]


def test_halves_that_do_not_read_back_hinder_no_other() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    halves.add(
        [Half("m", "old", "request", b'{"colour": 1}'), Half("m", "cut", "request", b"{")],
        claim=bytes(16),
        now=0,
    )
    with pairing(halves, journal, clock) as process:
        process.submit([request("a"), response("a")]).result(20)
        process.sweep()
    assert rows_of(journal) == [("a", "a0", "a0", None)]
    assert halves.waiting() == (0, 0)


def test_no_more_wait_than_may() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    with pairing(halves, journal, clock, most_calls=2) as process:
        process.submit([request("a"), request("b")]).result(20)
        with pytest.raises(StorageUnavailable, match="wait for their other half"):
            process.submit([request("c")]).result(20)
        clock.now += int(WAIT * SECOND) + 1
        process.sweep()
        process.submit([request("c")]).result(20)
    with pytest.raises(StorageUnavailable, match="closing"):
        process.submit([request("d")])


def test_settled_calls_are_forgotten() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    with pairing(halves, journal, clock) as process:
        process.submit([request("a"), response("a")]).result(20)
        clock.now += 601 * SECOND
        process.sweep()
        assert halves.forget(settled_before=clock.now) == 0


def test_no_more_settled_calls_are_remembered_than_allowed() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    with pairing(halves, journal, clock, most_settled=2) as process:
        for call in "abcd":
            clock.now += SECOND
            process.submit([request(call), response(call)]).result(20)
        clock.now += 300 * SECOND
        process.sweep()
        known = [process.submit([request(call)]).result(20)[0].new for call in "abcd"]
    assert known == [True, True, False, False]


def test_an_exchange_survives_its_bytes() -> None:
    made = Exchange(
        model="\u202em\ud800",
        request_id="</script>",
        features=[{"x": 2**70, "y": 1e300, "z": None, "é": True}],
        tags={"a": "b"},
        latency_ms=1.5,
        whole=False,
    )
    assert load(packed(made)) == made


def test_a_round_is_one_batch_of_each_model() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    with pairing(halves, journal, clock) as process:
        process.submit([request(str(call), model=f"m{call % 2}") for call in range(40)]).result(20)
        told = process.submit([response(str(call), model=f"m{call % 2}") for call in range(40)]).result(20)
    assert [one.answer is not None and one.answer.accepted for one in told] == [1] * 40
    assert [(batch.model_id, batch.rows) for batch in journal.read(after=0)] == [("m0", 20), ("m1", 20)]


def test_each_call_is_told_its_own_part_of_the_batch() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    bad = Exchange(model="m", request_id="bad", timestamp="never", features=[{"x": "1"}] * 2, whole=False)
    naive = Exchange(
        model="m", request_id="naive", timestamp="2020-01-01T00:00", features=[{"x": "n"}], whole=False
    )
    twice = [request("a", 2), response("a", 2), request("a:1"), response("a:1")]
    others = [bad, response("bad", 2), naive, response("naive"), request("z", 3), response("z", 3)]
    with pairing(halves, journal, clock) as process:
        placed = process.submit(twice + others).result(20)
    answers = [one.answer for one in placed[1::2]]
    assert [answer and (answer.accepted, answer.duplicates, answer.rejected_total) for answer in answers] == [
        (2, 0, 0),
        (0, 1, 0),
        (0, 0, 2),
        (1, 0, 0),
        (3, 0, 0),
    ]
    assert [[item.index for item in answer.rejected] for answer in answers if answer] == [
        [],
        [0],
        [0, 1],
        [],
        [],
    ]
    assert [answer.notes for answer in answers if answer and answer.notes] == [
        ("1 timestamps had no zone and were read as UTC",)
    ]


def test_calls_that_fit_into_no_one_batch_are_written_one_by_one() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    wide = [
        Exchange(
            model="m",
            request_id=f"w{call}",
            features=[{f"f{call}_{place}": 1.0 for place in range(6_000)}],
            whole=False,
        )
        for call in range(2)
    ]
    answers = [half for one in wide for half in (one, response(one.request_id))]
    with pairing(halves, journal, clock) as process:
        told = process.submit(answers).result(20)
        assert [one.answer and one.answer.accepted for one in told[1::2]] == [1, 1]
    assert sorted(row[0] for row in rows_of(journal)) == ["w0", "w1"]


def test_trouble_of_the_journal_loses_no_call() -> None:
    halves, journal, clock = MemoryHalves(), MemoryJournal(), Clock()
    refused = 1

    def guard() -> None:
        nonlocal refused
        refused -= 1
        if refused >= 0:
            raise StorageFull("the disk is full")

    committer = GroupCommit(journal, IdWindow(1_000), clock=clock, guard=guard)
    process = Pairing(halves, committer.submit, clock=clock, wait_seconds=WAIT, keep_seconds=600)
    with pytest.raises(StorageFull):
        process.submit([request("a"), response("a"), request("b"), response("b")]).result(20)
    (again,) = process.submit([response("a")]).result(20)
    assert again.answer is not None
    process.close()
    committer.close()
    assert [row[0] for row in rows_of(journal)] == ["a", "b"]
    assert halves.waiting() == (0, 0)


CHILD = """
import os, pathlib, sys, time
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service, wall_clock
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import Payload
from assay.monitoring.pairing import Pairing
from assay.storage.sql.halves import SqlHalves
from assay.storage.sql.journal import SqlJournal

def dying(method, *, first):
    def die(*args, **options):
        if not first:
            method(*args, **options)
        print("dying", flush=True)
        time.sleep(60)
    return die

folder, step = sys.argv[1:]
match step:
    case "claimed":
        SqlJournal.append = dying(SqlJournal.append, first=True)
    case "written":
        SqlJournal.append = dying(SqlJournal.append, first=False)
    case "unsettled":
        SqlHalves.settle = dying(SqlHalves.settle, first=True)
    case "settled":
        SqlHalves.settle = dying(SqlHalves.settle, first=False)
    case "overdue":
        SqlHalves.claim_due = dying(SqlHalves.claim_due, first=False)
wait = 0.0 if step == "overdue" else 900.0
lines = b'\\n'.join([
    b'{"id":"a","model_name":"m","inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[1]}]}',
    b'{"id":"a","model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"INT64","data":[7]}]}',
    b'{"id":"b","model_name":"m","inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[2]}]}',
])
if step == "overdue":
    Pairing._run = lambda self: [self._round([self._queue.get()]), self.sweep()]
service = build_service(Settings(data_dir=pathlib.Path(folder), import_wait_seconds=wait))
context = Context(now=wall_clock())
service.begin_import("open-inference", Payload(body=lines), ImportOptions(), context).answer()
time.sleep(60)
"""


@pytest.mark.parametrize(
    "step",
    [
        "claimed",
        pytest.param("written", marks=pytest.mark.nightly),
        "unsettled",
        pytest.param("settled", marks=pytest.mark.nightly),
        "overdue",
    ],
)
def test_a_process_killed_after_any_step_leaves_each_call_once(tmp_path: Path, step: str) -> None:
    folder = tmp_path / "data"
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(folder), step], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "dying\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait(20)
    child.stdout.close()
    service = build_service(Settings(data_dir=folder, import_wait_seconds=0.0))
    try:
        deadline = 100
        while service.catch_up() and deadline:
            if service.models() and service.model("m").predictions == 2:
                break
            deadline -= 1
            signal.sigtimedwait([], 0.1)
    finally:
        service.close()
    with assay.open(folder) as monitor:
        found = {one.prediction_id: one for one in monitor.predictions("m")}
        assert found.keys() == {"a", "b"}
        assert monitor.model("m").predictions == 2
    assert found["a"].features == {"x": 1}
    assert found["a"].prediction is not None
    assert float(found["a"].prediction) == 7
    assert found["b"].features == {"x": 2}
    assert found["b"].values["error_type"] == "no_response"


def test_erasing_drops_what_waits(tmp_path: Path) -> None:
    with assay.open(tmp_path / "data") as monitor:
        tensor = {"name": "x", "shape": [2], "datatype": "INT64", "data": [1, 2]}
        half = {"id": "a", "model_name": "m", "inputs": [tensor]}
        monitor.import_payloads("open-inference", [half, {**half, "id": "b"}])
        monitor.log(model="m", predictions=[{"prediction_id": "other", "prediction": 1}])
        monitor.erase("m", ids=["a:1"])
        outputs = [{**tensor, "name": "y"}]
        answer = monitor.import_payloads(
            "open-inference", [{"id": name, "model_name": "m", "outputs": outputs} for name in "ab"]
        )
        assert (answer.accepted, answer.waiting) == (2, 1)
        assert {one.prediction_id for one in monitor.predictions("m")} == {"other", "b:0", "b:1"}


SENDER = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow
from assay.monitoring.pairing import Pairing
from assay.runtime.wiring import wall_clock
from assay.storage.sql import SqlHalves, SqlJournal, open_database
from tests.monitoring.test_pairing import request, response

database = open_database(sys.argv[1])
committer = GroupCommit(SqlJournal(database), IdWindow(1_000), clock=wall_clock)
process = Pairing(
    SqlHalves(database), committer.submit, clock=wall_clock, wait_seconds=600, keep_seconds=600
)
made = {"request": request, "response": response}
halves = [made[side](call) for side, _, call in (line.partition(" ") for line in sys.stdin.read().split(","))]

def send(begin):
    process.submit(halves[begin:begin + 4]).result(60)
    os.write(1, b"sent\\n")  # whole, whichever thread

with ThreadPoolExecutor(4) as pool:
    list(pool.map(send, range(0, len(halves), 4)))
process.sweep()
process.close()
committer.close()
database.close()
"""


@pytest.mark.postgres
@pytest.mark.parametrize("killed", [pytest.param(False, marks=pytest.mark.nightly), True])
def test_two_processes_on_one_database_write_each_call_once(postgres_url: str, killed: bool) -> None:
    calls = [f"c{number}" for number in range(240)]
    events = [(side, call) for call in calls for side in ("request", "response")]
    chance = random.Random(7)

    def start() -> subprocess.Popen[str]:
        """A process that sends most events, so that many come to both, in an order of its own."""
        child = subprocess.Popen(
            [sys.executable, "-c", SENDER, postgres_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        own = [" ".join(event) for event in chance.sample(events, len(events) * 2 // 3)]
        child.stdin.write(",".join(own))
        child.stdin.close()
        return child

    open_database(postgres_url).close()
    children = [start(), start()]
    if killed:
        first = children.pop(0)
        assert first.stdout is not None
        for _ in range(chance.randrange(5, 40)):
            assert first.stdout.readline() == "sent\n"
        first.kill()
        first.wait(20)
        first.stdout.close()
        children.append(start())
    for child in children:
        assert child.stdout is not None
        told = child.stdout.read()
        child.stdout.close()
        assert child.wait(60) == 0
        assert told.count("sent") == 80
    database = open_database(postgres_url)
    try:
        halves, journal, clock = SqlHalves(database), SqlJournal(database), Clock()
        with pairing(halves, journal, clock) as process:
            process.submit([made(call) for call in calls for made in (request, response)]).result(60)
        assert rows_of(journal) == expected(
            {call: {"request", "response"} for call in calls}, dict.fromkeys(calls, 1)
        )
        assert halves.waiting() == (0, 0)
    finally:
        database.close()
