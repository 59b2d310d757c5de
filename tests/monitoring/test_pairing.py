"""Halves of calls: in any order, however often, whatever fails in between, each call's rows come once."""

from __future__ import annotations

import os
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
from assay.domain.time import SECOND
from assay.errors import StorageUnavailable
from assay.monitoring.group_commit import GroupCommit
from assay.monitoring.id_window import IdWindow
from assay.monitoring.intake.imports.exchange import Exchange, load, packed
from assay.monitoring.pairing import Pairing
from assay.ports.halves import Call, Half
from assay.ports.journal import Journal
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
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

    def _fail(self, where: str) -> None:
        if self.failures and self.failures[0] == where:
            self.failures.pop(0)
            raise StorageUnavailable("the database does not answer")

    def add(
        self, halves: Sequence[Half], *, claim: bytes, settled: Sequence[bytes] = (), now: int
    ) -> list[tuple[bool, Call]]:
        self._fail("before add")
        stored = super().add(halves, claim=claim, settled=settled, now=now)
        self._fail("after add")
        return stored

    def settle(self, claims: Sequence[bytes], *, now: int) -> None:
        if claims:
            self._fail("before settle")
        super().settle(claims, now=now)
        if claims:
            self._fail("after settle")

    def claim_due(self, *, before: int, claim: bytes, limit: int) -> list[Call]:
        self._fail("before claim")
        claimed = super().claim_due(before=before, claim=claim, limit=limit)
        self._fail("after claim")
        return claimed


@contextmanager
def pairing(halves: MemoryHalves, journal: Journal, clock: Clock, **options: Any) -> Iterator[Pairing]:
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
TROUBLE = st.lists(st.sampled_from(["before add", "after add", "before settle", "after settle"]), max_size=3)


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
    halves, journal, clock = Failing(), MemoryJournal(), Clock()
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


CHILD = """
import os, pathlib, sys, time
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service, wall_clock
from assay.monitoring.intake.context import Context
from assay.monitoring.intake.imports.options import ImportOptions
from assay.monitoring.intake.imports.reading import Payload
from assay.storage.sql.halves import SqlHalves

def die(*_, **__):
    print("dying", flush=True)
    time.sleep(60)

SqlHalves.settle = die
service = build_service(Settings(data_dir=pathlib.Path(sys.argv[1])))
lines = b'\\n'.join([
    b'{"id":"a","model_name":"m","inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[1]}]}',
    b'{"id":"a","model_name":"m","outputs":[{"name":"y","shape":[1],"datatype":"INT64","data":[7]}]}',
    b'{"id":"b","model_name":"m","inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[2]}]}',
])
context = Context(now=wall_clock())
service.begin_import("open-inference", Payload(body=lines), ImportOptions(), context).answer()
time.sleep(60)
"""


def test_a_process_killed_between_rows_and_halves_leaves_each_call_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "dying\n"  # the rows are in the journal, the halves are not settled
    os.kill(child.pid, signal.SIGKILL)
    child.wait(20)
    child.stdout.close()
    service = build_service(Settings(data_dir=folder, import_wait_seconds=0.0))
    try:
        deadline = 100
        while service.catch_up() and service.model("m").predictions < 2 and deadline:
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
