"""The window of recent ids against a plain set."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.monitoring.id_window import IdWindow, hash_ids

batches = st.lists(st.lists(st.integers(0, 300).map(str), max_size=80), max_size=40)


@given(batches)
def test_it_admits_each_id_once_like_a_set(sent):
    window, seen = IdWindow(10_000), set()
    for ids in sent:
        expected = []
        for name in ids:
            expected.append(name not in seen)
            seen.add(name)
        assert window.admit(hash_ids("m", ids)).tolist() == expected
    assert len(window) == len(seen)


@given(batches, st.data())
def test_what_is_taken_back_was_never_there(sent, data):
    window, seen = IdWindow(10_000), set()
    for ids in sent:
        window.admit(hash_ids("m", ids))
        if data.draw(st.booleans()):
            window.take_back()
        else:
            seen.update(ids)
        probe = [str(i) for i in range(0, 300, 7)]
        known = ~window.admit(hash_ids("m", probe))
        window.take_back()
        assert known.tolist() == [name in seen for name in probe]


def test_it_grows_and_keeps_everything():
    window = IdWindow(1_000_000)
    ids = [str(i) for i in range(100_000)]
    for begin in range(0, len(ids), 977):
        assert window.admit(hash_ids("m", ids[begin : begin + 977])).all()
    assert not window.admit(hash_ids("m", ids)).any()


def test_the_oldest_generation_is_forgotten():
    window = IdWindow(100)
    for begin in range(0, 500, 50):
        window.admit(hash_ids("m", [str(i) for i in range(begin, begin + 50)]))
    assert not window.admit(hash_ids("m", [str(i) for i in range(400, 500)])).any()
    assert window.admit(hash_ids("m", ["0"])).all()
    assert len(window) <= 250


def test_models_have_ids_of_their_own():
    window = IdWindow(100)
    assert window.admit(hash_ids("a", ["x"])).all()
    assert window.admit(hash_ids("b", ["x"])).all()
    assert not window.admit(hash_ids("a", ["x"])).any()


def test_an_id_that_equals_its_models_name():
    window = IdWindow(100)
    assert window.admit(hash_ids("a", ["a"])).all()
    assert window.admit(hash_ids("b", ["b"])).all()
    assert len({int(hash_ids(name, [name])[0]) for name in map(str, range(1_000))}) == 1_000


@given(st.lists(st.text(max_size=5), min_size=20, max_size=40), st.text(max_size=5))
def test_one_by_one_or_many_at_once_hashes_alike(ids, model):
    assert hash_ids(model, ids).tolist() == [int(hash_ids(model, [name])[0]) for name in ids]


def test_hashes_that_share_a_slot_do_not_hide_one_another():
    window = IdWindow(100)
    colliding = np.arange(1, 9, dtype=np.uint64) << np.uint64(12)  # the same lowest 12 bits
    assert window.admit(colliding).all()
    assert not window.admit(colliding[::-1]).any()
    assert window.admit(np.array([np.uint64(9) << np.uint64(12)])).all()
