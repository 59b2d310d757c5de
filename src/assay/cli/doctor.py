"""``assay doctor``: the state of the installation and of the stores."""

from __future__ import annotations

import importlib.util
import platform
import sys

from assay.cli.output import EXIT_FAILED, print_json, show
from assay.cli.target import open_target
from assay.domain.answers import PartHealth, ServiceHealth
from assay.errors import AssayError, NotFound

__all__ = ["examine"]

_OPTIONAL = {"polars": "polars", "pandas": "pandas", "postgres": "psycopg", "demo": "sklearn"}


def examine(at: str | None, *, as_json: bool) -> int:
    """Print the state of the installation and of the data folder or server; return the exit code."""
    parts = [_python(), _extras(), *_stores(at)]
    failed = any(part.status == "failed" for part in parts)
    health = ServiceHealth(ready=not failed, parts=tuple(parts))
    if as_json:
        print_json(health)
    else:
        show(health, as_json=False)
    return EXIT_FAILED if failed else 0


def _python() -> PartHealth:
    from assay import __version__

    return PartHealth("assay", "ok", f"{__version__} on Python {platform.python_version()}, {sys.platform}")


def _extras() -> PartHealth:
    absent = [extra for extra, module in _OPTIONAL.items() if importlib.util.find_spec(module) is None]
    message = f'not installed: pip install "assay[{",".join(absent)}]"' if absent else "all installed"
    return PartHealth("extras", "ok", message)


def _stores(at: str | None) -> list[PartHealth]:
    try:
        with open_target(at) as monitor:
            return list(monitor.health().parts)
    except NotFound as error:
        return [PartHealth("data", "ok" if at is None else "failed", str(error))]
    except AssayError as error:
        return [PartHealth("data", "failed", str(error))]
