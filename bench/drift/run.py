"""Ask every judge about every case, and keep the answers, so that only what has changed is asked again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.drift import environments
from bench.drift.case import Case, Family
from bench.drift.judges import DIED, TOO_LATE, Asked, Judge, Verdict

FOLDER = environments.ROOT / ".cache" / "bench" / "drift"
_LIMIT_SECONDS = 180.0


@dataclass(frozen=True)
class Outcome:
    """The truth of one case beside what one judge said."""

    family: str
    seed: int
    title: str
    drift: str
    affected: tuple[str, ...]
    features: frozenset[str]
    verdict: Verdict


class Answers:
    """Answers of one judge at one version: a file of JSON lines, by the digest of the case."""

    def __init__(self, judge: Judge, folder: Path = FOLDER) -> None:
        self._path = folder / f"{judge.name}-{judge.version()}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, dict[str, Verdict]] = {}
        self._guard = threading.Lock()
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                kept = json.loads(line)
                self._known[kept["case"]] = {name: Verdict.of(said) for name, said in kept["said"].items()}

    def get(self, digest: str) -> dict[str, Verdict] | None:
        return self._known.get(digest)

    def put(self, digest: str, said: dict[str, Verdict]) -> None:
        line = json.dumps(
            {"case": digest, "said": {name: verdict.to_dict() for name, verdict in said.items()}}
        )
        with self._guard:
            self._known[digest] = said
            with self._path.open("a") as file:
                file.write(line + "\n")


@dataclass
class _Bench:
    """What one thread asks with: its own process for each judge, and a folder for the frames."""

    number: int
    pythons: dict[str, Path]
    asked: dict[str, Asked] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        # Two runs at once must not write each other's frames.
        return FOLDER / f"case-{os.getpid()}-{self.number}"

    def ask(self, judge: Judge, case: Case) -> dict[str, Verdict]:
        if judge.name not in self.asked:
            log = FOLDER / f"{judge.name}.log"
            self.asked[judge.name] = Asked(judge, self.pythons[judge.name], log, limit=_LIMIT_SECONDS)
        return self.asked[judge.name].verdicts(case, self.folder)

    def close(self) -> None:
        for asked in self.asked.values():
            asked.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _lasts(judge: Judge, said: dict[str, Verdict]) -> bool:
    """Whether the answer would be the same again. A peer's failure would; lateness need not."""
    errors = [verdict.error for verdict in said.values() if verdict.error]
    if judge.name == "assay":
        return not errors
    return not any(error == DIED or error.startswith(TOO_LATE) for error in errors)


def trivial(case: Case) -> dict[str, Verdict]:
    """Two judges that look at nothing, without which no other's figure means anything."""
    return {
        "always alarm": Verdict(drifted=True, affected=case.features, type="DATA_DRIFT"),
        "never alarm": Verdict(),
    }


def _plan(
    families: Iterable[Family], seeds: int, judges: Sequence[Judge], *, all_seeds: bool
) -> Iterator[tuple]:
    """Family, seed, and who is asked: a seed of every family before the next, and families well mixed.

    So a run that is cut short has seen something of everything.
    """
    chosen = sorted(families, key=lambda family: hashlib.blake2b(family.name.encode()).digest())
    for seed in range(seeds):
        for family in chosen:
            yield (
                family,
                seed,
                [
                    judge
                    for judge in judges
                    if all_seeds or seed < (judge.heavy_seeds if family.heavy else judge.seeds)
                ],
            )


def outcomes(
    families: Iterable[Family],
    *,
    seeds: int,
    judges: Sequence[Judge],
    jobs: int = 2,
    all_seeds: bool = False,
    say: Callable[[str], None] = print,
) -> tuple[list[Outcome], dict[str, str]]:
    """Outcomes in the order of the plan, and for each judge that could not be asked at all the reason."""
    answers: dict[str, Answers] = {}
    pythons: dict[str, Path] = {}
    absent: dict[str, str] = {}
    for judge in judges:
        try:
            pythons[judge.name] = judge.python()
            answers[judge.name] = Answers(judge)
        except environments.PeerUnavailable as exc:
            absent[judge.name] = str(exc)
            say(str(exc))
    present = [judge for judge in judges if judge.name not in absent]
    local = threading.local()
    benches: list[_Bench] = []
    guard = threading.Lock()

    def bench() -> _Bench:
        if not hasattr(local, "bench"):
            with guard:
                local.bench = _Bench(len(benches), pythons)
                benches.append(local.bench)
        return local.bench

    def one(step: tuple[Family, int, list[Judge]]) -> list[Outcome]:
        family, seed, asked = step
        case = family.case(seed)
        digest = case.digest()
        said = trivial(case)
        written = False
        for judge in asked:
            known = answers[judge.name].get(digest)
            if known is None:
                if not written:
                    case.write(bench().folder)
                    written = True
                known = bench().ask(judge, case)
                if _lasts(judge, known):
                    answers[judge.name].put(digest, known)
            said |= known
        return [
            Outcome(family.name, seed, title, case.drift, case.affected, frozenset(case.features), verdict)
            for title, verdict in said.items()
        ]

    plan = list(_plan(families, seeds, present, all_seeds=all_seeds))
    found: list[Outcome] = []
    try:
        with ThreadPoolExecutor(jobs) as pool:
            for number, made in enumerate(pool.map(one, plan), 1):
                found.extend(made)
                if number % 100 == 0:
                    say(f"{number} of {len(plan)} cases")
    finally:
        for each in benches:
            each.close()
    return found, absent
