"""Which monitor a command talks to."""

from __future__ import annotations

import os
from pathlib import Path

from assay.errors import NotFound
from assay.ports.monitor import Monitor

__all__ = ["open_target", "place_of"]


def place_of(where: str | None) -> str:
    """Return the data folder or address that ``--at`` names, or the environment, or the default."""
    return where or os.environ.get("ASSAY_DATA_DIR") or "assay-data"


def open_target(where: str | None, *, make: bool = False) -> Monitor:
    """Open the monitor that ``--at`` names: a folder that is there, or the address of a server.

    Parameters
    ----------
    where : what ``--at`` says.
    make : make the folder where there is none; for commands that write.

    Raises
    ------
    NotFound
        Where there is no such folder: a command that only looks must not make one.
    """
    from assay.runtime.opening import open as open_monitor

    where = place_of(where)
    if not make and "://" not in where and not Path(where).is_dir():
        raise NotFound(
            f"there is no data folder {where!r} here; name one, or a running server: --at http://localhost:8004"
        )
    return open_monitor(where)
