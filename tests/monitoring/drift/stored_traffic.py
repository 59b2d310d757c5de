"""Traffic of a model with a daily season, memory and, where asked for, drift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)


def traffic(
    hours: range,
    *,
    seed: int = 1,
    rows: int = 40,
    shift: float = 0.0,
    season: float = 0.8,
    memory: float = 0.0,
    **more: Any,
) -> dict[str, Any]:
    """Rows of some hours after :data:`MONDAY`: one number that follows the hour of day, one that does not,
    and a category."""
    rng = np.random.default_rng((seed, hours.start))
    hour = np.repeat(np.arange(hours.start, hours.stop), rows)
    wave = season * np.sin(2 * np.pi * hour / 24)
    level = np.zeros(len(hours))
    for at in range(1, level.size):
        level[at] = memory * level[at - 1] + rng.normal(0, np.sqrt(1 - memory**2))
    wander = np.repeat(level, rows) if memory else 0.0
    seconds = np.tile(np.sort(rng.integers(0, 3600, rows)), len(hours))
    times = [MONDAY + timedelta(hours=int(h), seconds=int(s)) for h, s in zip(hour, seconds, strict=True)]
    return {
        "prediction_id": [f"{hours.start}-{place}" for place in range(hour.size)],
        "timestamp": times,
        "prediction": rng.integers(0, 2, hour.size),
        "amount": rng.normal(wave + wander + shift, 1.0),
        "flat": rng.normal(size=hour.size),
        "plan": rng.choice(["free", "pro"], hour.size, p=[0.7, 0.3]),
        **more,
    }


def at(hour: int) -> str:
    """Time of an hour after :data:`MONDAY`, as a user writes it."""
    return (MONDAY + timedelta(hours=hour)).isoformat()
