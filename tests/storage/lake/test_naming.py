"""Names on disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.columns import Kind
from assay.storage.lake.naming import column_name, folder_name

P, L = Kind.PREDICTIONS, Kind.LABELS


@given(st.lists(st.tuples(st.sampled_from("nsbtp"), st.text(max_size=80)), unique=True))
def test_names_on_disk_are_safe_and_unique(names: list[tuple[str, str]]) -> None:
    taken: list[str] = []
    for prefix, name in names:
        taken.append(column_name(f"{prefix}:{name}", taken))
    assert len({name.lower() for name in taken}) == len(names)
    assert all(name.replace("_", "a").isascii() and name.replace("_", "a").isalnum() for name in taken)
    assert all(len(name) < 70 for name in taken)


@given(st.text(max_size=200), st.text(max_size=200))
def test_folders_are_safe_and_unique(one: str, other: str) -> None:
    assert (folder_name(one) == folder_name(other)) == (one == other)
    assert folder_name(one).replace("_", "").replace("-", "").isalnum()
    assert len(folder_name(one)) <= 65
