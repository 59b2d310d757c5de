"""A request's batch, judged item by item, ready for the journal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from assay.domain.answers import Rejected
from assay.domain.columns import Kind

__all__ = ["Intake"]


@dataclass(frozen=True, slots=True)
class Intake:
    """The good rows of a request as a canonical table, and what was wrong with the others.

    Attributes
    ----------
    model_id : the model, a checked name.
    kind : predictions or labels.
    table : the good rows (:mod:`assay.domain.columns`); may have no rows.
    index : int64[rows], each good row's place in the request; None where all items are good.
    rejected : the bad items, at most 1,000 of them in detail.
    rejected_total : number of bad items.
    notes : what was assumed.
    naive_timestamps, future_timestamps : how many rows had no zone, or lie in the future.
    idempotency_key, body_hash : see :class:`assay.domain.batch.Entry`.
    """

    model_id: str
    kind: Kind
    table: pa.Table
    index: np.ndarray | None = None
    rejected: tuple[Rejected, ...] = ()
    rejected_total: int = 0
    notes: tuple[str, ...] = ()
    naive_timestamps: int = 0
    future_timestamps: int = 0
    idempotency_key: str | None = None
    body_hash: bytes = b""
