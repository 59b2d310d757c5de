"""How summaries are compared in tests: counts exactly, floats to rounding."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st


def assert_same(a: Any, b: Any, where: str = "", rel: float = 1e-9, floor: float = 1e-7) -> None:
    """Walk through two summaries side by side."""
    assert type(a) is type(b), f"{where}: {type(a)} and {type(b)}"
    if dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            name = f"{where}.{field.name}"
            assert_same(getattr(a, field.name), getattr(b, field.name), name, rel, floor)
    elif isinstance(a, np.ndarray):
        assert a.shape == b.shape, where
        assert a.dtype == b.dtype, where
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=rel, atol=floor, err_msg=where)
        else:
            np.testing.assert_array_equal(a, b, err_msg=where)
    elif isinstance(a, float):
        np.testing.assert_allclose(a, b, rtol=rel, atol=floor, err_msg=where)
    elif isinstance(a, Mapping):
        assert set(a) == set(b), where
        for key in a:
            assert_same(a[key], b[key], f"{where}[{key!r}]", rel, floor)
    else:
        assert a == b, where


def parts_of(rows: Sequence[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """Cut rows into parts, some of them empty, and put the parts into any order."""
    cuts = st.lists(st.integers(0, len(rows)), max_size=4).map(sorted)

    def cut(places: list[int]) -> list[list[Any]]:
        ends = [0, *places, len(rows)]
        return [list(rows[a:b]) for a, b in itertools.pairwise(ends)]

    return cuts.map(cut).flatmap(st.permutations)


def fold(data: st.DataObject, parts: list[Any]) -> Any:
    """Merge neighbours in an order that Hypothesis chooses: any tree over the parts."""
    while len(parts) > 1:
        i = data.draw(st.integers(0, len(parts) - 2))
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts[0]
