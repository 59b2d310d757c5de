"""Where an integration logs to: a logger, a monitor, an address, a folder, or what ``assay.open()`` opens."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypeAlias, Unpack, cast

from assay.client.batches import Batch
from assay.client.logger.maker import LoggerMaker, LoggerOptions
from assay.client.logger.prediction_logger import PredictionLogger
from assay.client.logger.sink import Sink
from assay.domain.answers import IngestAnswer
from assay.domain.columns import Kind
from assay.errors import InvalidInput
from assay.ports.monitor import Monitor
from assay.runtime.opening import open as open_monitor

__all__ = ["Target", "logger_of"]

Target: TypeAlias = PredictionLogger | Monitor | str | PathLike[str] | None
"""A logger, a monitor, or what :func:`assay.open` takes: an address, a folder, or nothing."""


def logger_of(
    target: Target,
    *,
    model: str,
    version: str | None,
    features: Sequence[str] | None = None,
    **options: Unpack[LoggerOptions],
) -> PredictionLogger:
    """Return the logger that an integration uses.

    What :func:`assay.open` takes is opened by the logger's thread when something is logged first, so that
    importing a module with decorated functions touches no folder.

    Raises
    ------
    InvalidInput
        Where `target` is none of these, or is a logger of another model.
    """
    if isinstance(target, PredictionLogger):
        if (target.model, target.version) != (model, version):
            raise InvalidInput(f"{target!r} logs another model than {model!r}, version {version!r}")
        return target
    if target is None or isinstance(target, (str, PathLike)):
        where = target
        return PredictionLogger(
            lambda: _Opened(where), model=model, version=version, features=features, **options
        )
    if not isinstance(target, LoggerMaker):
        raise InvalidInput(f"a {type(target).__name__} is no monitor; give what assay.open() returned")
    return target.logger(model=model, version=version, features=features, **options)


class _Opened:
    """A monitor that was opened for one logger."""

    def __init__(self, where: str | PathLike[str] | None) -> None:
        self._monitor = cast("LoggerMaker", open_monitor(where))
        self._sink: Sink = self._monitor.sink()

    def send(self, kind: Kind, batch: Batch, key: str) -> IngestAnswer:
        """Deliver one batch."""
        return self._sink.send(kind, batch, key)

    def close(self) -> None:
        """Close the monitor, too."""
        self._sink.close()
        cast("Monitor", self._monitor).close()
