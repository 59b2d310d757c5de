"""``assay keys`` and ``assay audit``: over a data folder, whether a server runs there or not, or HTTP."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

__all__ = ["audit", "keys"]

_At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="WHERE",
        help="A data folder, or a server's address (with a key in ASSAY_API_KEY). [default: ./assay-data]",
    ),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_PATH = "/api/v1/keys"

keys = typer.Typer(
    name="keys",
    help="Make, list and revoke keys.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@keys.command("create")
def create(
    name: Annotated[str, typer.Option(help="Name of the key, for people.")],
    scope: Annotated[list[str], typer.Option(help="ingest, read or admin; may be given several times.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Bind it to this model; may be given several times.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When it stops to work, such as 90d.")] = None,
    rate: Annotated[float | None, typer.Option(help="Most requests a second.")] = None,
    at: _At = None,
    as_json: _AsJson = False,
) -> None:
    """Make a key, and print its secret: once, on standard output, alone."""
    from assay.cli.output import print_json
    from assay.domain.access import NewKey

    models = list(model) if model else None
    if _is_address(at):
        from assay.client.answers import read

        request = {"name": name, "scopes": scope, "models": models, "expires": expires, "rate": rate}
        with _transport(at) as transport:
            made = read(transport.post(_PATH, request), NewKey)
    else:
        with _folder(at, make=True) as access:
            made = access.keys.create(name, scopes=scope, models=models, expires=expires, rate=rate)
    if as_json:
        print_json(made)
        return
    print(made.secret)
    print(
        f"This is key {made.key.key_id}. It is shown this once; keep it in a secret store. Send it as "
        "Authorization: Bearer <key>, or put it into ASSAY_API_KEY.",
        file=sys.stderr,
    )


@keys.command("list")
def list_keys(at: _At = None, as_json: _AsJson = False) -> None:
    """List all keys, without their secrets."""
    from assay.cli.output import show
    from assay.domain.access import KeyList

    if _is_address(at):
        from assay.client.answers import read

        with _transport(at) as transport:
            show(read(transport.get(_PATH), KeyList), as_json=as_json)
        return
    with _folder(at) as access:
        show(access.keys.listed(), as_json=as_json)


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key: twelve hexadecimal digits.")],
    at: _At = None,
) -> None:
    """Revoke a key; a running server refuses it within seconds."""
    if _is_address(at):
        with _transport(at) as transport:
            transport.request("DELETE", f"{_PATH}/{quote(key_id, safe='')}")
    else:
        with _folder(at) as access:
            access.keys.revoke(key_id)
    print(f"revoked {key_id}")


def audit(
    at: _At = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    before: Annotated[int | None, typer.Option(help="Only entries with numbers below this one.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Show who changed what, the newest first."""
    from assay.cli.output import show
    from assay.domain.audit import AuditPage

    if _is_address(at):
        from assay.client.answers import read

        with _transport(at) as transport:
            found = transport.get("/api/v1/audit", limit=limit, before=before)
        show(read(found, AuditPage), as_json=as_json)
        return
    with _folder(at) as access:
        show(access.changes(before=before, limit=limit), as_json=as_json)


def _is_address(at: str | None) -> bool:
    from assay.cli.target import place_of

    return "://" in place_of(at)


def _transport(at: str | None) -> Any:
    """Return a connection to the server that ``--at`` names."""
    from assay.cli.target import place_of
    from assay.client.transport import Transport

    return Transport(place_of(at), api_key=os.environ.get("ASSAY_API_KEY"))


@contextmanager
def _folder(at: str | None, *, make: bool = False) -> Iterator[Any]:
    """Open the keys of the data folder that ``--at`` names, on behalf of the command line."""
    from assay.cli.target import place_of
    from assay.domain.access import COMMAND_LINE
    from assay.errors import NotFound
    from assay.monitoring.access.caller import calling
    from assay.runtime.settings import Settings
    from assay.runtime.wiring import open_access

    settings = Settings.load(data_dir=Path(place_of(at)))
    if not make and not settings.database_url and not settings.data_dir.is_dir():
        raise NotFound(
            f"there is no data folder {str(settings.data_dir)!r} here; name one, or a running server: "
            "--at http://localhost:8004"
        )
    with open_access(settings) as access, calling(COMMAND_LINE):
        yield access
