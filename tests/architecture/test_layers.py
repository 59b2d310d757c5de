"""The layer contracts hold, and each of them fails when it is broken on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import PACKAGE, ROOT

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# contract, the module that sins, the import it gets
PLANTED = [
    ("layers", "stats/summaries/numeric.py", "from assay.runtime import settings"),
    ("layers", "domain/model.py", "from assay.monitoring import service"),
    ("layers", "domain/answers.py", "def f() -> None:\n    from assay.figures import plots"),
    ("layers", "storage/sql/journal.py", "from assay.client import __name__ as client"),
    ("layers", "runtime/settings.py", "def f() -> None:\n    from assay.server import __name__ as n"),
    ("stores", "storage/sql/journal.py", "import assay.storage.lake"),
    ("testing", "runtime/settings.py", "import assay.testing"),
    ("mathematics", "stats/summaries/numeric.py", "import pyarrow"),
    ("vocabulary", "ports/journal.py", "import sqlalchemy"),
    ("use-cases", "monitoring/service.py", "import duckdb"),
]


def lint(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package below `root`/src."""
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo", *options],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree to sin in."""
    root = tmp_path_factory.mktemp("planted")
    shutil.copytree(PACKAGE, root / "src" / "assay", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


@pytest.mark.parametrize(("contract", "module", "statement"), PLANTED)
def test_a_planted_violation_fails(copy: Path, contract: str, module: str, statement: str) -> None:
    path = copy / "src" / "assay" / module
    before = path.read_text()
    path.write_text(f"{before}\n\n{statement}\n")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        path.write_text(before)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout
    assert f"assay.{module.removesuffix('.py').replace('/', '.')}" in result.stdout


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in PLANTED}


def test_every_package_has_its_layer() -> None:
    layers = {name for row in CONTRACTS[0]["layers"] for name in row.split(" | ")}
    packages = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert packages - {"__init__", "__main__", "testing"} == layers
