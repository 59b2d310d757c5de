"""What every journal must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from assay.domain.batch import Entry, encode_table
from assay.domain.columns import Kind
from assay.ports.journal import Journal
from assay.testing.names import HOSTILE_NAMES

__all__ = ["JournalContract"]

P, L = Kind.PREDICTIONS, Kind.LABELS


def entry(
    model: str = "m",
    payload: bytes = b"payload",
    *,
    kind: Kind = P,
    rows: int = 1,
    key: str | None = None,
    body: bytes = b"",
    response: bytes = b"",
) -> Entry:
    """Make an entry with few words."""
    return Entry(model, kind, payload, rows, key, body, response)


class JournalContract:
    """Subclass it and supply the fixture `journal`: an empty journal, closed by whoever made it."""

    def test_an_empty_journal(self, journal: Journal) -> None:
        assert journal.head() == 0
        assert journal.read(after=0) == []
        assert journal.backlog(after=0) == (0, 0)
        assert journal.models(after=0) == []
        assert journal.append([], now=1) == []
        assert journal.trim(batches=[], keys_before=0) == 0

    def test_what_is_appended_is_read(self, journal: Journal) -> None:
        table = pa.table({"n:x": [1.0, None], "t:country": ["de", "ü"]})
        sent = [entry("a", encode_table(table), rows=2, response=b"ok"), entry("b", b"\x00\xff", kind=L)]
        receipts = journal.append(sent, now=77)
        assert [(r.replayed, r.conflict, r.response) for r in receipts] == [
            (False, False, b"ok"),
            (False, False, b""),
        ]
        first, second = journal.read(after=0)
        assert first.position == receipts[0].position
        assert (first.model_id, first.kind, first.rows, first.appended_at) == ("a", P, 2, 77)
        assert first.table().equals(table)
        assert isinstance(first.kind, Kind)
        assert (second.position, second.kind, second.payload) == (receipts[1].position, L, b"\x00\xff")
        assert journal.head() == second.position

    def test_positions_grow_in_order_of_the_entries(self, journal: Journal) -> None:
        positions = []
        for size in (1, 3, 700, 2):
            receipts = journal.append([entry(payload=b"%d" % i) for i in range(size)], now=1)
            positions += [receipt.position or 0 for receipt in receipts]
        assert positions == sorted(set(positions))
        assert positions[0] > 0
        read = journal.read(after=0)
        assert [batch.position for batch in read] == positions
        assert [int(batch.payload) for batch in read] == [0, *range(3), *range(700), *range(2)]

    def test_a_payload_of_megabytes(self, journal: Journal) -> None:
        payload = bytes(range(256)) * 20_000
        journal.append([entry(payload=payload)], now=1)
        assert journal.read(after=0)[0].payload == payload

    def test_a_key_that_comes_again_with_the_same_body(self, journal: Journal) -> None:
        [first] = journal.append([entry(key="k", body=b"1", response=b"first")], now=1)
        [again] = journal.append([entry(key="k", body=b"1", response=b"second")], now=2)
        assert first.response == b"first"
        assert (again.replayed, again.conflict, again.position, again.response) == (
            True,
            False,
            None,
            b"first",
        )
        assert len(journal.read(after=0)) == 1
        assert journal.head() == first.position

    def test_a_key_that_comes_again_with_another_body(self, journal: Journal) -> None:
        journal.append([entry(key="k", body=b"1", response=b"first")], now=1)
        other, fresh = journal.append([entry(key="k", body=b"2"), entry(payload=b"fresh")], now=2)
        assert (other.replayed, other.conflict, other.position) == (False, True, None)
        assert fresh.position is not None
        assert [batch.payload for batch in journal.read(after=0)] == [b"payload", b"fresh"]

    def test_a_key_that_comes_twice_at_once(self, journal: Journal) -> None:
        sent = [
            entry(payload=b"a", key="k", body=b"1", response=b"first"),
            entry(payload=b"b", key="k", body=b"1", response=b"second"),
            entry(payload=b"c", key="k", body=b"2"),
            entry(payload=b"d"),
        ]
        first, again, other, free = journal.append(sent, now=1)
        assert first.position is not None
        assert (again.replayed, again.response, again.position) == (True, b"first", None)
        assert (other.conflict, other.position) == (True, None)
        assert free.position is not None
        assert [batch.payload for batch in journal.read(after=0)] == [b"a", b"d"]

    def test_keys_belong_to_models(self, journal: Journal) -> None:
        journal.append([entry("a", key="k", body=b"1")], now=1)
        [other] = journal.append([entry("b", key="k", body=b"2")], now=1)
        assert other.position is not None
        # Where one name ends and the other begins matters.
        receipts = journal.append([entry("ab", key="c", body=b"3"), entry("a", key="bc", body=b"4")], now=1)
        assert all(receipt.position is not None for receipt in receipts)

    def test_an_empty_payload_keeps_its_key_and_takes_no_position(self, journal: Journal) -> None:
        [nothing] = journal.append([entry(payload=b"", rows=0, key="k", body=b"1", response=b"bad")], now=1)
        assert (nothing.position, nothing.replayed, nothing.response) == (None, False, b"bad")
        assert (journal.head(), journal.read(after=0)) == (0, [])
        [again] = journal.append([entry(payload=b"", rows=0, key="k", body=b"1")], now=1)
        assert (again.replayed, again.response) == (True, b"bad")

    def test_many_keys_at_once(self, journal: Journal) -> None:
        sent = [entry(key=str(i), body=b"1", response=b"%d" % i) for i in range(1_500)]
        assert all(receipt.position for receipt in journal.append(sent, now=1))
        again = journal.append(sent, now=2)
        assert all(receipt.replayed for receipt in again)
        assert [receipt.response for receipt in again] == [one.response for one in sent]

    def test_reading_a_range_a_model_and_kinds(self, journal: Journal) -> None:
        sent = [entry(model, kind=kind) for model in ("a", "b") for kind in (P, L) for _ in range(3)]
        journal.append(sent, now=1)
        everything = journal.read(after=0)
        middle = everything[4].position

        def positions(**options: object) -> list[int]:
            return [batch.position for batch in journal.read(**options)]  # type: ignore[arg-type] # by name

        def expected(model: str | None, kinds: set[Kind] | None, low: int, high: int) -> list[int]:
            return [
                batch.position
                for batch in everything
                if low < batch.position <= high
                and (model is None or batch.model_id == model)
                and (kinds is None or batch.kind in kinds)
            ]

        last = everything[-1].position
        for model in (None, "a", "b", "unknown"):
            for kinds in (None, {P}, {L}, {P, L}, {Kind.ERASURE}, set[Kind]()):
                for low, high in ((0, last), (middle, last), (0, middle), (last, last)):
                    found = positions(after=low, upto=high, model_id=model, kinds=kinds)
                    assert found == expected(model, kinds, low, high)

    def test_reading_stops_after_so_many_bytes(self, journal: Journal) -> None:
        journal.append([entry(payload=b"x" * size) for size in (10, 10, 10, 50, 1)], now=1)

        def count(limit: int, after: int = 0) -> int:
            return len(journal.read(after=after, max_bytes=limit))

        assert [count(limit) for limit in (0, 9, 10, 19, 20, 30, 79, 80, 81, 10**9)] == [
            1, 1, 2, 2, 3, 4, 4, 5, 5, 5,
        ]  # fmt: skip
        assert count(0, after=journal.head()) == 0

    def test_reading_by_bytes_comes_to_the_end(self, journal: Journal) -> None:
        journal.append([entry(payload=b"x") for _ in range(2_500)], now=1)
        assert len(journal.read(after=0, max_bytes=2_400)) == 2_401
        seen, after = 0, 0
        while batches := journal.read(after=after, max_bytes=999):
            assert len(batches) <= 1_000
            seen, after = seen + len(batches), batches[-1].position
        assert (seen, after) == (2_500, journal.head())

    def test_the_backlog(self, journal: Journal) -> None:
        [first] = journal.append([entry(rows=5)], now=10)
        second, third = journal.append([entry("b", rows=7), entry(rows=11, kind=L)], now=20)
        assert journal.backlog(after=0) == (23, 10)
        assert journal.backlog(after=first.position or 0) == (18, 20)
        assert journal.backlog(after=third.position or 0) == (0, 0)
        assert sorted(journal.models(after=0)) == [
            ("b", P, 7, second.position, second.position),
            ("m", L, 11, third.position, third.position),
            ("m", P, 5, first.position, first.position),
        ]
        assert [row[:3] for row in journal.models(after=second.position or 0)] == [("m", L, 11)]

    def test_trimming(self, journal: Journal) -> None:
        receipts = journal.append([entry(model, kind=kind) for model in "ab" for kind in (P, P, L)], now=1)
        at = [receipt.position or 0 for receipt in receipts]
        head = journal.head()
        assert (
            journal.trim(batches=[("a", P, at[0]), ("b", P, head), ("unknown", P, head)], keys_before=0) == 3
        )
        assert [batch.position for batch in journal.read(after=0)] == [at[1], at[2], at[5]]
        assert journal.trim(batches=[("a", P, head), ("a", L, head), ("b", L, head)], keys_before=0) == 3
        assert (journal.read(after=0), journal.backlog(after=0), journal.models(after=0)) == ([], (0, 0), [])
        assert journal.head() == head
        [later] = journal.append([entry()], now=2)
        assert (later.position or 0) > head

    def test_trimming_many(self, journal: Journal) -> None:
        journal.append([entry() for _ in range(1_100)], now=1)
        assert journal.trim(batches=[("m", P, journal.head())], keys_before=0) == 1_100
        assert journal.read(after=0) == []

    def test_old_keys_are_forgotten(self, journal: Journal) -> None:
        journal.append([entry(key="old", body=b"1")], now=10)
        journal.append([entry(key="new", body=b"1")], now=20)
        assert journal.trim(batches=[], keys_before=20) == 0
        old, new = journal.append([entry(key="old", body=b"2"), entry(key="new", body=b"2")], now=30)
        assert old.position is not None
        assert new.conflict

    def test_hostile_names(self, journal: Journal) -> None:
        sent = [entry(name, payload=name.encode(), key=name, body=b"1") for name in HOSTILE_NAMES]
        assert all(receipt.position for receipt in journal.append(sent, now=1))
        for name in HOSTILE_NAMES:
            [batch] = journal.read(after=0, model_id=name, kinds=[P])
            assert (batch.model_id, batch.payload) == (name, name.encode())
        assert sorted(row[0] for row in journal.models(after=0)) == sorted(HOSTILE_NAMES)
        assert all(receipt.replayed for receipt in journal.append(sent, now=2))
        [_] = [journal.trim(batches=[(name, P, journal.head()) for name in HOSTILE_NAMES], keys_before=0)]
        assert journal.read(after=0) == []

    def test_threads_append_and_a_reader_misses_nothing(self, journal: Journal) -> None:
        threads, rounds = 6, 25
        done = threading.Event()
        seen: list[tuple[int, bytes]] = []

        def follow() -> None:
            after = 0
            while True:
                finished = done.is_set()  # before reading: what was appended till then must be found
                batches = journal.read(after=after, max_bytes=1_000)
                seen.extend((batch.position, batch.payload) for batch in batches)
                after = batches[-1].position if batches else after
                if finished and not batches:
                    return

        def write(number: int) -> list[tuple[int, bytes]]:
            written = []
            for turn in range(rounds):
                payloads = [b"%d-%d-%d" % (number, turn, i) for i in range(turn % 3 + 1)]
                sent = [entry(f"model {number}", payload) for payload in payloads]
                receipts = journal.append(sent, now=1)
                written += [
                    (receipt.position or 0, payload)
                    for receipt, payload in zip(receipts, payloads, strict=True)
                ]
            return written

        with ThreadPoolExecutor(threads + 1) as pool:
            reader = pool.submit(follow)
            try:
                written = [pair for pairs in pool.map(write, range(threads)) for pair in pairs]
            finally:
                done.set()
            reader.result()
        assert seen == sorted(written)

    def test_threads_race_for_one_key(self, journal: Journal) -> None:
        threads = 6
        start = threading.Barrier(threads)

        def race(number: int) -> list[bool]:
            won = []
            for turn in range(10):
                start.wait()
                [receipt] = journal.append([entry(key=f"k{turn}", body=b"%d" % number)], now=1)
                won.append(receipt.position is not None)
                assert receipt.conflict is not won[-1]
            return won

        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(race, range(threads)))
        assert [sum(turn) for turn in zip(*results, strict=True)] == [1] * 10
        assert len(journal.read(after=0)) == 10

    def test_closing_twice(self, journal: Journal) -> None:
        journal.append([entry()], now=1)
        journal.close()
        journal.close()
