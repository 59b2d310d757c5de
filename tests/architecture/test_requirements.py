"""The pinned requirements satisfy the package's, agree with one another, and carry hashes."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
BUILD = [
    line for line in (ROOT / "requirements" / "build.in").read_text().splitlines() if not line.startswith("#")
]

# Evidently cannot live beside what the others pin (it asks for an older pandas): it is pinned by itself.
APART = {"evidently": "peers-evidently"}

# Each file, and the extras that it is for.
FILES = {"base": [], "demo": ["demo", "docs"], "dev": sorted(EXTRAS.keys() - APART.keys())}

_PIN = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)((?: ;[^\\\n]*)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


def pins(name: str) -> dict[str, str]:
    """Versions that a requirements file pins."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {canonicalize_name(match[1]): match[2] for match in _PIN.finditer(text)}


def wanted(extras: list[str]) -> list[Requirement]:
    """What the package asks for with these extras, and what building it takes."""
    lines = [*PROJECT["dependencies"], *BUILD, *(line for extra in extras for line in EXTRAS[extra])]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_to_a_version_that_fits(name: str) -> None:
    pinned = pins(name)
    assert len(pinned) > 20
    unfit = [
        str(requirement)
        for requirement in wanted(FILES[name])
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unfit == [], f"requirements/{name}.txt is out of date; run: make lock"


@pytest.mark.parametrize("extra", APART)
def test_an_extra_of_its_own_environment_is_pinned_there(extra: str) -> None:
    pinned = pins(APART[extra])
    for requirement in map(Requirement, EXTRAS[extra]):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_a_pin_with_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    rest = [line for line in _PIN.sub("", text).splitlines() if line and not line.startswith("#")]
    assert rest == []


def test_the_pins_are_whole_and_agree() -> None:
    """They are installed without following dependencies; pip finds one that is absent or does not fit."""
    found = subprocess.run(
        [sys.executable, "-m", "pip", "check"], check=False, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


def test_one_environment_can_hold_them_all() -> None:
    everything = pins("dev")
    for name in FILES:
        assert pins(name).items() <= everything.items(), name


def test_a_pin_is_read_with_all_its_hashes(tmp_path: Path) -> None:
    line = "a-b==1.0 \\\n    --hash=sha256:" + "0" * 64 + " \\\n    --hash=sha256:" + "1" * 64
    assert [match[1] for match in _PIN.finditer(line + "\n")] == ["a-b"]
    assert not _PIN.search("a-b==1.0\n")
