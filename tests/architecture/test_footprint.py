"""What an installation brings is what README.md says, and stays small."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest

from .conftest import ROOT
from .test_requirements import pins

PACKAGES, MEGABYTES = 45, 750
"""Limits. Whoever needs more says so here, and why."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The program that counts."""
    spec = importlib.util.spec_from_file_location("footprint", ROOT / "scripts" / "footprint.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def printed() -> tuple[int, int]:
    """Packages and megabytes, as README.md has them."""
    found = re.search(r"brings (\d+) packages, (\d+) MB", (ROOT / "README.md").read_text())
    assert found
    return int(found[1]), int(found[2])


def test_packages_are_as_many_as_printed(script: ModuleType, printed: tuple[int, int]) -> None:
    packages = script.closure()
    assert "numpy" in packages
    assert "starlette" in packages, "what a requirement requires counts, too"
    assert not {"pytest", "pandas", "polars", "sphinx", "assay"} & set(packages)
    if sys.platform == "linux":  # elsewhere markers may choose others
        assert set(packages) <= set(pins("base"))
        assert len(packages) == printed[0], "run: make footprint"
    assert len(packages) <= PACKAGES


@pytest.mark.skipif(sys.platform != "linux", reason="the figure is that of Linux")
def test_size_is_about_what_is_printed(script: ModuleType, printed: tuple[int, int]) -> None:
    megabytes = sum(script.size(package) for package in script.closure()) / 1e6
    assert megabytes == pytest.approx(printed[1], rel=0.1), "run: make footprint"
    assert megabytes <= MEGABYTES


def test_the_sentence_is_renewed(script: ModuleType) -> None:
    text = "a\n<!-- footprint -->\nold\n<!-- end -->\nb"
    new = script.renewed(text, script.sentence(3, 20.4))
    assert new.splitlines()[2].startswith("It brings 3 packages, 20 MB")
    assert "old" not in new
    assert script.renewed(new, script.sentence(3, 20.4)) == new
