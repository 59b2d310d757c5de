"""Python, Assay, the libraries it stands on, and the optional ones."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check

__all__ = ["installation"]

_NATIVE: Final = ("numpy", "scipy", "pyarrow", "duckdb", "deltalake", "sqlalchemy", "msgspec", "httptools")
"""Libraries with compiled parts, which a wrong wheel or processor breaks."""

_EXTRAS: Final = {
    "polars": ("polars", "frames of Polars"),
    "pandas": ("pandas", "frames of pandas"),
    "postgres": ("psycopg", "PostgreSQL"),
    "demo": ("sklearn", "assay demo"),
}
_OLDEST: Final = (3, 11)


def installation() -> Iterator[Check]:
    """Look at what is installed."""
    from assay import __version__

    running = f"{__version__} on Python {platform.python_version()}, {sys.platform} {platform.machine()}"
    old = sys.version_info < _OLDEST
    advice = "install Python 3.11 or newer" if old else ""
    yield Check("assay", FAILED if old else OK, running, advice)
    yield _libraries()
    for extra, (module, purpose) in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield Check(f"extra {extra}", OK, "not installed", f'for {purpose}: pip install "assay[{extra}]"')
        else:
            yield _imported(f"extra {extra}", module)


def _libraries() -> Check:
    broken = [
        f"{name} ({check.message})" for name in _NATIVE if (check := _imported(name, name)).status == FAILED
    ]
    if broken:
        return Check(
            "libraries",
            FAILED,
            "; ".join(broken),
            "install Assay anew, in an environment of its own: pip install --force-reinstall assay",
        )
    return Check("libraries", OK, ", ".join(f"{name} {_version(name)}" for name in _NATIVE))


def _imported(name: str, module: str) -> Check:
    """Import a library, which tells more than that its files are there."""
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - a broken library may raise anything
        what = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return Check(
            name, WARNING if name != module else FAILED, f"does not import: {what}", "install it anew"
        )
    return Check(name, OK, f"{module} {_version(module)}")


def _version(module: str) -> str:
    known = {"sklearn": "scikit-learn"}
    try:
        return metadata.version(known.get(module, module))
    except metadata.PackageNotFoundError:
        return "of an unknown version"
