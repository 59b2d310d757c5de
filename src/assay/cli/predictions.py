"""Single predictions: the newest that meet conditions, or one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from assay.cli.output import show
from assay.cli.target import open_target

__all__ = ["Wanted", "show_prediction", "show_predictions"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions and bounds, as :meth:`assay.ports.monitor.MonitorReader.predictions` takes them."""

    period: str | None = None
    start: str | None = None
    end: str | None = None
    limit: int = 20
    after: str | None = None
    version: str | None = None
    slice: str | None = None
    outcome: str | None = None
    below_confidence: float | None = None
    predicted: str | None = None
    actual: str | None = None
    contains: str | None = None


def show_prediction(at: str | None, model: str, prediction_id: str, *, as_json: bool) -> None:
    """Show one prediction, with its truth and where its features lie in the reference."""
    with open_target(at) as monitor:
        show(monitor.prediction(model, prediction_id), as_json=as_json)


def show_predictions(at: str | None, model: str, wanted: Wanted, *, as_json: bool) -> None:
    """Show the newest predictions that meet the conditions."""
    with open_target(at) as monitor:
        show(monitor.predictions(model, **asdict(wanted)), as_json=as_json)
