"""The reference pages name everything there is, and their tables follow from the code."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from bench.__main__ import PARTS
from tests.server.conftest import running

import assay
from assay.domain.columns import LABEL_FIELDS, PREDICTION_FIELDS
from assay.domain.finding import FindingKind
from assay.domain.model import Task
from assay.domain.profile import ProfileKind
from assay.domain.time import Granularity
from assay.ports.monitor import Monitor, MonitorReader, MonitorWriter
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service
from assay.server.app import create_app
from assay.server.exposition import FIGURES
from assay.stats.drift import feature_drift
from assay.stats.metrics import METRICS
from assay.storage.sql.tables import METADATA

from .conftest import DOCS, ROOT, pages, read

REFERENCE = DOCS / "reference"
PACKAGE = ROOT / "src" / "assay"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The program that makes the tables."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.md")), ids=lambda path: path.name)
def test_tables_follow_from_the_code(script: ModuleType, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert script.renewed(text) == text, f"{path.name} is out of date; run: make reference"


def test_every_table_is_in_a_page(script: ModuleType) -> None:
    used = {
        name
        for page in REFERENCE.glob("*.md")
        for name in re.findall(r"<!-- table: (\w+) -->", page.read_text())
    }
    assert used == set(script.TABLES)


def test_tables_name_everything(script: ModuleType) -> None:
    # The tables are made by a program; here is what they must not lose.
    assert "`ASSAY_DATA_DIR`" in script.settings()
    assert "`label_horizon`" in script.model_settings()
    assert "`roc_auc`" in script.metrics()
    assert all(f"`{name}`" in script.definitions() for name in METRICS)
    assert all(f"`{name}`" in script.error_classes() for name in assay.errors.__all__)
    assert "`/api/v1/predictions`" in script.routes()
    assert all(f"`assay.{name}`" in script.python_functions() for name in assay.__all__ if name[0] != "_")
    for port in (MonitorWriter, MonitorReader, Monitor):
        methods = [name for name in vars(port) if callable(vars(port)[name]) and name[0] != "_"]
        assert methods
        assert all(f"### `monitor.{name}`" in script.python_monitor() for name in methods)
    assert all(f"### `{name}`" in script.python_answers() for name in ("MetricWindow", "ModelView"))
    assert "assay serve" in script.commands()


def test_drift_statistics_are_described() -> None:
    reference = assay.profile({"x": [1.0, 2.0], "c": ["a", "b"]})
    drifts = [feature_drift(one, one) for one in reference.features.values()]
    names = {name for drift in drifts for name in drift.statistics}
    assert names <= read(REFERENCE / "metrics.md").marked


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("metrics.md", {kind.value for kind in FindingKind}),
        ("settings.md", {task.value for task in Task}),
        ("profiles.md", {kind.value for kind in ProfileKind}),
        ("profiles.md", {width.value for width in Granularity}),
        ("profiles.md", set(METADATA.tables)),
    ],
)
def test_vocabulary_is_described(page: str, names: set[str]) -> None:
    assert names - read(REFERENCE / page).marked == set()


def test_parts_of_the_benchmark_are_described() -> None:
    assert set(PARTS) <= read(DOCS / "explanation" / "performance.md").marked


def test_codes_of_bad_items_are_described() -> None:
    found = {"duplicate"}
    for path in (PACKAGE / "monitoring").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case (
                    ast.Call(
                        func=ast.Attribute(attr="add" | "add_where"),
                        args=[_, ast.Constant(value=str(code)), *_],
                    )
                    | ast.Call(func=ast.Name(id="BadItem"), args=[ast.Constant(value=str(code)), *_])
                ):
                    found.add(code)
    assert len(found) > 5
    described = re.findall(
        r"^\| `(\w+)` \| ", read(REFERENCE / "errors.md").text.partition("## Items")[2], re.MULTILINE
    )
    assert set(described) == found


def test_figures_for_prometheus_are_those_of_a_server(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    service = build_service(settings)
    try:
        with running(create_app(service, settings)) as live:
            text = live.http.get("/metrics").text
    finally:
        service.close()
    names = re.findall(r"^assay_(\w+) ", text, re.MULTILINE)
    assert names == sorted(FIGURES)
    assert "untyped" not in text


def test_events_of_the_pages_are_described() -> None:
    found = set(re.findall(r"\bevent: (\w+)", (PACKAGE / "dashboard" / "events.py").read_text()))
    assert len(found) > 1
    assert found <= read(REFERENCE / "events.md").marked


def test_fields_of_predictions_and_labels_are_described() -> None:
    text = "\n".join(page.text for page in pages())
    missing = [name for name in {**PREDICTION_FIELDS, **LABEL_FIELDS} if f"`{name}`" not in text]
    missing = [name for name in missing if not name.endswith("_class")]  # how text classes are stored
    assert missing == []


def test_methods_of_a_monitor_are_used_in_the_pages() -> None:
    methods = {
        name for port in (MonitorWriter, MonitorReader) for name in vars(port) if not name.startswith("_")
    }
    text = "\n".join(block.code for page in pages() for block in page.blocks)
    assert {name for name in methods if f"monitor.{name}(" not in text} == set()
