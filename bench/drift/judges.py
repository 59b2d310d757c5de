"""The judges: programs in environments of their own, each asked case by case and held to a time limit."""

from __future__ import annotations

import ast
import hashlib
import json
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from bench.drift import environments
from bench.drift.case import Case

_WORKERS = Path(__file__).parent / "workers"
_SOURCES = environments.ROOT / "src" / "assay"
# What a verdict can depend on; pages and servers are none of it.
_JUDGING = ("stats", "monitoring", "domain", "errors.py", "__init__.py")

# Failures of the moment, which say little about the judge.
DIED, TOO_LATE = "died", "no answer in"


@dataclass(frozen=True)
class Verdict:
    """What one judge says of one case. `error` is why it said nothing; then the rest means nothing."""

    drifted: bool = False
    affected: tuple[str, ...] = ()
    type: str | None = None
    seconds: float = 0.0
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Verdict:
        return cls(**{**said, "affected": tuple(said.get("affected", ()))})


@dataclass(frozen=True)
class Judge:
    """A program that gives one or several verdicts for a case.

    `seeds` bounds how many seeds of a family it is asked; `heavy_seeds` does so for families it needs long
    for.
    """

    name: str
    titles: tuple[str, ...]
    seeds: int = 1_000
    heavy_seeds: int = 1_000

    @property
    def worker(self) -> Path:
        return _WORKERS / f"{self.name}_worker.py"

    def version(self) -> str:
        """Changes whenever its answers might."""
        made = hashlib.blake2b(digest_size=8)
        for path in [self.worker, _WORKERS / "protocol.py", *self._sources()]:
            text = path.read_text()
            # What it does, not how it is laid out.
            made.update((ast.dump(ast.parse(text)) if path.suffix == ".py" else text).encode())
        return made.hexdigest()

    def _sources(self) -> list[Path]:
        if self.name != "assay":
            return [environments.requirements(self.name)]
        parts = [_SOURCES / part for part in _JUDGING]
        return sorted(path for part in parts for path in ([part] if part.is_file() else part.rglob("*.py")))

    def python(self) -> Path:
        """Raises `environments.PeerUnavailable` where its environment cannot be made."""
        return Path(sys.executable) if self.name == "assay" else environments.environment(self.name)


JUDGES = {
    judge.name: judge
    for judge in (
        Judge("assay", ("Assay",)),
        Judge("evidently", ("Evidently", "Evidently, any column"), seeds=3, heavy_seeds=1),
        Judge("nannyml", ("NannyML, any column", "NannyML, reconstruction"), seeds=2, heavy_seeds=1),
        Judge("alibi", ("alibi-detect",), seeds=5, heavy_seeds=1),
        Judge("frouros", ("frouros",), seeds=5, heavy_seeds=1),
        Judge("river", ("river ADWIN", "river Page-Hinkley"), seeds=3, heavy_seeds=1),
    )
}


class Asked:
    """A running worker. It is started when first asked, and anew after it has died or was too slow."""

    def __init__(self, judge: Judge, python: Path, log: Path, *, limit: float) -> None:
        self.judge = judge
        self._python, self._log, self._limit = python, log, limit
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None

    def verdicts(self, case: Case, folder: Path) -> dict[str, Verdict]:
        """By title. Where there is none, each title gets the reason."""
        asked = {
            "reference": str(folder / "reference.parquet"),
            "current": str(folder / "current.parquet"),
            "roles": dict(case.roles),
        }
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], self._limit)
            line = process.stdout.readline() if ready else ""
        except BrokenPipeError:
            ready, line = [True], ""
        if not line:
            self.close()
            return self._none(DIED if ready else f"{TOO_LATE} {self._limit:g} s")
        said = json.loads(line)
        if "error" in said:
            return self._none(said["error"])
        return {title: Verdict.of(said[title]) for title in self.judge.titles}

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _none(self, reason: str) -> dict[str, Verdict]:
        return {title: Verdict(error=reason) for title in self.judge.titles}

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._errors = self._log.open("a")
            self._process = subprocess.Popen(
                [str(self._python), str(self.judge.worker)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                # Judges run beside one another; none of them may take all processors for one case.
                env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
                | {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "HOME": str(self._log.parent)},
            )
        return self._process
