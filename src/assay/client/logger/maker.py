"""``monitor.logger()``: what both kinds of monitor share."""

from __future__ import annotations

import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, TypedDict, Unpack

from assay.client.logger.prediction_logger import PredictionLogger
from assay.client.logger.sender import Sender
from assay.client.logger.sink import Sink
from assay.client.transport import Retry

__all__ = ["LoggerMaker", "LoggerOptions"]


class LoggerOptions(TypedDict, total=False):
    """Options of a logger; see :class:`~assay.client.logger.prediction_logger.PredictionLogger`."""

    max_rows: int
    max_bytes: int
    when_full: Literal["drop-newest", "drop-oldest"]
    batch_rows: int
    batch_seconds: float
    exit_seconds: float
    retry: Retry | None
    on_drop: Callable[[str, int], None] | None
    report_seconds: float


class LoggerMaker(ABC):
    """A monitor that makes loggers, and closes them before it closes itself."""

    def __init__(self) -> None:
        self._senders: weakref.WeakSet[Sender] = weakref.WeakSet()
        self._senders_lock = threading.Lock()

    def logger(
        self,
        *,
        model: str,
        version: str | None = None,
        features: Sequence[str] | None = None,
        **options: Unpack[LoggerOptions],
    ) -> PredictionLogger:
        """Return a logger for serving code: its calls neither wait nor raise, a thread delivers.

        Parameters
        ----------
        model, version : the model.
        features : names of the features, for calls that give values alone.
        options : bounds, batches and the rest, see
            :class:`~assay.client.logger.prediction_logger.PredictionLogger`.

        Raises
        ------
        InvalidInput
            Where a parameter cannot be used.
        """
        logger = PredictionLogger(self.sink, model=model, version=version, features=features, **options)
        with self._senders_lock:
            self._senders.add(logger.sender)
        return logger

    def close_loggers(self) -> None:
        """Deliver what the loggers have queued, each for as long as it may take."""
        with self._senders_lock:
            senders = list(self._senders)
        for sender in senders:
            sender.begin_close()
        for sender in senders:
            sender.close(sender.exit_seconds)

    @abstractmethod
    def sink(self) -> Sink:
        """Open what loggers deliver to; called in a logger's thread, again in the child of a fork."""
