"""All checks in turn, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assay.cli.doctor.check import FAILED, WARNING, Check
from assay.cli.doctor.clock import clock
from assay.cli.doctor.environment import environment
from assay.cli.doctor.folder import folder
from assay.cli.doctor.installation import installation
from assay.cli.doctor.network import port, server
from assay.cli.doctor.stores import stores
from assay.cli.output import EXIT_FAILED, print_json, show_list
from assay.cli.target import place_of
from assay.errors import AssayError
from assay.runtime.settings import Settings

__all__ = ["examine"]


def examine(at: str | None, *, as_json: bool) -> int:
    """Print what was found of the installation and of the data folder or server; return the exit code."""
    checks = list(_checks(at))
    failed = any(check.status == FAILED for check in checks)
    warned = sum(check.status == WARNING for check in checks)
    if as_json:
        print_json({"ready": not failed, "warnings": warned, "checks": checks})
        return EXIT_FAILED if failed else 0
    title = "something does not work" if failed else "everything works"
    if warned:
        title += f", with {warned} warning{'s' if warned > 1 else ''}"
    show_list(title, [(check.status, check.name, check.message, check.advice) for check in checks])
    return EXIT_FAILED if failed else 0


def _checks(at: str | None) -> Iterator[Check]:
    """Every check; one that fails in an unforeseen way is a finding, not the end."""
    yield from _guarded("installation", installation)
    yield from _guarded("settings", environment)
    yield from _guarded("clock", clock)
    place = place_of(at)
    if "://" in place:
        yield from _guarded("server", lambda: server(place))
        return
    try:
        settings = Settings.load(data_dir=Path(place))
    except AssayError:
        return  # told among the settings
    yield from _guarded("data folder", lambda: folder(settings, asked=at is not None))
    if settings.data_dir.is_dir() or settings.database_url:
        yield from _guarded("stores", lambda: stores(settings))
    yield from _guarded("port", lambda: port(settings))


def _guarded(name: str, look: Callable[[], Iterator[Any]]) -> Iterator[Check]:
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001 - whatever is broken, the other checks are still wanted
        what = (str(error).strip().splitlines() or [""])[0][:200]
        yield Check(name, FAILED, f"looking failed: {type(error).__name__}: {what}", "please report this")
