"""What has arrived already: a small file that lets a back-fill go on where it ended."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from assay.cli.backfill.source import Identity
from assay.errors import Conflict, InvalidInput

__all__ = ["Progress", "Record", "opened"]

_FORMAT: Final = 1


@dataclass(slots=True)
class Progress:
    """How far one file has come.

    Attributes
    ----------
    path : the file.
    changed_ns, bytes : its identity when it was begun.
    mapping : digest of what its columns were taken for.
    chunk_rows : rows sent at once; the same when it goes on, so that what was sent twice is recognised.
    kinds : types of a text file's columns.
    rows, accepted, duplicates, rejected : rows done, and what became of them.
    finished : whether its end was reached.
    """

    path: str
    changed_ns: int
    bytes: int
    mapping: str
    chunk_rows: int
    kinds: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    accepted: int = 0
    labels: int = 0
    duplicates: int = 0
    rejected: int = 0
    finished: bool = False


class Record:
    """Progress of every file that goes into one model of one target.

    It is written after each chunk that has been acknowledged. A chunk that was acknowledged and not yet
    noted is sent again, and recognised by its idempotency key and its ids.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, Progress] = {}
        self.made_at: int | None = None
        try:
            stored = json.loads(path.read_text("utf-8"))
            if stored["format"] == _FORMAT:
                self._files = {key: Progress(**values) for key, values in stored["files"].items()}
                self.made_at = stored["model_created_at"]
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"the record of earlier back-fills, {path}, cannot be read ({error}); delete it to begin anew"
            ) from error

    @property
    def empty(self) -> bool:
        """Whether nothing is noted."""
        return not self._files

    def forget(self) -> None:
        """Forget everything."""
        self._files.clear()
        self.made_at = None

    def of(
        self, identity: Identity, path: str, mapping: str, *, labels: bool, restart: bool
    ) -> Progress | None:
        """Return how far a file has come; None where it is new.

        Raises
        ------
        Conflict
            Where the file has changed, or its columns were taken for something else.
        """
        key = _key(identity, labels=labels)
        if restart:
            old = [other for other, one in self._files.items() if one.path == path and _same(other, key)]
            for other in {key, *old}:
                self._files.pop(other, None)
            return None
        known = self._files.get(key)
        if known is None:
            for other, progress in self._files.items():
                if progress.path == path and _same(other, key):
                    raise Conflict(
                        f"{path[-200:]} has changed since {progress.rows} of its rows were sent; --restart "
                        "sends all of it (rows that have an id are known by it, others would count twice)"
                    )
            return None
        if known.mapping != mapping:
            raise Conflict(
                f"{path[-200:]} was sent before with other options for its columns; --restart sends it again "
                "with these (of predictions that are there already the first ones are kept)"
            )
        if not known.finished and known.changed_ns != identity.changed_ns and known.path == path:
            raise Conflict(
                f"{path[-200:]} was written to after {known.rows} of its rows were sent; if it is the same, "
                "restore its time of change, else --restart sends it from the beginning"
            )
        return known

    def note(self, identity: Identity, progress: Progress, *, labels: bool) -> None:
        """Write down how far a file has come."""
        self._files[_key(identity, labels=labels)] = progress
        document: dict[str, Any] = {
            "format": _FORMAT,
            "model_created_at": self.made_at,
            "files": {key: asdict(value) for key, value in self._files.items()},
        }
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".record-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


@contextlib.contextmanager
def opened(where: str, model: str) -> Iterator[Record]:
    """Open the record of what goes into a model of a target, for one back-fill at a time.

    Of a data folder it lies in the folder, and goes when that goes; of a server it lies with who sends, in
    ``$XDG_STATE_HOME/assay/backfill``.

    Raises
    ------
    Conflict
        Where another back-fill into the model is running here.
    """
    remote = "://" in where
    if remote:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        folder = Path(state) / "assay" / "backfill"
    else:
        folder = Path(where) / "backfill"
    text = json.dumps([where.rstrip("/") if remote else "", model])
    path = folder / f"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InvalidInput(
            f"the record of the back-fill cannot be kept in {folder}: {error.strerror}"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(
                f"another back-fill into {model[:80]!r} is running here; wait until it ends"
            ) from None
        yield Record(path)
    finally:
        os.close(lock)


def _key(identity: Identity, *, labels: bool) -> str:
    return f"{identity.digest}/{'labels' if labels else 'rows'}"


def _same(one: str, other: str) -> bool:
    """Whether two keys are of the same kind of rows."""
    return one.rpartition("/")[2] == other.rpartition("/")[2]
