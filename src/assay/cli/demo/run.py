"""``assay demo``: train, serve, replay, and show where it goes wrong."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from assay.cli.demo.server_process import check_port, running_server
from assay.cli.output import show
from assay.domain.rendering import Table, number, share
from assay.errors import InvalidInput
from assay.ports.monitor import Monitor

if TYPE_CHECKING:
    import pandas as pd

    from assay.cli.demo.replay import Replay

__all__ = ["MODEL", "Demo", "run"]

MODEL = "flight-delays"
_VERSION = "winter"
_TRAINING_MONTHS = 2
_FAST_MONTHS = 5
_SEED = 2013
_SHOWN = ("roc_auc", "f1_score", "brier_score", "ece")
_SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    """How the demonstration runs: port of its server, where its data stays, how long it goes on."""

    port: int = 8004
    folder: str | None = None
    once: bool = False
    fast: bool = False


def run(demo: Demo) -> None:
    """Run the demonstration until it is interrupted, or to the end of the replay.

    Raises
    ------
    InvalidInput
        Where the port is taken, or the folder holds something already.
    MissingExtra
        Where the demonstration's libraries are not installed.
    """
    console = Console(highlight=False)
    check_port(demo.port)
    with _folder(demo.folder) as folder:
        console.print("Training on the flights of January and February …")
        flights, replay = _prepare(fast=demo.fast)
        address = f"http://localhost:{demo.port}"
        with running_server(demo.port, folder) as server, _client(address) as monitor:
            page = f"{address}/models/{quote(MODEL)}"
            console.print("Replaying the flights from March on. Watch it here:")
            console.print(f"\n    {page}\n", style="bold cyan")
            _declare(monitor, flights)
            _replay(monitor, replay, len(flights[flights["month"] > _TRAINING_MONTHS]), console)
            _settle(monitor, console)
            show(_by_month(monitor, flights), as_json=False)
            if demo.once:
                return
            console.print(f"\nThe page stays at {page} until you press Ctrl-C.")
            with contextlib.suppress(KeyboardInterrupt):
                server.wait()


@contextlib.contextmanager
def _folder(given: str | None) -> Iterator[Path]:
    """Give an empty folder for the data: a temporary one, or the one that is named."""
    if given is None:
        with tempfile.TemporaryDirectory(prefix="assay-demo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    folder = Path(given)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{given!r} is there already; name a new folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def _client(address: str) -> Monitor:
    from assay.runtime.opening import open as open_monitor

    return open_monitor(address)


def _prepare(*, fast: bool) -> tuple[pd.DataFrame, Replay]:
    """Load the flights, train the model, and make the plan of the replay."""
    from assay.cli.demo.classifier import train
    from assay.cli.demo.flights import load
    from assay.cli.demo.replay import Replay

    flights = load()
    flights["month"] = flights["scheduled"].dt.tz_convert("America/New_York").dt.month
    if fast:
        flights = flights[flights["month"] <= _FAST_MONTHS]
    classifier = train(flights[flights["month"] <= _TRAINING_MONTHS])
    live = flights[flights["month"] > _TRAINING_MONTHS]
    return flights, Replay(live, classifier, rng=np.random.default_rng(_SEED))


def _declare(monitor: Monitor, flights: pd.DataFrame) -> None:
    """Tell the service what the model is and what it was trained on."""
    from assay.cli.demo.flights import FEATURES
    from assay.cli.demo.replay import SLICES

    monitor.configure(MODEL, task="binary", slices=SLICES, positive_class="1")
    training = flights.loc[flights["month"] <= _TRAINING_MONTHS, list(FEATURES)]
    monitor.set_reference(MODEL, training, name="January and February")
    # A reading waits until the reference is in use; so all that follows is compared with it from the start.
    monitor.model(MODEL)


def _replay(monitor: Monitor, replay: Replay, total: int, console: Console) -> None:
    """Send everything, and show how far it is."""
    from assay.cli.demo.replay import Predictions

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("flights"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("March 2013", total=total)
        for step in replay:
            if isinstance(step, Predictions):
                monitor.log(model=MODEL, version=_VERSION, predictions=step.frame)
                progress.update(task, advance=step.rows, description=f"{step.until:%d %B %Y}")
            else:
                monitor.label(model=MODEL, labels=step.frame)


def _settle(monitor: Monitor, console: Console) -> None:
    """Wait until the service has worked up what it got."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    with console.status("Working up the rest …") as status:
        while time.monotonic() < deadline:
            parts = {part.name: part for part in monitor.health().parts}
            rows = parts["profiles"].figures.get("lag_rows", 0)
            if not rows:
                return
            status.update(f"Working up the rest: {number(rows)} predictions and labels …")
            time.sleep(0.2)


def _by_month(monitor: Monitor, flights: pd.DataFrame) -> Table:
    """Ask the service how the model did, month by month."""
    import pandas as pd

    rows = []
    for month in range(_TRAINING_MONTHS + 1, int(flights["month"].max()) + 1):
        start = pd.Timestamp(2013, month, 1, tz="UTC")
        end = start + pd.offsets.MonthBegin()
        (window,) = monitor.metrics(MODEL, start=start.to_pydatetime(), end=end.to_pydatetime())
        values = (window.metrics[name].value if name in window.metrics else None for name in _SHOWN)
        rows.append(
            (
                f"{start:%B}",
                number(window.n_predictions),
                share(window.coverage),
                *("–" if value is None else f"{value:.3f}" for value in values),
            )
        )
    note = "Trained on winter alone, the model goes wrong in spring; the page shows which features moved."
    return Table("How it went", ("month", "flights", "truth known", *_SHOWN), rows, (note,))
