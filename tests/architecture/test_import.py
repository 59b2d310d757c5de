"""`import assay` is light, and the public names are what they say."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib

import pytest

import assay

from .conftest import ROOT, Module

HEAVY = {
    "alembic",
    "deltalake",
    "duckdb",
    "fastapi",
    "httpx",
    "jinja2",
    "narwhals",
    "numpy",
    "pandas",
    "plotly",
    "polars",
    "psycopg",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "typer",
    "uvicorn",
}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after `statement`."""
    program = (
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{n.split('.')[0] for n in sys.modules}})))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    return set(json.loads(output))


def test_import_assay_loads_nothing_heavy() -> None:
    assert loaded_by("import assay") & HEAVY == set()


def test_the_statistics_load_numpy_and_scipy_only() -> None:
    assert loaded_by("import assay.stats.metrics, assay.stats.drift") & HEAVY <= {"numpy", "scipy"}


def test_the_use_cases_load_no_engine_and_no_face() -> None:
    engines = {"alembic", "deltalake", "duckdb", "fastapi", "httpx", "jinja2", "plotly", "polars"}
    faces = {"psycopg", "rich", "sklearn", "sqlalchemy", "typer", "uvicorn"}
    assert loaded_by("import assay.monitoring.service") & (engines | faces) == set()


def test_public_names_are_sorted_and_all_load() -> None:
    assert assay.__all__ == sorted(assay.__all__)
    assert set(assay.__all__) == {*assay._HOMES, "__version__"}
    for name, home in assay._HOMES.items():
        assert getattr(assay, name) is getattr(importlib.import_module(home), name)
        assert name in dir(assay)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        assay.nonsense  # noqa: B018 - the look-up is the point


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert assay.__version__ == project["version"]


def test_every_listed_name_exists(modules: list[Module]) -> None:
    wrong = []
    for module in modules:
        if ".migrations" in module.name or module.package == "testing":
            continue  # migrations run only inside Alembic; the test kit needs the test libraries
        loaded = importlib.import_module(module.name)
        listed = getattr(loaded, "__all__", [])
        wrong += [f"{module.name}.{name}" for name in listed if name not in dir(loaded)]
        if len(set(listed)) != len(listed):
            wrong.append(f"{module.name}.__all__ names something twice")
    assert wrong == []
