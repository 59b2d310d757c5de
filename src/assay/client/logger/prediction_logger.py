"""The logger that serving code holds: its calls return at once, whatever the server does."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self

from assay.client.logger.block import Block, block_of
from assay.client.logger.collected import collect
from assay.client.logger.lifecycle import EXIT_SECONDS, renewed_after_fork
from assay.client.logger.measurement import Measurement
from assay.client.logger.queue import BoundedQueue
from assay.client.logger.row import class_shares, encode_row, features_of
from assay.client.logger.sender import Plan, Sender
from assay.client.logger.sink import Connect
from assay.client.logger.stats import Ledger, LoggerStats
from assay.client.transport import Retry
from assay.domain.columns import Kind
from assay.domain.ids import new_id, new_ids
from assay.domain.model import check_name
from assay.errors import InvalidInput

__all__ = ["PredictionLogger"]

_LARGEST_ROW = 1 << 20
_RETRY = Retry(first=0.2, longest=10.0)


class PredictionLogger:
    """Logs predictions from code that must not wait: rows go into a bounded queue, a thread delivers them.

    A monitor makes it: ``monitor.logger(model=...)``. Its calls may come from any thread, from coroutines and
    from signal handlers. They never raise and never wait for the network; what is lost is counted in
    :attr:`stats`, said through `logging` (logger ``assay.client.logger``) and told to `on_drop`.

    Parameters
    ----------
    connect : opens the monitor, in the sending thread, again after a fork.
    model, version : the model.
    features : names of the features, for calls that give values alone.
    max_rows, max_bytes : bound of the queue; the bytes are those of rows as JSON. One request (4 MiB, of a
        large frame 16) comes on top.
    when_full : ``drop-newest`` keeps what it has, ``drop-oldest`` makes room for what comes.
    batch_rows, batch_seconds : a request is sent as soon as so many rows wait, or one has waited so long.
    exit_seconds : how long the end of the process, or of the monitor, waits for what is queued.
    retry : the pauses between attempts; there is no last attempt.
    on_drop : called with the reason and the number of rows, in the sending thread.
    report_seconds : least time between two warnings about drops.

    Attributes
    ----------
    sender : the queue and its thread, for the monitor that made it.

    Raises
    ------
    InvalidInput
        Where a parameter cannot be used.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        model: str,
        version: str | None = None,
        features: Sequence[str] | None = None,
        max_rows: int = 100_000,
        max_bytes: int = 64 << 20,
        when_full: Literal["drop-newest", "drop-oldest"] = "drop-newest",
        batch_rows: int = 1_000,
        batch_seconds: float = 0.5,
        exit_seconds: float = EXIT_SECONDS,
        retry: Retry | None = None,
        on_drop: Callable[[str, int], None] | None = None,
        report_seconds: float = 60.0,
    ) -> None:
        check_name("model", model)
        if version is not None:
            check_name("version", version)
        if isinstance(features, str):
            raise InvalidInput(f"features is a list of names: write [{features!r}]")
        if when_full not in ("drop-newest", "drop-oldest"):
            raise InvalidInput(f"when_full is {when_full!r}; it must be 'drop-newest' or 'drop-oldest'")
        for name, value in (("max_rows", max_rows), ("max_bytes", max_bytes), ("batch_rows", batch_rows)):
            if value < 1:
                raise InvalidInput(f"{name} is {value}; it must be at least 1")
        self.model = model
        self.version = version
        self.features = None if features is None else list(features)
        self.sender = Sender(
            connect,
            BoundedQueue(max_rows, max_bytes, drop_oldest=when_full == "drop-oldest"),
            Ledger(model, max_rows, max_bytes, on_drop=on_drop, every=report_seconds),
            Plan(
                model=model,
                version=version,
                batch_rows=min(batch_rows, max_rows),
                batch_seconds=batch_seconds,
                retry=retry or _RETRY,
            ),
            exit_seconds=exit_seconds,
        )
        renewed_after_fork(self.sender)
        # One that nobody holds any more delivers what it has, then its thread ends.
        self._finalizer = weakref.finalize(self, self.sender.begin_close)
        self._finalizer.atexit = False

    def __repr__(self) -> str:
        version = "" if self.version is None else f", version={self.version!r}"
        return f"monitor.logger(model={self.model!r}{version})"

    def log(
        self,
        features: Any = None,
        *,
        prediction: Any = None,
        score: Any = None,
        probabilities: Mapping[Any, Any] | None = None,
        confidence: Any = None,
        prediction_id: str | None = None,
        timestamp: datetime | str | None = None,
        tags: Mapping[str, Any] | None = None,
        latency_ms: Any = None,
        error_type: str | None = None,
        version: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """Log one prediction and return its id, by which its label finds it later.

        Parameters
        ----------
        features : names and values: a dict, a row of pandas, a dataclass, a Pydantic model; or values alone,
            where the logger knows the names. What is changed after the call changes nothing.
        prediction, score, probabilities, confidence : what the model said.
        prediction_id : your id; a UUIDv7 is made where there is none.
        timestamp : when it was made; now, if None.
        tags : names and values for slicing.
        latency_ms : how long it took, in milliseconds.
        error_type : the model failed, and how.
        version : the version, where it is another than the logger's.
        fields : further fields of a prediction, such as ``preprocessing_ms``.
        """
        identity = ""
        try:
            identity = new_id() if prediction_id is None else str(prediction_id)
            record: dict[str, Any] = {
                "prediction_id": identity,
                "timestamp": datetime.now(UTC) if timestamp is None else timestamp,
            }
            if features is not None:
                plain = type(features) is dict
                record["features"] = features if plain else features_of(features, self.features)
            if prediction is not None:
                record["prediction"] = prediction
            if score is not None:
                record["score"] = score
            if probabilities is not None:
                record["probabilities"] = class_shares(probabilities)
            if confidence is not None:
                record["confidence"] = confidence
            if tags:
                record["tags"] = tags if type(tags) is dict else dict(tags)
            if latency_ms is not None:
                record["latency_ms"] = latency_ms
            if error_type is not None:
                record["error_type"] = error_type
            if version is not None:
                record["model_version"] = version
            if fields:
                record.update(fields)
            self._put(Kind.PREDICTIONS, record)
            collect((identity,))
        except Exception as exc:  # noqa: BLE001 - the caller is making a prediction, which matters more
            self.unusable(exc)
        return identity

    def log_batch(
        self,
        features: Any,
        *,
        names: Sequence[str] | None = None,
        prediction: Any = None,
        score: Any = None,
        probabilities: Mapping[Any, Any] | None = None,
        confidence: Any = None,
        prediction_ids: Sequence[str] | None = None,
        timestamp: Any = None,
        tags: Mapping[str, Any] | None = None,
        latency_ms: Any = None,
        error_type: str | None = None,
        version: str | None = None,
    ) -> list[str]:
        """Log predictions that were made at once, and return their ids.

        The frame is copied at the call and made into rows later, in the sending thread.

        Parameters
        ----------
        features : a frame of Polars, pandas or PyArrow, a dict of columns, a list of dicts, or a 2-d array.
        names : names of an array's columns; of a frame, the columns that are features; by default the
            logger's `features`, else all.
        prediction, score, confidence, tags, latency_ms, timestamp : see :meth:`log`; a column, or one
            value for all rows.
        probabilities : a column for each class.
        prediction_ids : your ids; UUIDv7s are made where there are none.
        """
        ids: list[str] = []
        rows = 1
        try:
            names = self.features if names is None else names
            block = features if isinstance(features, Block) else block_of(features, names)
            rows = block.rows
            now = time.time_ns() // 1000
            ids = (
                new_ids(rows, now=now).to_pylist() if prediction_ids is None else [*map(str, prediction_ids)]
            )
            columns: dict[str, Any] = {
                "prediction_id": ids,
                "timestamp": datetime.now(UTC) if timestamp is None else timestamp,
                "prediction": prediction,
                "score": score,
                "confidence": confidence,
                "latency_ms": latency_ms,
                "error_type": error_type,
                "model_version": version,
            }
            columns |= {f"tag.{name}": value for name, value in (tags or {}).items()}
            shares = class_shares(probabilities or {})
            columns |= {f"probability.{name}": value for name, value in shares.items()}
            given = {name: value for name, value in columns.items() if value is not None}
            if rows:
                self.sender.put(Kind.PREDICTIONS, block.with_columns(given))
            collect(ids)
        except Exception as exc:  # noqa: BLE001 - the caller is making predictions, which matter more
            self.unusable(exc, rows)
        return ids

    def label(
        self,
        prediction_id: str,
        actual: Any = None,
        *,
        observed_at: datetime | str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Log the truth of one prediction.

        Parameters
        ----------
        prediction_id, actual : the prediction, and what really happened.
        observed_at : when that was observed; now, if None. The latest observation is the truth.
        fields : further fields of a label: ``return``, ``reward``.
        """
        try:
            record: dict[str, Any] = {
                "prediction_id": str(prediction_id),
                "observed_at": datetime.now(UTC) if observed_at is None else observed_at,
            }
            if actual is not None:
                record["actual"] = actual
            if fields:
                record.update(fields)
            self._put(Kind.LABELS, record)
        except Exception as exc:  # noqa: BLE001 - as for predictions
            self.unusable(exc)

    def unusable(self, error: Exception, rows: int = 1) -> None:
        """Count predictions that could not even be described, and let the thread say why."""
        self.sender.drop("unusable", rows, _said(error))

    def measure(
        self, features: Any = None, *, tags: Mapping[str, Any] | None = None, version: str | None = None
    ) -> Measurement:
        """Return a context manager that measures one prediction and logs it at its end.

        ``with logger.measure(features) as made: made.score = model(features)``
        """
        return Measurement(self, new_id(), features, tags=tags, version=version)

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until what was logged before is delivered, `timeout` seconds at most; return whether it is.

        What the server refused counts as delivered; :attr:`stats` tells it apart.
        """
        return self.sender.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver what is queued, for `timeout` seconds at most (by default `exit_seconds`); drop the rest.

        Returns
        -------
        bool
            Whether all was delivered. Closing twice is no error; what is logged afterwards is dropped.
        """
        return self.sender.close(self.sender.exit_seconds if timeout is None else timeout)

    @property
    def stats(self) -> LoggerStats:
        """What became of everything that was logged in this process."""
        rows, size = self.sender.queue.admit()
        return self.sender.ledger.stats(queued=rows, queued_bytes=size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, kind: Kind, record: dict[str, Any]) -> None:
        data = encode_row(record)
        if len(data) > _LARGEST_ROW:
            raise ValueError(f"a row of {len(data):,} bytes is longer than the {_LARGEST_ROW:,} allowed")
        self.sender.put(kind, data)


def _said(exc: Exception) -> str:
    """Say what was wrong; the exception of a stranger's value may fail at that, too."""
    try:
        return f"{type(exc).__name__}: {exc}"
    except Exception:  # noqa: BLE001 - see above
        return type(exc).__name__
