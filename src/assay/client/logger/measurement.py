"""One prediction, measured while it is made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from assay.client.logger.prediction_logger import PredictionLogger

__all__ = ["Measurement"]


class Measurement:
    """A prediction that is being made: a context manager that logs it at its end, with the time it took.

    An exception that ends it is logged as the prediction's `error_type` and goes on unchanged. Where neither
    features nor a result were given, nothing is logged.

    Attributes
    ----------
    prediction_id : known from the beginning, to be given out for the label that comes later.
    features, tags : what went in.
    prediction, score, probabilities, confidence : what came out.
    version : the model's version, where it is another than the logger's.
    error_type : the model failed, and how, where that was no exception.
    """

    __slots__ = (
        "_began",
        "_logger",
        "confidence",
        "error_type",
        "features",
        "prediction",
        "prediction_id",
        "probabilities",
        "score",
        "tags",
        "version",
    )

    def __init__(
        self,
        logger: PredictionLogger,
        prediction_id: str,
        features: Any = None,
        *,
        tags: Mapping[str, Any] | None = None,
        version: str | None = None,
    ) -> None:
        self._logger = logger
        self._began = time.perf_counter()
        self.prediction_id = prediction_id
        self.features = features
        self.tags = tags
        self.version = version
        self.prediction: Any = None
        self.score: Any = None
        self.probabilities: Mapping[Any, Any] | None = None
        self.confidence: Any = None
        self.error_type: str | None = None

    def finish(self, error: BaseException | None = None) -> None:
        """Log it now, as failed where there is an `error`; the end of the ``with`` does this by itself."""
        if isinstance(error, Exception):  # the end of the process or of a task is no failure of the model
            self.error_type = type(error).__qualname__
        results = (self.prediction, self.score, self.probabilities, self.confidence, self.error_type)
        if self.features is None and all(result is None for result in results):
            return
        self._logger.log(
            self.features,
            prediction=self.prediction,
            score=self.score,
            probabilities=self.probabilities,
            confidence=self.confidence,
            prediction_id=self.prediction_id,
            tags=self.tags,
            latency_ms=1e3 * (time.perf_counter() - self._began),
            error_type=self.error_type,
            version=self.version,
        )

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(error)
