"""The use cases as whoever asks may use them: of a key that is bound to models, no other exists."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast

from assay.domain.drift_history import DriftMoment
from assay.domain.model import Model
from assay.errors import Unauthorized
from assay.monitoring.access.caller import IN_PROCESS, caller
from assay.monitoring.commander import absent
from assay.monitoring.service import Service

__all__ = ["guarded"]

_ABOUT_NO_MODEL = frozenset({"catch_up", "close", "figures", "health", "position"})
_PAGE = 1_000


def guarded(service: Service) -> Service:
    """Return `service` as a server uses it.

    Each method that names a model first asks whether the caller may see that one, and answers as if there
    was none where not. A method that names no model, and is not known here, is refused: whoever adds one says
    here what it may tell to whom.
    """
    return cast("Service", _Guarded(service))


class _Guarded:
    """Looks like a :class:`~assay.monitoring.service.Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name.startswith("_"):
            raise AttributeError(name)
        if name != "access" and name not in _ABOUT_NO_MODEL:
            found = self._wrapped(name, found)
        setattr(self, name, found)
        return found

    def submit(self, intake: Any) -> Any:
        """Queue a batch, if the caller may log for its model; spelled out, since it is the hot path."""
        _require(intake.model_id)
        return self._service.submit(intake)

    def begin_import(self, name: Any, payload: Any, options: Any, context: Any) -> Any:
        """Queue what a serving platform logged, if the caller may log for every model in it."""
        return self._service.begin_import(name, payload, options, context, permit=_require)

    def models(self, *, after: str = "", limit: int = _PAGE) -> list[Model]:
        """Models that the caller may see, in order of their names."""
        allowed = _allowed()
        if allowed is None:
            return self._service.models(after=after, limit=limit)
        found: list[Model] = []
        while len(found) < limit and (page := self._service.models(after=after, limit=_PAGE)):
            found += [model for model in page if model.model_id in allowed]
            after = page[-1].model_id
        return found[:limit]

    def newest_drift(self, models: Sequence[str], *, with_truth: bool = False) -> dict[str, DriftMoment]:
        """Newest verdicts on those of the models that the caller may see."""
        allowed = _allowed()
        seen = [name for name in models if allowed is None or name in allowed]
        return self._service.newest_drift(seen, with_truth=with_truth)

    @staticmethod
    def _wrapped(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method of the service that asks first."""
        signature = inspect.signature(method)
        if "model_id" not in signature.parameters:
            raise TypeError(
                f"Service.{name} has no parameter model_id, so nothing says who may call it; "
                "say it in assay.monitoring.access.guard"
            )

        @functools.wraps(method)
        def asking(*args: Any, **kwargs: Any) -> Any:
            _require(signature.bind(*args, **kwargs).arguments["model_id"])
            return method(*args, **kwargs)

        return asking


def _allowed() -> frozenset[str] | None:
    """Return the models that the caller may see; None: all.

    Raises
    ------
    Unauthorized
        Where nobody said who calls: a thread was begun without the request's context.
    """
    who = caller()
    if who is IN_PROCESS:
        raise Unauthorized("nobody said who asks; hand contextvars.copy_context().run on to the thread")
    return who.principal.models


def _require(model_id: str) -> None:
    """Answer as if there was no such model, unless the caller may see it."""
    allowed = _allowed()
    if allowed is not None and model_id not in allowed:
        raise absent(model_id)
