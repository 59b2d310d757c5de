"""The environment's variables and the process's limits."""

from __future__ import annotations

import difflib
import os
import resource
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check, Status
from assay.domain.rendering import number
from assay.errors import AssayError
from assay.runtime.settings import PREFIX, Settings

__all__ = ["environment"]

_OTHER: Final = frozenset({"ASSAY_API_KEY"})
"""Variables that are no settings of the service."""

_FILES: Final = 1_024
_MEMORY: Final = 1 << 30


def environment(environ: Mapping[str, str] | None = None) -> Iterator[Check]:
    """Look at the variables that begin with ``ASSAY_``, and at what the system allows this process."""
    given = os.environ if environ is None else environ
    known = {PREFIX + item.name.upper() for item in fields(Settings)} | _OTHER
    ours = sorted(name for name in given if name.startswith(PREFIX))
    unknown = [name for name in ours if name not in known]
    if unknown:
        yield Check("settings", WARNING, f"{_named(unknown)}: no such setting", _meant(unknown, known))
    else:
        yield Check("settings", *_load(given, ours))
    yield _open_files()
    yield _memory()


def _named(names: list[str]) -> str:
    listed = ", ".join(_shown(name) for name in names[:5])
    return listed if len(names) <= 5 else f"{listed} and {len(names) - 5} more"


def _shown(name: str) -> str:
    return name[:60]


def _meant(unknown: list[str], known: set[str]) -> str:
    for name in unknown:
        close = difflib.get_close_matches(name, sorted(known), n=1)
        if close:
            return f"did you mean {close[0]}?"
    return "remove them; docs/reference/settings.md lists the settings"


def _load(environ: Mapping[str, str], ours: list[str]) -> tuple[Status, str, str]:
    try:
        Settings.load(environ)
    except AssayError as error:
        return FAILED, str(error), "correct it, or unset it for the default"
    return OK, f"from the environment: {', '.join(ours)}" if ours else "all as by default", ""


def _open_files() -> Check:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _FILES:
        advice = f"a server with many clients needs more: ulimit -n {4 * _FILES}"
        return Check("open files", WARNING, f"at most {soft}", advice, {"limit": float(soft)})
    limit = "without limit" if soft == resource.RLIM_INFINITY else f"at most {number(soft)}"
    return Check("open files", OK, limit, figures={"limit": float(soft)})


def _memory() -> Check:
    """The memory that this machine, container or process may use."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(file).read_text()))
        except (OSError, ValueError):
            continue
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft, _ = resource.getrlimit(kind)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft)
    least = min(limits)
    figures = {"bytes": float(least)}
    if least < _MEMORY:
        advice = "a server wants 1 GB; see explanation/performance.md for what can be turned down"
        return Check("memory", WARNING, f"{least >> 20} MiB may be used", advice, figures)
    return Check("memory", OK, f"{least / (1 << 30):.1f} GiB may be used", figures=figures)
