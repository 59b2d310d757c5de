"""What a user's program can do with a monitor, whether it is in process or behind HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, Unpack

import pyarrow as pa

from assay.domain.answers import (
    Calibration,
    ErasureAnswer,
    IngestAnswer,
    ModelReport,
    ModelView,
    PredictionView,
    ReferenceView,
    ServiceHealth,
)
from assay.domain.feature_view import FeatureView
from assay.domain.imported import ImportAnswer
from assay.domain.model import Model, Task
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries

if TYPE_CHECKING:
    from assay.client.logger.maker import LoggerOptions
    from assay.client.logger.prediction_logger import PredictionLogger

__all__ = ["Frame", "Moment", "Monitor", "MonitorReader", "MonitorWriter", "Slice"]

Frame: TypeAlias = Any
"""A Polars or pandas frame, a PyArrow table or record batch, a dict of columns, or a list of records."""

Moment: TypeAlias = datetime | str
"""A time: a datetime (UTC where it has no zone) or ISO 8601 text."""

Slice: TypeAlias = tuple[str, str] | str
"""A tag and its value: ``("region", "eu")`` or ``"region:eu"``."""


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
        settings : see :class:`assay.domain.model.ModelSettings`.
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


class MonitorReader(Protocol):
    """Looking at what was logged. An answer holds everything that was acknowledged before the call.

    A window is given by `start` and `end`, or by a `period` such as ``7d``: the last such stretch up to
    the end of the hour of the model's newest prediction, so that history which is replayed can be looked
    at too. Without either it is everything.
    """

    def models(self) -> list[Model]:
        """Return all models, by name."""
        ...

    def model(self, model: str) -> ModelView:
        """Return a model and what is stored about it.

        Raises
        ------
        NotFound
            Where there is no such model.
        """
        ...

    def metrics(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        names: Sequence[str] | None = None,
    ) -> MetricSeries:
        """Return the metrics of a window, or of each `step` of it (such as ``1d``)."""
        ...

    def calibration(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> Calibration:
        """Return the reliability curve, the confusion matrix and the scores' distribution of a window."""
        ...

    def drift(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        features: Sequence[str] | None = None,
    ) -> DriftSeries:
        """Return how far each feature has moved from the reference, in a window or in each step of it."""
        ...

    def feature(
        self,
        model: str,
        feature: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> FeatureView:
        """Return one feature against the reference: both distributions, figures, and what changed.

        With `step`, the figures of each step of the window are in the answer's `windows`.

        Raises
        ------
        NotFound
            Where there is no reference, or it does not know the feature.
        """
        ...

    def report(self, model: str, *, period: str = "7d", version: str | None = None) -> ModelReport:
        """Return everything about a model over the last `period`."""
        ...

    def prediction(self, model: str, prediction_id: str) -> PredictionView:
        """Return one prediction with its truth, and where its features lie in the reference.

        Raises
        ------
        NotFound
            Where it never came, or was erased.
        """
        ...

    def predictions(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        limit: int = 100,
        after: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
        outcome: str | None = None,
        below_confidence: float | None = None,
        predicted: str | None = None,
        actual: str | None = None,
        contains: str | None = None,
    ) -> PredictionPage:
        """Return the newest predictions of a window that meet all conditions given.

        The answer is a sequence of predictions; its ``next`` is the `after` of the page of older ones. A
        search that takes long stops, and ``searched_to`` says how far back it looked.

        Parameters
        ----------
        limit : the most to return, up to 10,000.
        after : ``next`` of the page before.
        version, slice : only of this version, or with this value of any tag.
        outcome : ``right``, ``wrong``, ``labelled``, ``unlabelled`` or ``error``.
        below_confidence : only those less sure than this, 0 to 1.
        predicted, actual : only those of this predicted, or true, class.
        contains : only those whose id contains this.

        Raises
        ------
        NotFound
            Where there is no such model.
        InvalidInput
            Where a condition makes no sense.
        """
        ...

    def rows(
        self,
        model: str,
        *,
        kind: str = "predictions",
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        version: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.RecordBatchReader:
        """Return all raw rows of a window as a stream of Arrow record batches, in no order.

        Memory is bounded however many rows there are. The columns have the names that they are logged
        with (``feature.amount``, ``tag.country``, ``probability.yes``).

        Parameters
        ----------
        model : the model.
        kind : ``predictions``, ``labels``, or ``joined``: predictions with the truth that counts for them.
        period, start, end : the window, of labels by their ``observed_at``; without any it is everything.
        version : only predictions of this version.
        columns : the columns to return; None: all that hold something.

        Raises
        ------
        NotFound
            Where there is no such model.
        InvalidInput
            Where there is no such kind or column.
        """
        ...

    def health(self) -> ServiceHealth:
        """Return the state of the service and of each of its parts."""
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
