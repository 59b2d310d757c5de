"""What every store of halves must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from assay.ports.halves import Call, Half, Halves
from assay.testing.names import HOSTILE_NAMES

__all__ = ["HalvesContract"]

ONE, TWO, THREE = (bytes([number]) * 16 for number in (1, 2, 3))


class HalvesContract:
    """Subclass it and supply a fixture: `halves`, an empty store."""

    def test_an_empty_store(self, halves: Halves) -> None:
        assert halves.add([], claim=ONE, settled=[TWO], now=1) == []
        assert halves.claim_due(before=10, claim=ONE, limit=10) == []
        assert halves.open_claims() == []
        assert halves.claimed(ONE) == []
        assert halves.waiting() == (0, 0)
        assert halves.forget(settled_before=10) == 0
        halves.settle([ONE], now=1)
        halves.settle([], now=1)
        assert halves.erase("m", ["a"]) == []

    @pytest.mark.parametrize("first", ["request", "response"])
    def test_two_halves_make_a_call_in_either_order(self, halves: Halves, first: str) -> None:
        pair = [Half("m", "a", "request", b"Q"), Half("m", "a", "response", b"A!")]
        one, other = pair if first == "request" else reversed(pair)
        [(new, call)] = halves.add([one], claim=ONE, now=5)
        assert new
        assert (call.request, call.response) == ((b"Q", None) if first == "request" else (None, b"A!"))
        assert call.claim is None
        assert halves.open_claims() == []
        [(new, call)] = halves.add([other], claim=TWO, now=6)
        assert new
        assert call == Call("m", "a", b"Q", b"A!", 5, claim=TWO)
        assert halves.open_claims() == [TWO]
        assert halves.claimed(TWO) == [call]
        assert halves.claimed(ONE) == []
        assert halves.waiting() == (1, 3)

    def test_both_at_once_and_twice_in_one_batch(self, halves: Halves) -> None:
        batch = [
            Half("m", "a", "response", b"1"),
            Half("m", "a", "response", b"2"),
            Half("m", "a", "request", b"3"),
            Half("m", "b", "request", b"4"),
        ]
        stored = halves.add(batch, claim=ONE, now=1)
        assert [new for new, _ in stored] == [True, False, True, True]
        assert stored[0][1] == stored[2][1] == Call("m", "a", b"3", b"1", 1, claim=ONE)
        assert stored[3][1] == Call("m", "b", b"4", None, 1)
        assert halves.claimed(ONE) == [stored[0][1]]
        assert halves.waiting() == (2, 3)

    def test_the_first_of_a_side_is_kept(self, halves: Halves) -> None:
        halves.add([Half("m", "a", "request", b"first")], claim=ONE, now=1)
        [(new, call)] = halves.add([Half("m", "a", "request", b"second")], claim=TWO, now=2)
        assert not new
        assert call == Call("m", "a", b"first", None, 1)
        assert halves.waiting() == (1, 5)

    def test_what_is_claimed_stays_as_it_is(self, halves: Halves) -> None:
        halves.add([Half("m", "a", "request", b"x"), Half("m", "b", "request", b"y")], claim=ONE, now=1)
        due = halves.claim_due(before=2, claim=TWO, limit=10)
        assert sorted(due, key=lambda call: call.request_id) == [
            Call("m", "a", b"x", None, 1, claim=TWO),
            Call("m", "b", b"y", None, 1, claim=TWO),
        ]
        assert halves.claim_due(before=2, claim=THREE, limit=10) == []
        [(new, call)] = halves.add([Half("m", "a", "response", b"late")], claim=THREE, now=2)
        assert not new
        assert call == Call("m", "a", b"x", None, 1, claim=TWO)
        assert halves.erase("m", ["a"]) == [TWO]
        assert halves.claimed(TWO) == due
        halves.settle([TWO], now=3)
        assert halves.erase("m", ["a"]) == []

    def test_a_settled_call_stays_settled_until_it_is_forgotten(self, halves: Halves) -> None:
        halves.add([Half("m", "a", side, b"x") for side in ("request", "response")], claim=ONE, now=1)
        halves.settle([ONE], now=7)
        halves.settle([ONE], now=9)
        assert halves.waiting() == (0, 0)
        assert halves.open_claims() == []
        assert halves.claimed(ONE) == []
        assert halves.claim_due(before=100, claim=TWO, limit=10) == []
        [(new, call)] = halves.add([Half("m", "a", "response", b"y")], claim=TWO, now=10)
        assert not new
        assert call.settled
        assert (call.request, call.response, call.claim) == (None, None, None)
        assert halves.forget(settled_before=7) == 0
        assert halves.forget(settled_before=8) == 1
        [(new, _)] = halves.add([Half("m", "a", "response", b"y")], claim=TWO, now=11)
        assert new

    def test_no_more_settled_calls_are_remembered_than_asked(self, halves: Halves) -> None:
        for number, claim in enumerate([ONE, TWO, THREE]):
            pair = [Half("m", str(number), "request", b"x"), Half("m", str(number), "response", b"y")]
            halves.add(pair, claim=claim, now=number)
            halves.settle([claim], now=10 + number)
        halves.add([Half("m", "waits", "request", b"x")], claim=b"4" * 16, now=9)
        assert halves.forget(settled_before=0, most=3) == 0
        assert halves.forget(settled_before=0, most=2) == 1
        assert halves.forget(settled_before=12, most=2) == 1
        assert halves.forget(settled_before=0, most=0) == 1
        assert halves.waiting() == (1, 1)

    def test_claims_are_settled_with_the_next_halves_and_before_them(self, halves: Halves) -> None:
        pair = [Half("m", "a", "request", b"x"), Half("m", "a", "response", b"y")]
        halves.add(pair, claim=ONE, now=1)
        [(new, call), (other, _)] = halves.add(
            [pair[0], Half("m", "b", "request", b"z")], claim=TWO, settled=[ONE], now=2
        )
        assert (new, other, call.settled) == (False, True, True)
        assert halves.waiting() == (1, 1)

    def test_what_waits_too_long_is_claimed_oldest_first(self, halves: Halves) -> None:
        for number in range(5):
            halves.add([Half("m", str(number), "request", b"x")], claim=ONE, now=10 - number)
        due = halves.claim_due(before=10, claim=TWO, limit=2)
        assert [call.request_id for call in due] == ["4", "3"]
        due = halves.claim_due(before=10, claim=THREE, limit=10)
        assert [call.request_id for call in due] == ["2", "1"]
        assert halves.open_claims() == [TWO, THREE]
        halves.settle([TWO, THREE], now=20)
        assert halves.waiting() == (1, 1)

    def test_models_and_ids_are_any_text(self, halves: Halves) -> None:
        batch = [Half(name, name, "request", name.encode()) for name in HOSTILE_NAMES]
        stored = halves.add(batch, claim=ONE, now=1)
        assert [(call.model_id, call.request_id) for _, call in stored] == [
            (name, name) for name in HOSTILE_NAMES
        ]
        assert halves.waiting()[0] == len(set(HOSTILE_NAMES))
        read = halves.claim_due(before=2, claim=TWO, limit=1_000)
        assert {(call.model_id, call.request_id) for call in read} == {(name, name) for name in HOSTILE_NAMES}

    def test_the_same_id_of_two_models_is_two_calls(self, halves: Halves) -> None:
        pair = [Half("m", "a", "request", b"1"), Half("n", "a", "response", b"2")]
        halves.add(pair, claim=ONE, now=1)
        assert halves.waiting() == (2, 2)
        assert halves.open_claims() == []

    def test_erasing(self, halves: Halves) -> None:
        halves.add([Half("m", name, "request", b"x") for name in "abc"], claim=ONE, now=1)
        halves.add([Half("m", "c", "response", b"x")], claim=TWO, now=1)
        halves.settle([TWO], now=2)
        assert halves.erase("m", ["a", "c", "nobody"]) == []
        assert [call.request_id for call in halves.claim_due(before=9, claim=ONE, limit=9)] == ["b"]
        assert halves.forget(settled_before=100) == 0

    def test_of_two_who_bring_a_half_each_exactly_one_claims_the_call(self, halves: Halves) -> None:
        start = threading.Barrier(2)

        def bring(side: Literal["request", "response"], claim: bytes) -> list[tuple[bool, Call]]:
            stored = []
            for number in range(40):
                start.wait(20)
                stored += halves.add([Half("m", str(number), side, b"x")], claim=claim, now=1)
            return stored

        with ThreadPoolExecutor(2) as pool:
            told = [pool.submit(bring, "request", ONE), pool.submit(bring, "response", TWO)]
            stored = [one.result(60) for one in told]
        for number in range(40):
            claims = [call.claim for one in stored for _, call in one if call.request_id == str(number)]
            assert sorted(claim is not None for claim in claims) == [False, True]
        assert len(halves.claimed(ONE)) + len(halves.claimed(TWO)) == 40
