"""What every store of halves must do."""
# ruff: noqa: S101, D102 - a contract is made of assertions, and each test's name is its sentence

from __future__ import annotations

import pytest

from assay.ports.halves import Call, Half, Halves
from assay.testing.names import HOSTILE_NAMES

__all__ = ["HalvesContract"]


class HalvesContract:
    """Subclass it and supply a fixture: `halves`, an empty store."""

    @pytest.fixture
    def halves(self) -> Halves:
        """Supply an empty store."""
        raise NotImplementedError

    def test_an_empty_store(self, halves: Halves) -> None:
        assert halves.add([], now=1) == []
        assert halves.due(before=10, limit=10) == []
        assert halves.waiting() == (0, 0)
        assert halves.forget(settled_before=10) == 0
        halves.settle([("m", "a")], now=1)
        halves.erase("m", ["a"])

    @pytest.mark.parametrize("first", ["request", "response"])
    def test_two_halves_make_a_call_in_either_order(self, halves: Halves, first: str) -> None:
        pair = [Half("m", "a", "request", b"Q"), Half("m", "a", "response", b"A!")]
        one, other = pair if first == "request" else reversed(pair)
        [(new, call)] = halves.add([one], now=5)
        assert new
        assert (call.request, call.response) == ((b"Q", None) if first == "request" else (None, b"A!"))
        assert halves.due(before=5, limit=10) == []
        [(new, call)] = halves.add([other], now=6)
        assert new
        assert call == Call("m", "a", b"Q", b"A!", 5)
        assert halves.due(before=0, limit=10) == [call]
        assert halves.waiting() == (1, 3)

    def test_both_at_once_and_twice_in_one_batch(self, halves: Halves) -> None:
        batch = [
            Half("m", "a", "response", b"1"),
            Half("m", "a", "response", b"2"),
            Half("m", "a", "request", b"3"),
            Half("m", "b", "request", b"4"),
        ]
        stored = halves.add(batch, now=1)
        assert [new for new, _ in stored] == [True, False, True, True]
        assert stored[0][1] == stored[2][1] == Call("m", "a", b"3", b"1", 1)
        assert stored[3][1] == Call("m", "b", b"4", None, 1)
        assert halves.waiting() == (2, 3)

    def test_the_first_of_a_side_is_kept(self, halves: Halves) -> None:
        halves.add([Half("m", "a", "request", b"first")], now=1)
        [(new, call)] = halves.add([Half("m", "a", "request", b"second")], now=2)
        assert not new
        assert call == Call("m", "a", b"first", None, 1)
        assert halves.waiting() == (1, 5)

    def test_a_settled_call_stays_settled_until_it_is_forgotten(self, halves: Halves) -> None:
        halves.add([Half("m", "a", "request", b"x")], now=1)
        halves.settle([("m", "a")], now=7)
        halves.settle([("m", "a")], now=9)
        assert halves.waiting() == (0, 0)
        assert halves.due(before=100, limit=10) == []
        [(new, call)] = halves.add([Half("m", "a", "response", b"y")], now=10)
        assert not new
        assert call.settled
        assert (call.request, call.response) == (None, None)
        assert halves.forget(settled_before=7) == 0
        assert halves.forget(settled_before=8) == 1
        [(new, _)] = halves.add([Half("m", "a", "response", b"y")], now=11)
        assert new

    def test_what_waits_too_long_is_due_oldest_first(self, halves: Halves) -> None:
        for number in range(5):
            halves.add([Half("m", str(number), "request", b"x")], now=10 - number)
        assert [call.request_id for call in halves.due(before=10, limit=10)] == ["4", "3", "2", "1"]
        assert [call.request_id for call in halves.due(before=10, limit=2)] == ["4", "3"]

    def test_models_and_ids_are_any_text(self, halves: Halves) -> None:
        batch = [Half(name, name, "request", name.encode()) for name in HOSTILE_NAMES]
        stored = halves.add(batch, now=1)
        assert [(call.model_id, call.request_id) for _, call in stored] == [
            (name, name) for name in HOSTILE_NAMES
        ]
        assert halves.waiting()[0] == len(set(HOSTILE_NAMES))

    def test_the_same_id_of_two_models_is_two_calls(self, halves: Halves) -> None:
        halves.add([Half("m", "a", "request", b"1"), Half("n", "a", "response", b"2")], now=1)
        assert halves.waiting() == (2, 2)

    def test_erasing(self, halves: Halves) -> None:
        halves.add([Half("m", name, "request", b"x") for name in "abc"], now=1)
        halves.settle([("m", "c")], now=2)
        halves.erase("m", ["a", "c", "nobody"])
        assert [call.request_id for call in halves.due(before=9, limit=9)] == ["b"]
        assert halves.forget(settled_before=100) == 0
