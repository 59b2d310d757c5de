"""The call of the API, and the line of Python, that give the numbers of a figure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from assay.dashboard.view import View
from assay.domain.time import duration_text

__all__ = ["Call", "call_of"]

_WHOLE = ("reliability", "scores", "confusion")


@dataclass(frozen=True, slots=True)
class Call:
    """A reading: its path with parameters, and the Python method with its arguments.

    `also` are further ones, by the names of their answers, where a figure shows more than one reading.
    """

    path: str
    python: str
    also: tuple[tuple[str, Call], ...] = ()

    def shell(self, address: str) -> str:
        """Return a command that reads it from the server at `address`."""
        return "\n".join(f"curl -s {shlex.quote(address + path)}" for path in self._paths())

    def program(self, address: str) -> str:
        """Return lines of Python that read it from the server at `address`."""
        more = "".join(f"\n{name} = {call.python}" for name, call in self.also)
        return f"import assay\n\nmonitor = assay.open({address!r})\nanswer = {self.python}{more}"

    def _paths(self) -> list[str]:
        return [self.path, *(call.path for _, call in self.also)]


def call_of(name: str, model_id: str, view: View, feature: str = "", *, estimated: bool = False) -> Call:
    """Return how to read what the figure `name` draws.

    Parameters
    ----------
    name : see :func:`assay.dashboard.drawing.draw`.
    model_id, view : of the page.
    feature : its name, for figures of one feature.
    estimated : whether it also shows estimates without labels.
    """
    if name in _WHOLE:
        part, method, step = "calibration", "calibration", None
    elif name == "error_types":
        part, method, step = "metrics", "metrics", None
    elif name == "drift":
        part, method, step = "drift", "drift", view.drift_step
    elif feature:
        part, method, step = f"features/{_segment(feature)}", "feature", view.drift_step
    else:
        part, method, step = "metrics", "metrics", view.step
    call = _call(part, method, step, model_id, view, feature)
    if estimated:
        return replace(call, also=(("estimate", _call("estimate", "estimate", step, model_id, view)),))
    if name in ("drift", "feature.verdict"):
        return replace(call, also=(("verdict", _call("drift-report", "drift_report", None, model_id, view)),))
    return call


def _call(part: str, method: str, step: int | None, model_id: str, view: View, feature: str = "") -> Call:
    """Return a reading of a model in a view."""
    start, end = (f"{moment}Z" for moment in view.span)
    given = {"start": start, "end": end}
    if step is not None:
        given["step"] = duration_text(step)
    if view.version is not None:
        given["version"] = view.version
    pair = {} if view.slice is None else {"slice": ":".join(view.slice)}
    arguments = [repr(model_id), *([repr(feature)] if method == "feature" else [])]
    arguments += [f"{key}={value!r}" for key, value in given.items()]
    if view.slice is not None:
        arguments.append(f"slice={view.slice!r}")
    return Call(
        f"/api/v1/models/{_segment(model_id)}/{part}?{urlencode(given | pair, quote_via=quote)}",
        f"monitor.{method}({', '.join(arguments)})",
    )


def _segment(name: str) -> str:
    """One segment of a path; dots alone would be taken for a step up."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")
