"""The tables, as SQLAlchemy metadata; the migrations build the same ones, which a test proves.

Names (of models, versions, tags) may be 10 kB long, which no PostgreSQL index takes. So rows are found
by digests of their names, sixteen bytes wide, and the names themselves stand beside them unindexed:
:func:`digest` makes them. Times are microseconds since the epoch.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    insert,
    text,
)

__all__ = [
    "METADATA",
    "access_keys",
    "access_sessions",
    "analyses",
    "audit_entries",
    "digest",
    "dirty_buckets",
    "findings",
    "idempotency_keys",
    "import_halves",
    "journal_batches",
    "journal_head",
    "journal_streams",
    "models",
    "orphan_labels",
    "profile_position",
    "profile_references",
    "profile_series",
    "profiles",
    "rebuilds",
    "waiting_labels",
]


def digest(*parts: str) -> bytes:
    """Sixteen bytes that stand for `parts`; two different lists of parts have different ones.

    The length of each part goes into the hash, so ``("ab", "c")`` and ``("a", "bc")`` differ.

    >>> len(digest("model", "version"))
    16
    """
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hashed.update(len(data).to_bytes(4, "big"))
        hashed.update(data)
    return hashed.digest()


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# Byte order, the same in both databases and in Python.
_Name = Text().with_variant(Text(collation="C"), "postgresql")
# An INTEGER primary key is SQLite's row id.
_Id = BigInteger().with_variant(Integer(), "sqlite")


def _key(name: str = "key") -> Column[Any]:
    return Column(name, LargeBinary, primary_key=True, nullable=False)


def _number(name: str, **options: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, **options)


def _text(name: str) -> Column[Any]:
    return Column(name, _Name, nullable=False)


def _bytes(name: str, **options: Any) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False, **options)


# -- journal -------------------------------------------------------------------------------------------

journal_head = Table(
    "journal_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _number("position"),
)
"""One row: the newest position ever given. Whoever appends holds its lock until the commit."""

journal_streams = Table(
    "journal_streams",
    METADATA,
    Column("id", _Id, primary_key=True),
    _bytes("key", unique=True),
    _text("model_id"),
    _text("kind"),
)
"""A number for each (model, kind) that was ever appended."""

journal_batches = Table(
    "journal_batches",
    METADATA,
    Column("position", _Id, primary_key=True, autoincrement=False),
    Column("stream_id", BigInteger, ForeignKey("journal_streams.id"), nullable=False),
    _number("rows"),
    _number("appended_at"),
    _bytes("payload"),
    Index(None, "stream_id", "position", "rows"),
)

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    _key(),
    _bytes("body_hash"),
    _bytes("response"),
    Column("position", BigInteger),
    _number("created_at", index=True),
)

import_halves = Table(
    "import_halves",
    METADATA,
    _key(),
    _text("model_id"),
    _text("request_id"),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
    _number("size"),
    _number("arrived_at"),
    Column("settled_at", BigInteger),
    Column("claim", LargeBinary),
    Index(None, "settled_at", "arrived_at", "size"),
    Index(
        None,
        "claim",
        sqlite_where=text("claim IS NOT NULL"),
        postgresql_where=text("claim IS NOT NULL"),
    ),
)
"""Calls of models by (model, request id); their halves are gone once they are settled."""

# -- profiles ------------------------------------------------------------------------------------------

profile_position = Table(
    "profile_position",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _number("position"),
)
"""One row: the journal position that the profiles have come to."""

profile_series = Table(
    "profile_series",
    METADATA,
    Column("id", _Id, primary_key=True),
    _bytes("key", unique=True),
    _bytes("group_key", index=True),
    _bytes("model_key"),
    _text("model_id"),
    _text("version"),
    _text("kind"),
    _text("granularity"),
    _text("slice_key"),
    _text("slice_value"),
    _text("reference_id"),
    Index(None, "model_key", "kind", "granularity"),
)
"""A number for everything in a profile's name but its start.

`group_key` stands for what a scan fixes: all but version and slice value.
"""

profiles = Table(
    "profiles",
    METADATA,
    Column("series_id", BigInteger, ForeignKey("profile_series.id"), primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    _bytes("payload"),
)

waiting_labels = Table(
    "waiting_labels",
    METADATA,
    _key(),
    _bytes("model_key"),
    _text("model_id"),
    _text("prediction_id"),
    _number("observed_at"),
    _number("received_at"),
    _bytes("label"),
    Index(None, "model_key", "received_at"),
)

dirty_buckets = Table(
    "dirty_buckets",
    METADATA,
    Column("model_key", LargeBinary, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    _text("model_id"),
)

rebuilds = Table(
    "rebuilds",
    METADATA,
    _key(),
    _bytes("model_key", index=True),
    _text("model_id"),
    _text("reference_id"),
    _number("upto"),
    _text("status"),
    _number("done_before"),
    _number("rows_done"),
    _number("rows_total"),
    _number("started_at"),
)

orphan_labels = Table(
    "orphan_labels",
    METADATA,
    _key("model_key"),
    _text("model_id"),
    _number("total"),
)

profile_references = Table(
    "profile_references",
    METADATA,
    _key(),
    _bytes("model_key", index=True),
    _text("model_id"),
    _text("reference_id"),
    Column("provisional", Boolean, nullable=False),
    _number("rows"),
    _number("created_at"),
    _text("name"),
    _bytes("payload"),
)

# -- registry ------------------------------------------------------------------------------------------

models = Table(
    "models",
    METADATA,
    _key("model_key"),
    _text("model_id"),
    Column("task", _Name),
    Column("task_declared", Boolean, nullable=False),
    _text("settings"),
    _number("created_at"),
    Column("reference_id", _Name),
)

findings = Table(
    "findings",
    METADATA,
    _key(),
    _bytes("model_key", index=True),
    _text("model_id"),
    _text("kind"),
    _text("subject"),
    _text("message"),
    _number("first_seen"),
    _number("last_seen"),
    _number("total"),
    _text("details"),
)

analyses = Table(
    "analyses",
    METADATA,
    _key(),
    _text("analysis_id"),
    _bytes("model_key"),
    _text("model_id"),
    _text("kind"),
    _number("created_at"),
    _bytes("payload"),
    Index(None, "model_key", "kind", "created_at"),
)


# -- access --------------------------------------------------------------------------------------------

access_keys = Table(
    "access_keys",
    METADATA,
    Column("key_id", _Name, primary_key=True),
    _text("name"),
    _bytes("digest"),
    _text("scopes"),
    Column("models", _Name),
    Column("rate", Double),
    _number("created_at"),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
"""Keys; `digest` is the SHA-256 of the secret, scopes and models are JSON."""

access_sessions = Table(
    "access_sessions",
    METADATA,
    _key("digest"),
    _text("key_id"),
    _number("created_at"),
    _number("ends_at"),
)

audit_entries = Table(
    "audit_entries",
    METADATA,
    Column("id", _Id, primary_key=True),
    _number("at", index=True),
    _text("who"),
    _text("name"),
    _text("address"),
    _text("action"),
    Column("model_key", LargeBinary),
    Column("model_id", _Name),
    _text("subject"),
    _text("outcome"),
)


@event.listens_for(METADATA, "after_create")
def _complete(_metadata: MetaData, connection: Connection, **_: object) -> None:
    """Finish fresh tables as the migrations do."""
    for table in (journal_head, profile_position):  # each counter has its one row from the start
        connection.execute(insert(table).values(id=1, position=0))
    if connection.dialect.name == "postgresql":  # Arrow's bytes hardly compress: do not let it try
        connection.execute(text("ALTER TABLE journal_batches ALTER COLUMN payload SET STORAGE EXTERNAL"))
