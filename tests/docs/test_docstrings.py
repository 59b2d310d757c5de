"""Docstrings become Markdown whole: nothing of them is lost or read as a mark."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .conftest import ROOT
from .test_site import load


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The program that turns docstrings into Markdown."""
    return load(Path(ROOT / "scripts" / "docstrings.py"))


def example(first: str, *rest: int, key: dict[str, int] | None = None, **options: Any) -> list[str]:
    """Do something with :func:`~assay.open` and ``a|b`` <tag> [1]_.

    Parameters
    ----------
    first : the first
        of them.
    key, options : others | more.

    Returns
    -------
    list
        What it gives.

    Raises
    ------
    ValueError
        Where it does not.

    References
    ----------
    .. [1] Somebody, "Something".

    Examples
    --------
    >>> 1 + 1
    2
    """
    return [first, *map(str, rest), *(key or {}), *options]


def test_a_docstring_becomes_markdown(script: ModuleType) -> None:
    text = script.describe(example, "assay.example", level=3)
    assert (
        text
        == """\
### `assay.example`

    example(first: str, *rest: int, key: dict[str, int] | None = None, **options: Any) -> list[str]

Do something with `assay.open` and `a|b` \\<tag>.

**Parameters**

| name | meaning |
| --- | --- |
| `first` | the first of them. |
| `key`, `options` | others \\| more. |

**Returns**

- `list`: What it gives.

**Raises**

- `ValueError`: Where it does not.

**Examples**

    >>> 1 + 1
    2
"""
    )


def test_long_calls_have_a_line_for_each_parameter(script: ModuleType) -> None:
    def call(self: Any, a: int, *, b: str = "x" * 90) -> None: ...

    assert script.signature(call, "call").splitlines()[1:4] == [
        "    a: int,",
        "    *,",
        f"    b: str = '{'x' * 90}',",
    ]


def test_a_summary_is_the_first_paragraph(script: ModuleType) -> None:
    assert script.summary(example).startswith("Do something with `assay.open`")
    assert script.table(example, "Parameters")[2] == "| `first` | the first of them. |"
    assert script.table(example, "Attributes") == []
