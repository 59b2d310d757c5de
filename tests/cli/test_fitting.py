"""Tables on narrow terminals: no name is broken over lines."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.cli.test_terminal import in_terminal

import assay
from assay.cli.fitting import GAP, cut, fitted
from assay.cli.output import show
from assay.domain.rendering import Table

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("C", "Z", "M")), max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), st.integers(10, 120))
def test_a_table_fits_or_is_said_not_to(rows, room):
    widths = fitted(["name", "n"], rows, [False, True], room)
    least = max(cell_len(figure) for _, figure in [*rows, ("", "n")])
    if widths is None:
        assert room < least + GAP + 12
    else:
        assert sum(widths) + GAP <= room
        assert widths[1] == least
        assert all(cell_len(cut(name, widths[0])) <= widths[0] for name, _ in rows)


def test_words_are_cut_in_the_middle_and_wide_letters_count_twice():
    assert cut("short", 12) == "short"
    assert cut("0123456789abcdef", 13) == "012345…abcdef"
    assert cell_len(cut("予測" * 20, 13)) <= 13


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_ids_are_never_broken_over_lines(columns, tmp_path):
    ids = [str(uuid.UUID(int=number << 64)) for number in range(3)]
    with assay.open(tmp_path / "data") as monitor:
        monitor.log(model="fraud", predictions={"prediction_id": ids, "prediction": [0, 1, 0]})
    arguments = ["predictions", "fraud", "--at", tmp_path / "data"]
    code, shown = in_terminal(*arguments, environment={"COLUMNS": str(columns), "NO_COLOR": "1"})
    assert code == 0, shown
    for one in ids:
        assert one in shown or re.search(f"{one[:4]}[0-9a-f-]*…[0-9a-f-]*{one[-4:]}", shown), shown


def test_columns_without_names_have_no_empty_line(capsys):
    show(Table("fraud", ("", ""), (("rows read", "20"),)), as_json=False)
    assert capsys.readouterr().out.rstrip().splitlines() == ["fraud", "rows read  20"]
