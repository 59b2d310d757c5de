"""``@assay.monitored``: every call of a predict function is logged."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, Unpack, cast

from assay.client.logger.block import Block
from assay.client.logger.maker import LoggerOptions
from assay.client.logger.prediction_logger import PredictionLogger
from assay.errors import InvalidInput
from assay.integrations.arguments import Arguments, Features, Tags
from assay.integrations.results import Returns, batch_result, check_returns, row_result
from assay.integrations.target import Target, logger_of

__all__ = ["monitored"]

P = ParamSpec("P")
R = TypeVar("R")


def monitored(
    *,
    model: str,
    version: str | None = None,
    monitor: Target = None,
    features: Features = None,
    tags: Tags = (),
    returns: Returns = None,
    classes: Sequence[Any] | None = None,
    **options: Unpack[LoggerOptions],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Log every call of a predict function: what went in, what came out, how long it took, whether it failed.

    The function may be ``async``, a method, and predict one row or many. Its results and its exceptions are
    those that it had before, and it never waits for the log. Its logger is its attribute ``logger``;
    :func:`assay.prediction_ids` collects the ids.

    Parameters
    ----------
    model, version : the model.
    monitor : a monitor, a logger, or what :func:`assay.open` takes, opened at the first call.
    features : names of the features; or a function of the same arguments that returns them; by default the
        one argument that holds names and values or is a frame, or else all arguments by name.
    tags : names among the features that are tags; or a dict; or a function of the same arguments.
    returns : what a result is: ``prediction``, ``score``, ``probabilities``, or a function that makes a dict
        of these of it; by default single values are predictions, several numbers probabilities, and dicts
        either these fields or probabilities by class.
    classes : the classes that probabilities without names belong to; of two, the second is the positive one.
    options : of the logger: :class:`~assay.client.logger.prediction_logger.PredictionLogger`.

    Raises
    ------
    InvalidInput
        Where a parameter cannot be used. Calls raise nothing but what the function raises.

    Examples
    --------
    >>> import assay, tempfile
    >>> monitor = assay.open(tempfile.mkdtemp())
    >>> @monitored(model="fraud", monitor=monitor, returns="score")
    ... def predict(amount: float, country: str) -> float:
    ...     return min(1.0, amount / 1000)
    >>> predict(250.0, country="NL")
    0.25
    >>> monitor.close()
    """
    check_returns(returns)
    if isinstance(features, str) or isinstance(tags, str):
        raise InvalidInput("features and tags are lists of names: write ['name']")
    names = None if callable(features) else features
    logger = logger_of(monitor, model=model, version=version, features=names, **options)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InvalidInput(f"{function.__qualname__} yields many results; log each where it is made")
        arguments = Arguments(function, features, tags)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                call = _Call(logger, arguments, args, kwargs)
                try:
                    result = await function(*args, **kwargs)
                except Exception as exc:
                    call.failed(exc)
                    raise
                call.returned(result, returns, classes)
                return result

            wrapper = cast("Callable[P, R]", awaited)
        else:

            @functools.wraps(function)
            def called(*args: P.args, **kwargs: P.kwargs) -> R:
                call = _Call(logger, arguments, args, kwargs)
                try:
                    result = function(*args, **kwargs)
                except Exception as exc:
                    call.failed(exc)
                    raise
                call.returned(result, returns, classes)
                return result

            wrapper = called
        wrapper.logger = logger  # type: ignore[attr-defined] # functions have attributes
        return wrapper

    return decorate


class _Call:
    """One call; its arguments are read before the function may change them."""

    __slots__ = ("_began", "_features", "_logger", "_read", "_tags")

    def __init__(
        self, logger: PredictionLogger, arguments: Arguments, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._logger = logger
        self._read = False
        self._features: Any = None
        self._tags: dict[str, Any] = {}
        try:
            self._features, self._tags = arguments.read(args, kwargs)
            self._read = True
        except Exception as exc:  # noqa: BLE001 - the function is called all the same
            logger.unusable(exc)
        self._began = time.perf_counter()

    def returned(self, result: Any, returns: Returns, classes: Sequence[Any] | None) -> None:
        """Log what the function returned."""
        if not self._read:
            return
        taken = self._milliseconds()
        try:
            if isinstance(self._features, Block):
                columns = batch_result(result, returns, classes)
                self._logger.log_batch(self._features, tags=self._tags, latency_ms=taken, **columns)
            else:
                fields = row_result(result, returns, classes)
                self._logger.log(self._features, tags=self._tags, latency_ms=taken, **fields)
        except Exception as exc:  # noqa: BLE001 - the caller gets the result, whatever it is
            self._logger.unusable(exc, self._features.rows if isinstance(self._features, Block) else 1)

    def failed(self, error: Exception) -> None:
        """Log that the function raised."""
        if not self._read:
            return
        log = self._logger.log_batch if isinstance(self._features, Block) else self._logger.log
        log(
            self._features,
            tags=self._tags,
            latency_ms=self._milliseconds(),
            error_type=type(error).__qualname__,
        )

    def _milliseconds(self) -> float:
        return 1e3 * (time.perf_counter() - self._began)
