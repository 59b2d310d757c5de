"""What is shipped: the wheel and the source archive hold all of the package, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from .conftest import PACKAGE, ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built offline."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return folder


def source_files() -> set[str]:
    """Files of the package, as the wheel names them."""
    return {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_whole_package(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    package = {name for name in names if name.startswith("assay/")}
    assert package == source_files()
    assert "assay/py.typed" in package
    metadata = names - package
    assert all(".dist-info/" in name for name in metadata)
    assert any(name.endswith("licenses/LICENSE") for name in metadata)
    assert any(name.endswith("entry_points.txt") for name in metadata)


def test_both_hold_the_documentation_where_it_was_built(built: Path) -> None:
    site = PACKAGE / "server" / "site"
    if not (site / "index.html").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("run: make site")
        pytest.skip("make site was not run")
    pages = {path.relative_to(PACKAGE.parent).as_posix() for path in site.rglob("*") if path.is_file()}
    assert {"assay/server/site/built.txt", "assay/server/site/searchindex.js"} <= pages
    (wheel,) = built.glob("*.whl")
    (archive,) = built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as opened:
        assert pages <= set(opened.namelist())
    with tarfile.open(archive) as opened:
        assert {f"src/{name}" for name in pages} <= {name.partition("/")[2] for name in opened.getnames()}


def test_the_source_archive_can_make_the_wheel_and_run_the_tests(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Makefile",
        "tests/conftest.py",
    } <= names
    assert {f"src/{name}" for name in source_files()} <= names
    assert {"requirements/dev.txt", "scripts/find_python.sh", "docs/index.md", ".ci/run"} <= names
