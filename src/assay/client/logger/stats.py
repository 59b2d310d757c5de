"""What became of everything that was logged: counted, shown, and said when something is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from assay.domain.answers import IngestAnswer
from assay.domain.rendering import Answer, Table, number

__all__ = ["Ledger", "LoggerStats"]

_log = logging.getLogger("assay.client.logger")

_REASONS = {
    "queue_full": "the queue was full",
    "unusable": "they could not be written as rows",
    "rejected": "the server refused them one by one",
    "refused": "the server refused their request",
    "closed": "the logger was closed",
}
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True, repr=False)
class LoggerStats(Answer):
    """What became of the rows of one logger. Rows are predictions and labels.

    Every row that was logged is in exactly one of `queued`, `sent`, `duplicates` and `dropped`; while an
    answer is being counted it may be in two for a moment.

    Attributes
    ----------
    queued, queued_bytes : rows that wait or are on their way, and the memory that they take.
    sent : rows that are stored durably.
    duplicates : predictions whose id had come before; the first one is kept.
    dropped : lost rows by reason: ``queue_full``, ``unusable`` (values that cannot be written), ``rejected``
        (by the server, one by one), ``refused`` (by the server, a request as a whole), ``closed``.
    retries : requests that were sent again.
    last_error : what went wrong last, in words; None where nothing did.
    seconds_since_success : since something was stored last; None before that.
    """

    queued: int
    queued_bytes: int
    sent: int
    duplicates: int
    dropped: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    last_error: str | None = None
    seconds_since_success: float | None = None

    @property
    def dropped_total(self) -> int:
        """All rows that were lost."""
        return sum(self.dropped.values())

    def table(self) -> Table:
        """Return the table by which it shows itself."""
        rows = [
            ("queued", number(self.queued)),
            ("sent", number(self.sent)),
            ("duplicates", number(self.duplicates)),
            *((f"dropped: {reason}", number(count)) for reason, count in self.dropped.items()),
            ("retries", number(self.retries)),
        ]
        return Table(
            "logger", ("rows", "n"), rows, [f"last trouble: {self.last_error}"] if self.last_error else []
        )


class Ledger:
    """Counts of one logger, and what it says about them.

    Nothing here is called with the queue's lock held, and nothing is said in the caller's thread: a handler
    of `logging` may take its time.

    Parameters
    ----------
    model : named in what it says.
    max_rows, max_bytes : the queue's bound, named likewise.
    on_drop : told the reason and the number of rows, in the sending thread.
    every : least seconds between two reports of drops.
    clock : seconds, monotonic.

    Attributes
    ----------
    overflow : rows that the queue had no room for, so far; the queue counts them, for its callers share no
        other lock.
    """

    def __init__(
        self,
        model: str,
        max_rows: int,
        max_bytes: int,
        *,
        on_drop: Callable[[str, int], None] | None = None,
        every: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = repr(model[:80])
        self._bound = f"at most {max_rows:,} rows and {max_bytes / 2**20:,.1f} MiB"
        self._on_drop = on_drop
        self._every = every
        self._clock = clock
        self.overflow: Callable[[], int] = int
        self.reset()

    def reset(self) -> None:
        """Begin anew, as in the child of a fork."""
        self._lock = threading.RLock()
        self._dropped: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self._why: dict[str, str] = {}
        self._last_report: float | None = None
        self._last_success: float | None = None
        self._failing_since: float | None = None
        self.sent = self.duplicates = self.retries = 0
        self.last_error: str | None = None

    def drop(self, reason: str, rows: int, why: str = "") -> None:
        """Count rows that are lost; `why` is in words."""
        if not rows:
            return
        with self._lock:
            self._dropped[reason] += rows
            if why:
                self._why[reason] = self.last_error = why[:_LONGEST_MESSAGE]

    def arrived(self, answer: IngestAnswer, rows: int) -> None:
        """Count what the server answered to a request of `rows` rows."""
        now = self._clock()
        with self._lock:
            self.sent += max(0, rows - answer.duplicates - answer.rejected_total)
            self.duplicates += answer.duplicates
            self._last_success = now
            since, self._failing_since = self._failing_since, None
        if answer.rejected_total:
            first = next((item.message for item in answer.rejected if item.code != "duplicate"), "")
            self.drop("rejected", answer.rejected_total, first)
        if since is not None:
            _log.info("logging for model %s works again after %.0f s", self._model, now - since)

    def failed(self, message: str) -> None:
        """Note that a request did not arrive and will be sent again."""
        with self._lock:
            self.retries += 1
            self.last_error = message[:_LONGEST_MESSAGE]
            first = self._failing_since is None
            if first:
                self._failing_since = self._clock()
        if first:
            _log.warning(
                "predictions of model %s cannot be delivered and are kept, %s of them: %s",
                self._model,
                self._bound,
                message[:_LONGEST_MESSAGE],
            )

    @property
    def has_news(self) -> bool:
        """Whether there are drops that were not reported yet."""
        with self._lock:
            self._count_overflow()
            return self._reported != self._dropped

    def report(self, *, last: bool = False) -> None:
        """Tell `on_drop`, and say what was lost since the last report; not often, but for the `last` one."""
        now = self._clock()
        with self._lock:
            self._count_overflow()
            if self._reported == self._dropped:
                return
            dropped = Counter(self._dropped)
            fresh = dropped - self._told
            self._told = dropped
            due = last or self._last_report is None or now - self._last_report >= self._every
            lost = dropped - self._reported if due else Counter()
            seconds: float | None = None
            if lost:
                self._reported = dropped
                seconds = None if self._last_report is None else now - self._last_report
                self._last_report = now
        for reason, rows in fresh.items():
            self._tell(reason, rows)
        for reason, rows in lost.items():
            _log.warning("%s", self._sentence(reason, rows, seconds))

    def _count_overflow(self) -> None:
        """Take over what the queue counts."""
        if rows := self.overflow():
            self._dropped["queue_full"] = rows

    def _tell(self, reason: str, rows: int) -> None:
        if self._on_drop is not None:
            try:
                self._on_drop(reason, rows)
            except Exception:  # noqa: BLE001 - the caller's own code
                _log.exception("on_drop of the logger for model %s failed", self._model)

    def _sentence(self, reason: str, rows: int, seconds: float | None) -> str:
        """Say what was lost, and why."""
        since = "" if seconds is None else f" in the last {seconds:,.0f} s"
        what = _REASONS.get(reason, reason)
        if reason == "queue_full":
            what = f"the queue ({self._bound}) was full"
        why = self._why.get(reason)
        ending = f"; the last: {why}" if why else ""
        return f"dropped {rows:,} rows of model {self._model}{since}: {what}{ending}"

    def stats(self, *, queued: int, queued_bytes: int) -> LoggerStats:
        """Return the counts as they are now."""
        with self._lock:
            self._count_overflow()
            success = self._last_success
            return LoggerStats(
                queued=queued,
                queued_bytes=queued_bytes,
                sent=self.sent,
                duplicates=self.duplicates,
                dropped=dict(self._dropped),
                retries=self.retries,
                last_error=self.last_error,
                seconds_since_success=None if success is None else self._clock() - success,
            )
