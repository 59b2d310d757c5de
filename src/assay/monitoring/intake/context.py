"""What the reading of a request needs to know besides its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Context", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one request may hold.

    `cells` bounds rows times columns, so that a thousand items with a thousand features each of their own
    cannot become a table of a thousand million cells; `values` bounds the values of a JSON body, which
    take some thirty bytes of memory each before they are columns.
    """

    items: int = 500_000
    columns: int = 10_000
    cells: int = 50_000_000
    values: int = 20_000_000
    decoded_bytes: int = 128 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Circumstances of a request: the clock (µs since the epoch), the limits and its idempotency key."""

    now: int
    limits: Limits = field(default_factory=Limits)
    idempotency_key: str | None = None
    body_hash: bytes = b""
