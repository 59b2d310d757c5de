"""``assay.open``: a monitor for a folder or for a server's address."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import Any

from assay.errors import InvalidInput
from assay.ports.monitor import Monitor

__all__ = ["open"]


def open(  # noqa: A001 - assay.open() reads like the built-in
    where: str | PathLike[str] | None = None, **options: Any
) -> Monitor:
    """Open a monitor.

    Parameters
    ----------
    where : a folder, which is made where there is none (by default ``assay-data`` here, or the one that
        the environment names in ``ASSAY_DATA_DIR``), or the address of a server.
    options : of a folder, settings (:class:`assay.runtime.settings.Settings`); of a server, `timeout`,
        `retry`, `compress` and `api_key` (:class:`assay.client.transport.Transport`); without the last one
        the key in the environment's ``ASSAY_API_KEY`` is sent.

    Returns
    -------
    Monitor
        The same methods in both cases. Close it, or use it in a ``with``.

    Raises
    ------
    InvalidInput
        Where `where` is neither, or there is no such option.
    StorageError
        Where the folder's stores cannot be opened. A server is not asked before the first call.

    Examples
    --------
    >>> import tempfile
    >>> with open(tempfile.mkdtemp()) as monitor:
    ...     answer = monitor.log(model="fraud", predictions={"prediction": [1, 0], "amount": [9.5, 3.0]})
    >>> answer.accepted
    2
    """
    if isinstance(where, str) and "://" in where:
        if not where.startswith(("http://", "https://")):
            from assay.client.transport import without_password

            told = without_password(where)[:200]
            raise InvalidInput(f"{told!r} is neither a folder nor an http address")
        from assay.client.remote import RemoteMonitor

        options.setdefault("api_key", os.environ.get("ASSAY_API_KEY") or None)
        try:
            return RemoteMonitor(where, **options)
        except TypeError as exc:
            raise InvalidInput(f"a server takes no such option: {exc}") from exc
    if where is not None and not isinstance(where, (str, PathLike)):
        raise InvalidInput(f"assay.open() takes a folder or an address, not a {type(where).__name__}")
    from assay.runtime.embedded import EmbeddedMonitor
    from assay.runtime.settings import Settings

    folder = None if where is None else Path(where)
    return EmbeddedMonitor(Settings.load(data_dir=folder, **options))
