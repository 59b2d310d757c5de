"""The source tree as the architecture tests see it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "assay"


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the product, parsed."""

    name: str  # dotted, from assay on
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        """The layer: `stats`, `domain`, ...; for storage, the adapter: `storage.sql`."""
        parts = self.name.split(".")[1:]
        return ".".join(parts[:2]) if parts[:1] == ["storage"] else ".".join(parts[:1])

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every import, wherever in the file it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def parse(path: Path, *, within: Path = PACKAGE) -> Module:
    """Read the module at `path` of the package in the folder `within`."""
    parts = path.relative_to(within.parent).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every module of the product."""
    found = [parse(path) for path in sorted(PACKAGE.rglob("*.py"))]
    assert len(found) > 50, f"only {len(found)} modules below {PACKAGE}: the tests would prove nothing"
    return found


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file that git keeps, or will keep once it is added."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]
