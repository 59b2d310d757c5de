"""Write the tables of docs/reference that follow from the code; ``--check`` only says whether they do.

A page holds a table between ``<!-- table: NAME -->`` and ``<!-- end -->``; what stands around it is
written by hand.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import typer.main

import assay
from assay import errors
from assay.cli.main import app
from assay.domain import answers
from assay.domain.access import Scope
from assay.domain.drift_history import DriftHistory, DriftMoment
from assay.domain.feature_view import FeatureSide, FeatureView
from assay.domain.imported import ImportAnswer
from assay.domain.model import Model, ModelSettings
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries
from assay.domain.window_drift import WindowDrift
from assay.ports.monitor import Monitor, MonitorReader, MonitorWriter
from assay.runtime.settings import PREFIX, Settings
from assay.server.app import create_app
from assay.server.errors import problem_of
from assay.server.exposition import FIGURES, MODEL_FIGURES
from assay.server.scopes import SCOPES
from assay.stats.drift import DriftStatistic, FeatureDrift
from assay.stats.drift import definitions as drift
from assay.stats.drift.registry import STATISTICS
from assay.stats.metrics import METRICS, Estimate
from assay.stats.metrics.definitions import DEFINITIONS, NOTATION, Definition

sys.path.insert(0, str(Path(__file__).parent))
import docstrings

FOLDER = Path(__file__).parents[1] / "docs" / "reference"

_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_ATTRIBUTE = re.compile(r"^(\w+) : (.+?)(?=^\w+ : |\Z)", re.DOTALL | re.MULTILINE)


def rows(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *body]
    return "".join("| " + " | ".join(_cell(text) for text in line) + " |\n" for line in lines)


def settings() -> str:
    """Return every setting of the service."""
    return rows(
        ["setting", "environment", "default", "meaning"],
        (
            [
                f"`{item.name}`",
                f"`{PREFIX}{item.name.upper()}`",
                _default(item.default),
                item.metadata["help"],
            ]
            for item in fields(Settings)
        ),
    )


def model_settings() -> str:
    """Return every setting of a model."""
    described = dict(_ATTRIBUTE.findall(inspect.cleandoc(ModelSettings.__doc__ or "")))
    return rows(
        ["setting", "default", "meaning"],
        ([f"`{item.name}`", _default(item.default), described[item.name]] for item in fields(ModelSettings)),
    )


def metrics() -> str:
    """Return every metric."""
    return rows(
        ["metric", "better", "tasks", "meaning"],
        (
            [
                f"`{info.name}`",
                "higher" if info.higher_is_better else "lower",
                "all" if len(info.tasks) == 4 else ", ".join(info.tasks),
                info.description,
            ]
            for info in METRICS.values()
        ),
    )


def definitions() -> str:
    """Return every metric's definition, once for metrics that share it."""
    groups: dict[Definition, list[str]] = {}
    for name, one in DEFINITIONS.items():
        groups.setdefault(one, []).append(name)
    return "\n".join([f"{NOTATION}\n", *(_definition(names, one) for one, names in groups.items())])


def drift_statistics() -> str:
    """Return every statistic of drift."""
    return rows(
        ["statistic", "features", "range", "p-value", "what it is"],
        (
            [
                f"`{info.name}`",
                "all" if len(info.kinds) > 1 else info.kinds[0],
                _ends(info.least, info.most),
                "yes" if info.tested else "no",
                info.description,
            ]
            for info in STATISTICS.values()
        ),
    )


def drift_definitions() -> str:
    """Return the definition of every statistic of drift."""
    return "\n".join([f"{drift.NOTATION}\n", *map(_drift_definition, drift.DEFINITIONS)])


def error_classes() -> str:
    """Return every error, with the HTTP status that it is answered with."""
    kinds = [getattr(errors, name) for name in errors.__all__]
    return rows(
        ["error", "is a", "HTTP", "meaning"],
        (
            [
                f"`{kind.__name__}`",
                ", ".join(f"`{base.__name__}`" for base in kind.__bases__),
                str(problem_of(kind("")).status) if kind is not errors.AssayError else "",
                (kind.__doc__ or "").strip(),
            ]
            for kind in kinds
        ),
    )


def commands() -> str:
    """Return every command with its arguments and options."""
    return "\n".join(_commands(typer.main.get_command(app), ["assay"]))


def routes() -> str:
    """Return every route."""
    return rows(
        ["method", "path", "what it does", "scope"],
        (
            [f"`{method}`", f"`{path}`", operation["summary"], _scope(SCOPES[method, path])]
            for method, path, operation in _operations()
        ),
    )


def other_routes() -> str:
    """Return what a browser asks for: routes that are no part of the API's description."""
    described = {(method, path) for method, path, _ in _operations()}
    return rows(
        ["method", "path", "scope"],
        (
            [f"`{method}`", f"`{path}`", _scope(scope)]
            for (method, path), scope in sorted(SCOPES.items(), key=lambda item: item[0][1])
            if (method, path) not in described
        ),
    )


def figures() -> str:
    """Return every figure of `/metrics`."""
    return rows(
        ["figure", "type", "meaning"],
        ([f"`assay_{name}`", figure.kind, figure.meaning] for name, figure in sorted(FIGURES.items())),
    )


def model_figures() -> str:
    """Return every figure of `/metrics` that each model has."""
    return rows(
        ["figure", "type", "meaning"],
        ([f"`{name}`", figure.kind, figure.meaning] for name, figure in sorted(MODEL_FIGURES.items())),
    )


def parameters() -> str:
    """Return every parameter of a path, a query or a header."""
    found = {
        (one["name"], one["in"], one.get("description", ""))
        for _, _, operation in _operations()
        for one in operation.get("parameters", [])
    }
    return rows(
        ["parameter", "in", "meaning"],
        ([f"`{name}`", where, text] for name, where, text in sorted(found)),
    )


def python_functions() -> str:
    """Return the public functions and classes of the package."""
    things = [(name, getattr(assay, name)) for name in assay.__all__ if not name.startswith("__")]
    return "\n".join(
        docstrings.describe(thing, f"assay.{name}", level=3) + _methods(thing) for name, thing in things
    )


def python_monitor() -> str:
    """Return the methods of a monitor."""
    ports = (MonitorWriter, MonitorReader, Monitor)
    methods = [
        (name, method) for port in ports for name, method in vars(port).items() if not name.startswith("_")
    ]
    return "\n".join(
        docstrings.describe(method, f"monitor.{name}", level=3)
        for name, method in methods
        if callable(method)
    )


def python_answers() -> str:
    """Return what the methods of a monitor return, and what that consists of."""
    kinds = [getattr(answers, name) for name in answers.__all__]
    kinds += [DriftSeries, DriftStatistic, Estimate, FeatureDrift, FeatureSide, FeatureView, ImportAnswer]
    kinds += [MetricSeries, Model, PredictionPage]
    kinds += [DriftHistory, DriftMoment, WindowDrift]
    return "\n".join(
        "\n".join([f"### `{kind.__name__}`\n", f"{docstrings.summary(kind)}\n", *_attributes(kind), ""])
        for kind in sorted(kinds, key=lambda kind: str(kind.__name__))
    )


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "model_settings": model_settings,
    "metrics": metrics,
    "definitions": definitions,
    "drift_statistics": drift_statistics,
    "drift_definitions": drift_definitions,
    "errors": error_classes,
    "commands": commands,
    "routes": routes,
    "other_routes": other_routes,
    "figures": figures,
    "model_figures": model_figures,
    "python_functions": python_functions,
    "python_monitor": python_monitor,
    "python_answers": python_answers,
    "parameters": parameters,
}


def renewed(text: str) -> str:
    """Return a page with its tables made anew."""
    return _TABLE.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}{match[3]}", text)


def main() -> int:
    """Renew all pages, or say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail where a page is out of date"
    )
    check = parser.parse_args().check
    stale = []
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (new := renewed(text)) != text:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'out of date' if check else 'renewed'}: {', '.join(stale)}")
    return 1 if check and stale else 0


def _definition(names: list[str], one: Definition) -> str:
    """Describe what the metrics `names` have in common."""
    listed = [
        ["range", _ends(one.least, one.most)],
        ["`n`", one.rows],
        ["95% interval", one.interval or "none"],
        ["`bound`", one.bound or "0.0: exact"],
        ["None where", one.undefined],
        ["note", one.note],
        ["source", one.source],
        ["also", ", ".join(f"`{name}`" for name in names[1:])],
    ]
    body = rows(["formula", f"`{one.formula}`"], (line for line in listed if line[1]))
    return f"### `{names[0]}`\n\n{body}"


def _drift_definition(name: str) -> str:
    """Describe one statistic of drift."""
    one, info = drift.DEFINITIONS[name], STATISTICS[name]
    listed = [
        ["unit", info.unit],
        ["`bound`", one.bound or "0.0: exact"],
        ["`p_value`", one.p_value or "None"],
        ["ties", one.ties],
        ["zeros", one.zeros],
        ["few rows", one.few],
        ["note", one.note],
        ["source", one.source],
    ]
    body = rows(["formula", f"`{one.formula}`"], (line for line in listed if line[1]))
    return f"### `{name}`\n\n{body}"


def _ends(least: float | None, most: float | None) -> str:
    """Write the ends of a range."""
    return f"{'−∞' if least is None else f'{least:g}'} to {'∞' if most is None else f'{most:g}'}"


def _attributes(kind: Any) -> list[str]:
    """Return the attributes of a record: as its docstring describes them, else by name and type."""
    described = docstrings.table(kind, "Attributes")
    if not is_dataclass(kind):
        return described or _methods(kind).splitlines()
    plain = rows(["name", "type"], ([f"`{item.name}`", f"`{item.type}`"] for item in fields(kind)))
    return described or plain.splitlines()


def _methods(thing: Any) -> str:
    """Return the public methods and properties of a class, each with its first sentence."""
    if not inspect.isclass(thing):
        return ""
    listed: dict[str, list[str]] = {}
    for kind in reversed(thing.__mro__[:-1]):
        for name, member in vars(kind).items():
            if name.startswith("_") or not inspect.getdoc(member):
                continue
            if isinstance(member, property):
                listed[name] = [f"`{name}`", docstrings.summary(member)]
            elif isinstance(member, (classmethod, staticmethod)) or inspect.isfunction(member):
                call = " ".join(docstrings.signature(getattr(thing, name), name).split())
                call = call.replace("( ", "(").replace(", )", ")")
                listed[name] = [f"`{call}`", docstrings.summary(member)]
    return "\n" + rows(["method or property", "what it gives"], listed.values()) if listed else ""


def _scope(scope: Scope | None) -> str:
    """Name the scope that a route needs."""
    return "none" if scope is None else f"`{scope.value}`"


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the API."""

    class NoService:
        """Describing the API asks nothing of the use cases."""

        access = None

    described = create_app(NoService(), Settings()).openapi()  # type: ignore[arg-type] # see NoService
    return [
        (method.upper(), path, operation)
        for path, item in sorted(described["paths"].items())
        for method, operation in item.items()
    ]


def _commands(command: Any, path: list[str]) -> Iterable[str]:
    """Describe a command and those below it."""
    below = getattr(command, "commands", None)
    if below:
        for name in below:
            yield from _commands(below[name], [*path, name])
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    words = [*path, *(str(p.metavar or p.name.upper()) for p in arguments)]
    yield f"### `{' '.join(words)}`\n\n{inspect.cleandoc(command.help or '')}\n"
    listed = [[f"`{p.metavar or p.name.upper()}`", p.help or ""] for p in arguments]
    listed += [["`" + "`, `".join(p.opts) + "`", p.help or ""] for p in options]
    if listed:
        yield rows(["argument or option", "meaning"], listed)


def _default(value: Any) -> str:
    """Write a default so that people can read it."""
    if value in ("", None, ()):
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 << 20 and value % (1 << 20) == 0:
        return f"{value} ({value >> 20} MiB)"
    if isinstance(value, int) and value >= 3_600_000_000:
        hours = value // 3_600_000_000
        return f"{value} ({hours // 24} days)" if hours % 24 == 0 else f"{value} ({hours} hours)"
    return f"`{value}`"


def _cell(text: str) -> str:
    """Return a text that keeps to its cell."""
    return " ".join(str(text).split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
