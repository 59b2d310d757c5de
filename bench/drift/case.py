"""A labelled case: two frames, what each column is, and the truth about them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Columns = Mapping[str, np.ndarray]
Build = Callable[[np.random.Generator], "Case"]

NONE = "none"
DATA, MODEL, CONCEPT, PERFORMANCE = "DATA_DRIFT", "MODEL_DRIFT", "CONCEPT_DRIFT", "PERFORMANCE_DRIFT"
ROLES = ("timestamp", "prediction", "target", "score")

MAIN, HELD_OUT = "main", "held-out"
# Seeds of held-out families start here, so that no draw is ever shared with a family that was looked at.
FIRST_SEED = {MAIN: 0, HELD_OUT: 1_000}


@dataclass(frozen=True)
class Case:
    """Two frames and the truth.

    Numbers are float64 with NaN for a missing value, categories are arrays of strings with None for one,
    time is datetime64[us]. `roles` maps timestamp, prediction, target and score to columns; every other
    column is a feature. `drift` is none or one of the four types; `affected` names features only.
    """

    reference: Columns
    current: Columns
    drift: str = NONE
    affected: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)

    @property
    def drifted(self) -> bool:
        return self.drift != NONE

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(name for name in self.reference if name not in self.roles.values())

    def digest(self) -> str:
        """Names the case by its content, so that a stored answer is used for the very same rows only."""
        made = hashlib.blake2b(digest_size=12)
        for frame in (self.reference, self.current):
            for name, values in frame.items():
                made.update(f"{name}:{values.dtype.kind}:{len(values)}".encode())
                if values.dtype.kind == "O":
                    made.update("\x1f".join(map(str, values)).encode())
                else:
                    made.update(np.ascontiguousarray(values).view(np.uint8).data)
        made.update(repr(sorted(self.roles.items())).encode())
        return made.hexdigest()

    def write(self, folder: Path) -> None:
        """Both frames as Parquet, which every peer reads."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in (("reference", self.reference), ("current", self.current)):
            pq.write_table(table(frame), folder / f"{name}.parquet", compression="lz4")


def table(frame: Columns) -> pa.Table:
    """An Arrow table; NaN becomes null, as frames of every library have it."""
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in frame.items()})


@dataclass(frozen=True)
class Family:
    """Cases of one kind. `size` is small or large where there is drift."""

    name: str
    theme: str
    build: Build
    drifted: bool
    size: str = ""
    split: str = MAIN
    # Peers that take minutes for one such case see fewer seeds of it.
    heavy: bool = False

    def case(self, seed: int) -> Case:
        """The same case for the same family and seed, on every machine."""
        name = int.from_bytes(hashlib.blake2b(self.name.encode(), digest_size=8).digest(), "big")
        rng = np.random.default_rng(np.random.SeedSequence((name, seed + FIRST_SEED[self.split])))
        case = self.build(rng)
        assert case.drifted == self.drifted, f"{self.name} says drifted={self.drifted}"
        return case


FAMILIES: dict[str, Family] = {}


def _add(family: Family) -> None:
    assert family.name not in FAMILIES, f"two families are called {family.name}"
    FAMILIES[family.name] = family


def same(theme: str, *, split: str = MAIN, heavy: bool = False) -> Callable[[Build], Build]:
    """Register a family in which nothing that matters has changed."""

    def register(build: Build) -> Build:
        _add(Family(build.__name__, theme, build, False, split=split, heavy=heavy))
        return build

    return register


def drifted(
    theme: str, *, small: float, large: float, split: str = MAIN, heavy: bool = False
) -> Callable[[Callable[[np.random.Generator, float], Case]], Callable[[np.random.Generator, float], Case]]:
    """Register two families: the same change at two sizes, which the function gets as its second argument.

    A small one is near what matters at all, and yet the best possible test would find it in nearly every case
    (`bench.drift.power`, and the tests which hold each to it); a large one is seen by the naked eye.
    """

    def register(
        build: Callable[[np.random.Generator, float], Case],
    ) -> Callable[[np.random.Generator, float], Case]:
        for size, amount in (("small", small), ("large", large)):

            def at_size(rng: np.random.Generator, amount: float = amount) -> Case:
                return build(rng, amount)

            _add(Family(f"{build.__name__}_{size}", theme, at_size, True, size, split, heavy))
        return build

    return register
