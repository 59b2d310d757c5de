"""What a user's program can do with a monitor, whether it is in process or behind HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, Unpack

from assay.domain.answers import ErasureAnswer, IngestAnswer, ReferenceView
from assay.domain.imported import ImportAnswer
from assay.domain.model import Model, Task
from assay.domain.window import Moment, Slice
from assay.ports.reading import MonitorReader

if TYPE_CHECKING:
    from assay.client.logger.maker import LoggerOptions
    from assay.client.logger.prediction_logger import PredictionLogger

__all__ = ["Frame", "Moment", "Monitor", "MonitorReader", "MonitorWriter", "Slice"]

Frame: TypeAlias = Any
"""A Polars or pandas frame, a PyArrow table or record batch, a dict of columns, or a list of records."""


class MonitorWriter(Protocol):
    """Logging, and what changes a model.

    Every method returns after what it stored is durable. One call may become several batches; each is
    stored whole or not at all, and a call that is repeated with the same `idempotency_key` counts once.
    """

    def log(
        self,
        *,
        model: str,
        predictions: Frame,
        version: str | None = None,
        tags: Sequence[str] = (),
        features: Sequence[str] | None = None,
        probabilities: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> IngestAnswer:
        """Log predictions.

        Parameters
        ----------
        model, version : the model; a column ``model_version`` counts before `version`.
        predictions : a frame with a row for each prediction, or a list of records. Columns with the
            names of a prediction's fields (``prediction_id``, ``timestamp``, ``prediction``, ``score``,
            ``confidence``, ``latency_ms``, ``error_type``, ...) are these fields. Records may hold
            ``features``, ``tags`` and ``probabilities`` as dicts of their own, as over HTTP.
        tags : columns that are tags, for slicing only.
        features : columns that are features; None: every column that is nothing else.
        probabilities : columns that are the probability of the class they are named after.
        idempotency_key : name of this call, made up where absent.

        Raises
        ------
        InvalidInput
            Where no row at all can be used; bad rows among good ones are in the answer's `rejected`.
        StorageError
            Where nothing can be stored now; what was acknowledged before is safe.
        """
        ...

    def label(self, *, model: str, labels: Frame, idempotency_key: str | None = None) -> IngestAnswer:
        """Log the truth of predictions.

        The columns are ``prediction_id``, ``actual`` and perhaps ``observed_at``, ``return``, ``reward``. A
        prediction's truth is its label with the latest ``observed_at``.
        """
        ...

    def import_payloads(
        self,
        format: str,  # noqa: A002 - the word in the address and on the command line
        data: Any,
        *,
        model: str = "",
        version: str = "",
        feature_names: Sequence[str] = (),
        output: str = "",
        score: str = "",
        classes: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> ImportAnswer:
        """Store what a serving platform logged, as it is.

        Parameters
        ----------
        format : ``kserve``, ``open-inference``, ``sagemaker`` or ``mlflow``.
        data : JSON or JSON lines, decoded payloads, or an iterable of lines.
        model, version, feature_names, output, score, classes : what the payloads do not say, see
            :class:`assay.client.imports.PayloadsImporter`.
        idempotency_key : name of this call, made up where absent.
        """
        ...

    def configure(
        self,
        model: str,
        *,
        task: Task | str | None = None,
        slices: Sequence[str] | None = None,
        **settings: Any,
    ) -> Model:
        """Declare a model's task, the tags to slice by, and other settings; the rest stays as it is.

        Parameters
        ----------
        model : the model; it is made where there is none.
        task : ``binary``, ``multiclass``, ``regression`` or ``trading``.
        slices : tags for whose values metrics are kept of their own.
        settings : see :class:`assay.domain.model.ModelSettings`; durations may be text, such as ``30d``.
        """
        ...

    def set_reference(
        self,
        model: str,
        frame: Frame,
        *,
        name: str = "",
        features: Sequence[str] | None = None,
    ) -> ReferenceView:
        """Give the data that current data is compared with, such as the training set's features."""
        ...

    def erase(
        self, model: str, *, ids: Sequence[str] | None = None, tag: Slice | None = None
    ) -> ErasureAnswer:
        """Erase predictions and their labels: those with `ids`, or all whose tag has that value."""
        ...


class Monitor(MonitorWriter, MonitorReader, Protocol):
    """A monitor, as :func:`assay.open` gives it: in process for a folder, over HTTP for an address."""

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
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; nothing acknowledged is lost without it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
