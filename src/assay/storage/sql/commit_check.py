"""Whether a transaction was committed whose connection broke while it was being committed.

PostgreSQL may have written the commit and lost only the answer. What then is reported as failed would
come back later as if from nowhere; so the server is asked what became of the transaction [1]_.

References
----------
.. [1] PostgreSQL 15, `pg_xact_status`: "reports the commit status of a recent transaction",
   https://www.postgresql.org/docs/15/functions-info.html
"""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from assay.errors import StorageUnavailable

__all__ = ["transaction_number", "was_committed"]

_NUMBER = text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)")
_STATUS = text("SELECT pg_xact_status(CAST(:number AS xid8))")
_PATIENCE = 15.0  # seconds for a server to come back
_PAUSE = 0.1


def transaction_number(connection: Connection) -> str | None:
    """Return the number of the transaction that `connection` is in; None if it has written nothing."""
    found = connection.execute(_NUMBER).scalar_one()
    return None if found is None else str(found)


def was_committed(engine: Engine, number: str) -> bool:
    """Ask the server about the transaction `number`, waiting until it is back and knows.

    Raises
    ------
    StorageUnavailable
        Where the server does not come back in time.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with engine.connect() as connection:
                status = connection.execute(_STATUS, {"number": number}).scalar_one()
        except SQLAlchemyError as error:
            status = "unreachable"
            if time.monotonic() > deadline:
                raise StorageUnavailable(
                    "the connection broke during the commit and the server did not come back to say "
                    "whether it was done; send it again with the same Idempotency-Key, and nothing is doubled"
                ) from error
        if status in ("committed", "aborted"):
            return bool(status == "committed")
        if time.monotonic() > deadline:
            raise StorageUnavailable(
                f"the connection broke during the commit and the transaction is still {status or 'unknown'}; "
                "send it again with the same Idempotency-Key, and nothing is doubled"
            )
        time.sleep(_PAUSE)
