"""All models, found, sorted and paged: the list stays quick at a thousand of them.

What a line of the list shows takes some milliseconds to read, a thousand lines some seconds. Lines are
therefore remembered for a while, and where an order needs lines that nobody has read yet, they are read in
the background, one after the other, while the page shows what is known and says how much that is.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from assay.dashboard.overview import ModelRow, model_row
from assay.dashboard.readings import Readings
from assay.domain.model import Model, Task
from assay.errors import AssayError, InvalidInput
from assay.monitoring.access.caller import caller

__all__ = ["PER_PAGE", "SORTS", "Directory", "Listing", "Question", "parse_question"]

PER_PAGE = 30
"""Models on one page of the list."""

MAX_AGE = 15.0
"""Seconds for which a line is shown as it was read: its figures are of thirty days."""

FIRST_SECONDS = 0.06
"""Time that an answer may spend on reading lines; the page fetches the rest."""

_IN_ORDER = 300.0  # seconds for which a line is good enough to sort by
_CALLERS = 100  # lists that are remembered: one for all models, and one for each set of models of a key
_REST = 1.0  # the background waits this many times as long as it reads: half a core at most

SORTS: dict[str, Callable[[ModelRow], float]] = {
    "predictions": lambda row: -row.recent,
    "labels": lambda row: row.coverage if row.coverage is not None else 2.0,
    "errors": lambda row: -(row.error_rate or 0.0),
    "drift": lambda row: -row.drift.drift_severity if row.drift is not None else 1.0,
    "newest": lambda row: -row.view.last.timestamp() if row.view.last else 0.0,
}
"""Columns that the list can be sorted by besides the name, and what comes first."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which models: part of the name, a task, only those in trouble, by which column, which page from 1."""

    find: str = ""
    task: str = ""
    trouble: bool = False
    sort: str = "name"
    page: int = 1

    def query(self, **changes: str | int) -> str:
        """Return the parameters of its first page with `changes`; what is the default is left out."""
        values: dict[str, str | int] = {
            "find": self.find,
            "task": self.task,
            "trouble": "1" if self.trouble else "",
            "sort": self.sort,
            "page": 1,
            **changes,
        }
        default: dict[str, str | int] = {"sort": "name", "page": 1}
        return urlencode({key: value for key, value in values.items() if value != default.get(key, "")})

    @property
    def narrows(self) -> bool:
        """Whether some models are left out."""
        return bool(self.find or self.task or self.trouble)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list: lines that are not read yet are None.

    `found` of `total` models fit; `unread` of them could not be judged or put in order yet.
    """

    question: Question
    rows: tuple[tuple[str, ModelRow | None], ...]
    total: int
    found: int
    unread: int

    @property
    def pages(self) -> int:
        """Number of pages."""
        return max(1, -(-self.found // PER_PAGE))


def parse_question(params: Mapping[str, str]) -> Question:
    """Read a question from an address's parameters.

    Raises
    ------
    InvalidInput
        Where the task, the column or the page is not understood.
    """
    task, sort, page = params.get("task", ""), params.get("sort") or "name", params.get("page") or "1"
    if task:
        Task.parse(task)
    if sort != "name" and sort not in SORTS:
        known = ", ".join(["name", *SORTS])
        raise InvalidInput(f"models are not sorted by {sort[:80]!r}; the columns are {known}")
    if not page.isascii() or not page.isdecimal() or not 1 <= int(page[:9]) <= 1_000_000:
        raise InvalidInput(f"there is no page {page[:80]!r}; pages are counted from 1")
    return Question(
        params.get("find", "")[:200].strip(), task, bool(params.get("trouble")), sort, int(page[:9])
    )


class Directory:
    """The list of models. Safe to use from several threads.

    Parameters
    ----------
    readings : what is read.
    now : microseconds since the epoch.
    clock : monotonic seconds.
    """

    def __init__(
        self, readings: Readings, *, now: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._readings = readings
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[float, int, ModelRow]] = {}
        self._reader: threading.Thread | None = None
        self._models: dict[frozenset[str] | None, tuple[int, list[Model]]] = {}
        self._moved = (-1, 0.0)

    def revision(self) -> int:
        """Return a number that changes with any model, when lines have aged, and while they are read."""
        position, now = self._readings.position(), self._clock()
        if position != self._moved[0]:
            self._moved = (position, now)
        reading = len(self._rows) if self._reader is not None else 0
        return 2 * position + int(now - self._moved[1] >= MAX_AGE) + reading

    def row(self, model_id: str) -> ModelRow:
        """Return a model's line, read now unless it was read a moment ago or nothing has changed since.

        Raises
        ------
        NotFound
            Where there is no such model.
        """
        began = self._clock()
        revision = self._readings.revision(model_id)  # also asks whether the caller may see this model
        held = self._rows.get(model_id)
        if held is not None and (
            began - held[0] < MAX_AGE or (held[1] == revision and began - held[0] < _IN_ORDER)
        ):
            return held[2]
        row = model_row(self._readings, model_id, now=self._now())
        self._rows[model_id] = (began, revision, row)
        return row

    def listing(self, question: Question) -> Listing:
        """Return a page of the models that fit."""
        models = self._all()
        sought = question.find.casefold()
        fitting = [
            model.model_id
            for model in models
            if sought in model.model_id.casefold() and (not question.task or model.task == question.task)
        ]
        unread = 0
        if question.trouble or question.sort != "name":
            since = self._clock() - _IN_ORDER
            known = {name: held[2] for name in fitting if (held := self._rows.get(name)) and held[0] >= since}
            unread = len(fitting) - len(known)
            if unread:
                self._read_rest(fitting)
            if question.trouble:
                fitting = [name for name in fitting if name in known and known[name].troubles]
            if question.sort != "name":
                first = SORTS[question.sort]
                fitting.sort(
                    key=lambda name: (name not in known, first(known[name]) if name in known else 0.0)
                )
        begin = (question.page - 1) * PER_PAGE
        began = time.perf_counter()
        rows = tuple(
            (name, self._within(name, time.perf_counter() - began < FIRST_SECONDS))
            for name in fitting[begin : begin + PER_PAGE]
        )
        return Listing(question, rows, len(models), len(fitting), unread)

    def _within(self, model_id: str, in_time: bool) -> ModelRow | None:
        """Return a line while there is time to read it, else the one remembered, if there is one."""
        if in_time:
            return self.row(model_id)
        held = self._rows.get(model_id)
        return held[2] if held is not None else None

    def _all(self) -> list[Model]:
        """Return all models by name that whoever asks may see, read again when anything has changed."""
        position = self._readings.position()
        allowed = caller().principal.models
        known = self._models.get(allowed)
        if known is None or known[0] != position or not known[1]:
            if len(self._models) > _CALLERS:
                self._models.clear()
            known = self._models[allowed] = (position, self._readings.models())
        return known[1]

    def _read_rest(self, names: list[str]) -> None:
        """Begin to read the lines that are missing or old, unless that is under way."""
        with self._lock:
            if self._reader is not None:
                return
            as_caller = contextvars.copy_context().run  # the thread reads for whoever asks
            self._reader = threading.Thread(
                target=as_caller, args=(self._read, names), name="assay-list", daemon=True
            )
            self._reader.start()

    def _read(self, names: list[str]) -> None:
        """Read lines one after the other, with pauses."""
        try:
            for name in names:
                held = self._rows.get(name)
                if held is not None and self._clock() - held[0] < _IN_ORDER / 2:
                    continue
                began = time.perf_counter()
                try:
                    self.row(name)
                except LookupError:  # removed meanwhile
                    continue
                time.sleep(_REST * (time.perf_counter() - began))
        except AssayError:  # the store does not answer: the next question tries again
            pass
        finally:
            self._reader = None
