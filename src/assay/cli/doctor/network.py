"""The port of a server on this machine, and a server somewhere else."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Final

from assay.cli.doctor.check import FAILED, OK, WARNING, Check, Status
from assay.cli.doctor.clock import skew
from assay.errors import AssayError
from assay.runtime.settings import Settings

__all__ = ["port", "server"]

_PATIENCE: Final = 1.0
_FAR: Final = 5.0


def port(settings: Settings) -> Iterator[Check]:
    """Look whether the port of ``assay serve`` is free, and who has it."""
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "localhost") else settings.host  # noqa: S104 - compared
    name = f"port {settings.port}"
    try:
        with socket.create_connection((host, settings.port), timeout=_PATIENCE):
            pass
    except OSError:
        yield Check(name, *_bindable(host, settings.port))
        return
    address = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    found = _asked(address, _PATIENCE)
    if found is None:
        told = "something that is not Assay listens there"
        yield Check(name, WARNING, told, f"serve on another one: assay serve --port {settings.port + 1}")
        return
    yield Check(name, OK, f"an Assay{_of_version(found)} serves at {address}")


def _bindable(host: str, number: int) -> tuple[Status, str, str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except (OSError, OverflowError) as error:
            what = getattr(error, "strerror", None) or str(error)
            return WARNING, f"cannot be had on {host}: {what}", "choose another one with --port"
    return OK, f"free on {host}", ""


def server(address: str) -> Iterator[Check]:
    """Look at the server at an address: does it answer, how is it, what does its clock say."""
    from assay.client.transport import without_password
    from assay.runtime.opening import open as open_monitor

    found = _asked(address, _FAR)
    shown = without_password(address)[:200]
    if found is None:
        yield Check(
            "server",
            FAILED,
            f"no Assay answers at {shown}",
            "start one there: assay serve; or correct --at",
        )
        return
    yield Check("server", OK, f"an Assay{_of_version(found)} answers at {shown}")
    date = found.get("date")
    if date:
        yield skew(
            parsedate_to_datetime(date).timestamp(), whose="the server", coarse=1.0, ours=found["received"]
        )
    try:
        with open_monitor(address) as monitor:
            parts = monitor.health().parts
    except AssayError as error:
        yield Check("state", FAILED, str(error), "see the server's log")
        return
    states: dict[str, Status] = {"ok": OK, "degraded": WARNING}
    for part in parts:
        yield Check(part.name, states.get(part.status, FAILED), part.message, figures=dict(part.figures))


def _asked(address: str, patience: float) -> dict[str, Any] | None:
    """What a server tells of itself; None where nobody answers, or not as Assay does."""
    import httpx
    import msgspec

    base = address.rstrip("/")
    try:
        with httpx.Client(
            timeout=patience, trust_env="localhost" not in base and "127.0.0.1" not in base
        ) as client:
            alive = client.get(f"{base}/health")
            received = time.time()
            if msgspec.json.decode(alive.content) != {"status": "alive"}:
                return None
            described = client.get(f"{base}/openapi.json")
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError, UnicodeError, ValueError):
        return None
    version = ""
    if described.is_success:
        try:
            version = str(msgspec.json.decode(described.content)["info"]["version"])
        except (msgspec.DecodeError, KeyError, TypeError):
            version = ""
    return {"version": version, "date": alive.headers.get("Date"), "received": received}


def _of_version(found: dict[str, Any]) -> str:
    return f" {found['version'][:40]}" if found["version"] else ""
