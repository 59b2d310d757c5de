"""``assay.watch``: an estimator that logs what it predicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from assay.client.logger.block import Block, block_of
from assay.client.logger.maker import LoggerOptions
from assay.client.logger.prediction_logger import PredictionLogger
from assay.errors import InvalidInput
from assay.integrations.results import shares_of
from assay.integrations.target import Target, logger_of

__all__ = ["Watched", "watch"]

_METHODS = ("predict", "predict_proba")
_FITTING = ("fit", "partial_fit", "set_params")


def watch(
    estimator: Any,
    *,
    model: str,
    version: str | None = None,
    monitor: Target = None,
    features: Sequence[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    methods: Sequence[str] = _METHODS,
    **options: Unpack[LoggerOptions],
) -> Watched:
    """Return a stand-in for an estimator of scikit-learn's kind that logs each row of what it predicts.

    ``predict`` logs predictions. ``predict_proba`` logs the probability of each class, the likeliest class as
    the prediction and, of two classes, the probability of the second (``classes_[1]``) as the score. Results
    and exceptions are the estimator's; everything else is passed on to it. ``score``, and searches over
    parameters, work on the estimator itself and log nothing.

    Parameters
    ----------
    estimator : anything with ``predict`` or ``predict_proba``, such as a pipeline.
    model, version : the model.
    monitor : a monitor, a logger, or what :func:`assay.open` takes, opened at the first prediction.
    features : names of the columns of arrays; by default ``feature_names_in_``, or else ``x0``, ``x1``, ...
    tags : tags of all its predictions.
    methods : which of the two methods log. A program that asks both about one row logs it twice otherwise.
    options : of the logger: :class:`~assay.client.logger.prediction_logger.PredictionLogger`.

    Raises
    ------
    InvalidInput
        Where a parameter cannot be used.

    Examples
    --------
    >>> import assay, tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> monitor = assay.open(tempfile.mkdtemp())
    >>> fitted = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> watched = watch(fitted, model="demo", monitor=monitor, features=["amount"])
    >>> watched.predict([[2.5]])
    array([1])
    >>> monitor.close()
    """
    unknown = sorted(set(methods) - set(_METHODS))
    if unknown or isinstance(methods, str):
        raise InvalidInput(f"methods is {methods!r}; it is a list of {' and '.join(map(repr, _METHODS))}")
    if not any(callable(getattr(estimator, name, None)) for name in _METHODS):
        raise InvalidInput(f"a {type(estimator).__name__} has neither predict nor predict_proba")
    arguments = {
        "model": model,
        "version": version,
        "monitor": monitor,
        "features": features,
        "tags": tags,
        "methods": tuple(methods),
        **options,
    }
    logger = logger_of(monitor, model=model, version=version, features=features, **options)
    return Watched(estimator, logger, arguments)


class Watched:
    """What :func:`watch` returns.

    Attributes
    ----------
    estimator : the estimator itself, which logs nothing.
    logger : the logger.
    """

    def __init__(self, estimator: Any, logger: PredictionLogger, arguments: Mapping[str, Any]) -> None:
        self.estimator = estimator
        self.logger = logger
        self._arguments = dict(arguments)

    def __getattr__(self, name: str) -> Any:
        if name in ("estimator", "logger", "_arguments"):  # not there yet, while it is being copied
            raise AttributeError(name)
        value = getattr(self.estimator, name)
        if name in self._arguments["methods"] and callable(value):
            return lambda *args, **kwargs: self._predict(name, value, args, kwargs)
        if name in _FITTING and callable(value):
            return lambda *args, **kwargs: self._unless_itself(value(*args, **kwargs))
        return value

    def __repr__(self) -> str:
        return f"assay.watch({self.estimator!r}, model={self.logger.model!r})"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.estimator)})

    def __sklearn_is_fitted__(self) -> bool:
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(self.estimator)
        except NotFittedError:
            return False
        return True

    def __sklearn_clone__(self) -> Any:
        from sklearn.base import clone

        return clone(self.estimator)  # what is trained on parts of the data is another model

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        arguments = self._arguments
        live = [name for name in ("monitor", "retry", "on_drop") if not _can_travel(arguments.get(name))]
        if live:
            raise InvalidInput(
                f"a watched estimator with an open {live[0]} cannot be copied to another process; give "
                "watch() the monitor's address or folder, or copy .estimator and watch it there"
            )
        return _watch_again, (self.estimator, arguments)

    def _predict(
        self, name: str, method: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Predict, and log it."""
        block: Block | None = None
        try:
            block = self._features(args[0] if args else kwargs["X"])
        except Exception as exc:  # noqa: BLE001 - the estimator is called all the same
            self.logger.unusable(exc)
        began = time.perf_counter()
        try:
            result = method(*args, **kwargs)
        except Exception as exc:
            if block is not None:
                self._log(block, began, {"error_type": type(exc).__qualname__})
            raise
        if block is not None:
            try:
                shares = name == "predict_proba"
                columns = shares_of(np.asarray(result), self._classes()) if shares else {"prediction": result}
                self._log(block, began, columns)
            except Exception as exc:  # noqa: BLE001 - the caller gets the result, whatever it is
                self.logger.unusable(exc, block.rows)
        return result

    def _log(self, block: Block, began: float, columns: Mapping[str, Any]) -> None:
        taken = 1e3 * (time.perf_counter() - began)
        self.logger.log_batch(block, tags=self._arguments["tags"], latency_ms=taken, **columns)

    def _features(self, given: Any) -> Block:
        """Copy the rows; arrays get the names that the estimator learned."""
        if hasattr(given, "toarray"):
            raise TypeError("sparse matrices are not logged; log the features before they are encoded")
        if isinstance(given, (list, tuple)):
            given = np.asarray(given)
        names = self._arguments["features"]
        if names is None and isinstance(given, np.ndarray):
            learned = getattr(self.estimator, "feature_names_in_", None)
            names = None if learned is None else [str(name) for name in learned]
        return block_of(given, names)

    def _classes(self) -> list[Any] | None:
        classes = getattr(self.estimator, "classes_", None)
        return None if classes is None else np.asarray(classes).tolist()

    def _unless_itself(self, result: Any) -> Any:
        """What fitting returns is the estimator, and stays watched."""
        return self if result is self.estimator else result


def _can_travel(value: Any) -> bool:
    """Whether another process can have it: what names something, rather than being it."""
    return value is None or (not hasattr(value, "close") and not callable(value))


def _watch_again(estimator: Any, arguments: dict[str, Any]) -> Watched:
    return watch(estimator, **arguments)
