"""Lines in, lines out. Knows the standard library, pandas and nothing of this repository: it runs among
peers.

A line in is `{"reference": path, "current": path, "roles": {...}}`. A line out maps names of judges to
`{"drifted": bool, "affected": [...], "type": ... or null}`, or is `{"error": "..."}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Frames:
    """Two pandas frames and the roles of their columns."""

    reference: Any
    current: Any
    roles: dict[str, str]

    @property
    def features(self) -> list[str]:
        return [name for name in self.reference.columns if name not in self.roles.values()]

    @property
    def judged(self) -> list[str]:
        """Features, score and prediction, and the truth where it is there: all but the time."""
        return [name for name in self.reference.columns if name != self.roles.get("timestamp")]

    def numeric(self, name: str) -> bool:
        return self.reference[name].dtype.kind in "fiu"


def verdict(flagged: dict[str, bool], *, drifted: bool | None = None) -> dict[str, Any]:
    """From a flag a column; drifted by any of them unless said otherwise."""
    affected = [name for name, flag in flagged.items() if flag]
    return {
        "drifted": bool(affected) if drifted is None else bool(drifted),
        "affected": affected,
        "type": None,
    }


def serve(judge: Callable[[Frames], dict[str, dict[str, Any]]]) -> None:
    """Answer until the input ends. What libraries print goes to standard error."""
    import pandas as pd

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            frames = Frames(
                pd.read_parquet(asked["reference"]), pd.read_parquet(asked["current"]), asked["roles"]
            )
            began = time.perf_counter()
            verdicts = judge(frames)
            seconds = time.perf_counter() - began
            said: dict[str, Any] = {name: {**given, "seconds": seconds} for name, given in verdicts.items()}
        except Exception as exc:  # noqa: BLE001 - a peer's failure is an answer of its own
            said = {"error": f"{type(exc).__name__}: {exc}"[:500]}
        answers.write(json.dumps(said, default=bool) + "\n")
        answers.flush()
