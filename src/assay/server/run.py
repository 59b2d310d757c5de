"""Running the server."""

from __future__ import annotations

import gc
import shlex
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from assay.errors import InvalidInput
from assay.monitoring.service import Service
from assay.runtime.settings import Settings
from assay.runtime.wiring import build_service, open_access
from assay.server.access import keys_required
from assay.server.app import create_app
from assay.server.joined_writes import JoinedWrites

__all__ = ["serve"]

_BACKLOG = 2_048
_KEEP_ALIVE_SECONDS = 75
_SHUTDOWN_SECONDS = 10
# Decoded requests are many short-lived dictionaries without cycles: the default thresholds make the
# collector look at them all the time.
_GC_THRESHOLDS = (50_000, 20, 50)


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and ends the pages' live updates when it is asked to stop."""

    def __init__(
        self, config: uvicorn.Config, *, on_start: Callable[[], None], on_exit: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._on_exit = on_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; signals that ask to stop are heeded from before this on."""
        await super().startup(sockets)
        if self.started:
            self._on_start()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to stop."""
        self._on_exit()
        super().handle_exit(sig, frame)


def serve(
    settings: Settings,
    *,
    service: Service | None = None,
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until the process is asked to stop (SIGINT, SIGTERM); then finish requests and close the stores.

    Parameters
    ----------
    settings : address, data folder, limits.
    service : the use cases; made from the settings, and closed at the end, where none is given.
    on_ready : called with the server's address once it answers.

    Raises
    ------
    InvalidInput
        Where the port cannot be had, or the server would ask for keys and there is none to begin with.
    """
    if service is None:
        _check_keys(settings)
    listener = _listen(settings)
    own = service is None
    try:
        use_cases = service if service is not None else build_service(settings, worker="process")
    except BaseException:
        listener.close()
        raise
    try:
        app = create_app(use_cases, settings)
        app.state.stopping = _Stopping()
        config = uvicorn.Config(
            app,
            http=JoinedWrites,
            # Its INFO tells of nothing but its own start and end.
            log_level="warning" if settings.log_level.upper() == "INFO" else settings.log_level.lower(),
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            proxy_headers=False,
        )
        gc.collect()
        gc.freeze()  # undone at the end: what is frozen is not freed, and DuckDB complains about that
        gc.set_threshold(*_GC_THRESHOLDS)
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{name}:{listener.getsockname()[1]}"
        server = _Server(config, on_start=lambda: on_ready(address), on_exit=app.state.stopping.set)
        server.run(sockets=[listener])
    finally:
        gc.unfreeze()
        listener.close()
        if own:
            use_cases.close()


class _Stopping:
    """Whether the server is about to stop."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Say so."""
        self._set = True

    def is_set(self) -> bool:
        """Ask."""
        return self._set


def _check_keys(settings: Settings) -> None:
    """Refuse to ask others for keys where there is none that could make the next one."""
    if not keys_required(settings):
        return
    there = bool(settings.database_url) or (settings.data_dir / "assay.db").exists()
    if there:
        with open_access(settings) as access:
            if access.keys.has_admin():
                return
    own = settings.data_dir != Settings().data_dir and not settings.database_url
    at = f" --at {shlex.quote(str(settings.data_dir))}" if own else ""
    raise InvalidInput(
        f"at {settings.host!r} the server asks for keys, and there is none yet with which to begin; "
        f"make one: assay keys create --name me --scope admin{at} (or listen on 127.0.0.1 alone)"
    )


def _listen(settings: Settings) -> socket.socket:
    """Open the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise InvalidInput(
            f"port {settings.port} of {settings.host} cannot be had ({error.strerror}); "
            "stop what uses it, or choose another one"
        ) from error
    return listener
