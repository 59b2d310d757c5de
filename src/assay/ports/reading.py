"""What a user's program can look at; the half of a monitor that reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from assay.domain.answers import Calibration, ModelReport, ModelView, PredictionView, ServiceHealth
from assay.domain.drift_history import DriftHistory
from assay.domain.estimates import PerformanceEstimate
from assay.domain.feature_view import FeatureView
from assay.domain.model import Model
from assay.domain.prediction_filter import PredictionFilter
from assay.domain.prediction_page import PredictionPage
from assay.domain.series import DriftSeries, MetricSeries
from assay.domain.window import Moment, Slice, WindowQuery, pair_of
from assay.domain.window_drift import WindowDrift

__all__ = ["MonitorReader"]


class MonitorReader(Protocol):
    """Looking at what was logged. An answer holds everything that was acknowledged before the call.

    A window is given by `start` and `end`, or by a `period` such as ``7d``: the last such stretch up to
    the end of the hour of the model's newest prediction, so that history which is replayed can be looked
    at too. Without either it is everything.

    What a user writes is read here, once, into a :class:`~assay.domain.window.WindowQuery`; an adapter
    inherits the methods and answers such records in the ones with an underscore.
    """

    @abstractmethod
    def models(self) -> list[Model]:
        """Return all models, by name."""
        ...

    @abstractmethod
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
        window = WindowQuery.of(period=period, start=start, end=end, step=step, version=version, slice=slice)
        return self._metrics(model, window, names)

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
        window = WindowQuery.of(period=period, start=start, end=end, version=version, slice=slice)
        return self._calibration(model, window)

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
        window = WindowQuery.of(period=period, start=start, end=end, step=step, version=version, slice=slice)
        return self._drift(model, window, features)

    def drift_report(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> WindowDrift:
        """Return the verdict: whether a window has drifted, in what, how much, and how sure that is.

        The window is held against the model's reference; a slice, which is no sample of the whole model,
        against its own past. Memory and seasons are learnt from the model's earlier hours.

        Raises
        ------
        NotFound
            Where the model has no reference yet.
        """
        window = WindowQuery.of(period=period, start=start, end=end, version=version, slice=slice)
        return self._drift_report(model, window)

    def drift_history(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str = "1d",
        version: str | None = None,
    ) -> DriftHistory:
        """Return the verdicts that were given on the closed days (or hours: ``step="1h"``) of a window.

        They are given in the background, minutes after a window is closed, and again where rows come late.
        """
        window = WindowQuery.of(period=period, start=start, end=end, step=step, version=version)
        return self._drift_history(model, window)

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
        window = WindowQuery.of(period=period, start=start, end=end, step=step, version=version, slice=slice)
        return self._feature(model, feature, window)

    def estimate(
        self,
        model: str,
        *,
        period: str | None = None,
        start: Moment | None = None,
        end: Moment | None = None,
        step: str | None = None,
        version: str | None = None,
        slice: Slice | None = None,  # noqa: A002 - the word that users know
    ) -> PerformanceEstimate:
        """Return how good the predictions of a window, or of each `step` of it, are likely to be.

        The labels of the model's first days (or of the version's, where one is given) say what its scores
        mean: at least seven days, and until there are as many labelled scores as the model's setting
        ``reference_rows``. Every other window is estimated without its labels; where some are there, what
        they say stands beside it as `realised`. The answer's `refusal` says why nothing can be estimated.
        """
        window = WindowQuery.of(period=period, start=start, end=end, step=step, version=version, slice=slice)
        return self._estimate(model, window)

    def report(self, model: str, *, period: str = "7d", version: str | None = None) -> ModelReport:
        """Return everything about a model over the last `period`."""
        return self._report(model, WindowQuery.of(period=period, version=version))

    @abstractmethod
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
        only = PredictionFilter(
            version=version,
            slice=pair_of("slice", slice),
            outcome=outcome,
            below_confidence=below_confidence,
            predicted=predicted,
            actual=actual,
            contains=contains,
        )
        window = WindowQuery.of(period=period, start=start, end=end)
        return self._predictions(model, window, only, limit=limit, after=after)

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
        window = WindowQuery.of(period=period, start=start, end=end, version=version)
        return self._rows(model, window, kind=kind, columns=columns)

    @abstractmethod
    def health(self) -> ServiceHealth:
        """Return the state of the service and of each of its parts."""
        ...

    # -- what an adapter answers ------------------------------------------------------------------

    @abstractmethod
    def _metrics(self, model: str, window: WindowQuery, names: Sequence[str] | None) -> MetricSeries: ...

    @abstractmethod
    def _calibration(self, model: str, window: WindowQuery) -> Calibration: ...

    @abstractmethod
    def _drift(self, model: str, window: WindowQuery, features: Sequence[str] | None) -> DriftSeries: ...

    @abstractmethod
    def _drift_report(self, model: str, window: WindowQuery) -> WindowDrift: ...

    @abstractmethod
    def _drift_history(self, model: str, window: WindowQuery) -> DriftHistory: ...

    @abstractmethod
    def _feature(self, model: str, feature: str, window: WindowQuery) -> FeatureView: ...

    @abstractmethod
    def _estimate(self, model: str, window: WindowQuery) -> PerformanceEstimate: ...

    @abstractmethod
    def _report(self, model: str, window: WindowQuery) -> ModelReport: ...

    @abstractmethod
    def _predictions(
        self, model: str, window: WindowQuery, only: PredictionFilter, *, limit: int, after: str | None
    ) -> PredictionPage: ...

    @abstractmethod
    def _rows(
        self, model: str, window: WindowQuery, *, kind: str, columns: Sequence[str] | None
    ) -> pa.RecordBatchReader: ...
