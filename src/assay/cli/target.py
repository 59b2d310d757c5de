"""Which monitor a command talks to."""

from __future__ import annotations

import os
from pathlib import Path

from assay.errors import NotFound
from assay.ports.monitor import Monitor

__all__ = ["open_target"]


def open_target(where: str | None) -> Monitor:
    """Open the monitor that ``--at`` names: a folder that is there, or the address of a server.

    Raises
    ------
    NotFound
        Where there is no such folder: a command that only looks must not make one.
    """
    from assay.runtime.opening import open as open_monitor

    where = where or os.environ.get("ASSAY_DATA_DIR") or "assay-data"
    if "://" not in where and not Path(where).is_dir():
        raise NotFound(
            f"there is no data folder {where!r} here; name one, or a running server: --at http://localhost:8004"
        )
    return open_monitor(where)
