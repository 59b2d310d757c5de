"""Every setting of the service, in one table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from assay.errors import InvalidInput

__all__ = ["PREFIX", "Settings"]

PREFIX = "ASSAY_"
_DEFAULT_DIR = Path("assay-data")
_LAST_PORT = 65_535
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_KINDS = {int: "whole number", float: "number"}
_TRUTHS = {"1": True, "true": True, "yes": True, "on": True, "": False} | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


def _setting(default: Any, text: str, *, secret: bool = False) -> Any:
    """Declare a setting with its default and its description; a secret one is not printed."""
    return field(default=default, metadata={"help": text}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings; each can be given as an argument, or as ``ASSAY_<NAME>`` in the environment."""

    data_dir: Path = _setting(_DEFAULT_DIR, "Folder of the embedded stores.")  # noqa: RUF009 - a frozen path
    database_url: str = _setting(
        "", "SQLAlchemy URL of journal and registry; empty: SQLite in the data folder.", secret=True
    )
    host: str = _setting("127.0.0.1", "Address to listen on; any but a loopback address needs keys.")
    port: int = _setting(8004, "Port to listen on.")
    max_body_bytes: int = _setting(64 << 20, "Largest request body on the wire, in bytes.")
    max_decoded_bytes: int = _setting(128 << 20, "Largest request body after decompression, in bytes.")
    max_inflight_bytes: int = _setting(512 << 20, "Bodies being handled at once; more are answered 503.")
    max_items: int = _setting(500_000, "Most predictions or labels in one request.")
    max_columns: int = _setting(10_000, "Most features, tags and probabilities in one request.")
    dedup_window: int = _setting(1_000_000, "Prediction ids remembered, at least, to recognise duplicates.")
    import_wait_seconds: float = _setting(
        900.0, "Longest time that an imported request waits for its response."
    )
    idempotency_hours: int = _setting(24, "Hours for which an Idempotency-Key is remembered.")
    round_bytes: int = _setting(8 << 20, "Most journal bytes that one round of the profiler takes.")
    round_seconds: float = _setting(0.25, "Pause between rounds of the profiler while data arrives.")
    lake_rows: int = _setting(250_000, "Rows of a model in the journal that are moved to the lake at once.")
    lake_seconds: float = _setting(30.0, "Longest stay of a row in the journal before it goes to the lake.")
    maintain_seconds: float = _setting(600.0, "Pause between compactions of the lake.")
    profile_cache_bytes: int = _setting(64 << 20, "Memory for decoded profiles that are being added to.")
    min_free_bytes: int = _setting(64 << 20, "Free disk space under which nothing more is accepted.")
    require_keys: bool = _setting(False, "Ask for a key on a loopback address too.")
    allowed_hosts: str = _setting(
        "", "Names that the server is reached by from elsewhere, with commas between; makes it ask for keys."
    )
    trusted_proxies: str = _setting(
        "127.0.0.1,::1", "Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    key_rate: float = _setting(0.0, "Requests a second of a key without a rate of its own; 0: no limit.")
    session_hours: int = _setting(12, "Hours after which one signs in to the pages again.")
    false_alarms_per_month: float = _setting(
        1.0, "False alarms of drift that a model may raise in a month, half by days and half by hours."
    )
    label_growth: float = _setting(
        0.05, "Share of a closed window's predictions whose truth has come since, for it to be judged again."
    )
    drift_seconds: float = _setting(60.0, "Pause between looks for closed windows to judge for drift.")
    audit_days: int = _setting(365, "Days for which the record of changes is kept.")
    log_level: str = _setting("INFO", "DEBUG, INFO, WARNING or ERROR.")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read settings from arguments, then from the environment, then from the defaults.

        Raises
        ------
        InvalidInput
            Where a value does not fit, or an argument names no setting.
        """
        environ = os.environ if environ is None else environ
        known = {item.name: item for item in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in environ.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name in known:
                values[name] = _parse(variable, text, known[name].default)
        for name, value in given.items():
            if name not in known:
                raise InvalidInput(f"there is no setting {name!r}; the settings are {', '.join(known)}")
            if value is not None:
                values[name] = value
        if str(values.get("log_level", "INFO")).upper() not in _LEVELS:
            raise InvalidInput(f"the log level is {values['log_level']!r}; it is one of {', '.join(_LEVELS)}")
        if not 0 <= values.get("port", 0) <= _LAST_PORT:
            raise InvalidInput(f"the port is {values['port']}; it is 1 to {_LAST_PORT}, or 0 for a free one")
        if "data_dir" in values:
            values["data_dir"] = Path(values["data_dir"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; the database's URL may hold a password."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"data_dir": str(self.data_dir)}

    @staticmethod
    def plain(values: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments for a Settings like the one that :meth:`to_dict` described."""
        return {**values, "data_dir": Path(values["data_dir"])}

    @property
    def sql_url(self) -> str:
        """Where journal and registry are."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'assay.db').absolute()}"

    @property
    def lake_dir(self) -> Path:
        """Where the lake is."""
        return self.data_dir / "lake"


def _parse(variable: str, text: str, default: Any) -> Any:
    """Read `text` as the type of the setting's default."""
    try:
        if isinstance(default, Path):
            return Path(text)
        if isinstance(default, bool):
            return _TRUTHS[text.strip().lower()]
        return type(default)(text)
    except KeyError:
        raise InvalidInput(f"{variable}={text!r} is neither true nor false") from None
    except ValueError:
        raise InvalidInput(f"{variable}={text!r} is not a {_KINDS[type(default)]}") from None
