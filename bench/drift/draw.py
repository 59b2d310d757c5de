"""What families draw their columns with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.signal import lfilter

from bench.drift.case import Columns

DAY = np.timedelta64(86_400_000_000, "us")
HOUR = np.timedelta64(3_600_000_000, "us")
# A Monday, so that weeks begin with it.
START = np.datetime64("2025-01-06T00:00:00", "us")

Column = Callable[[np.random.Generator, int], np.ndarray]


def named(count: int, first: int = 0) -> list[str]:
    return [f"x{number}" for number in range(first, first + count)]


def columns(rng: np.random.Generator, rows: int, draw: Column, count: int) -> dict[str, np.ndarray]:
    """Independent columns x0, x1, ... of one law."""
    return {name: draw(rng, rows) for name in named(count)}


def normal(rng: np.random.Generator, rows: int) -> np.ndarray:
    return rng.standard_normal(rows)


def categories(rng: np.random.Generator, rows: int, shares: Sequence[float], prefix: str = "c") -> np.ndarray:
    """Strings c0, c1, ... with these shares, which need not sum to one exactly."""
    law = np.asarray(shares, dtype=float)
    codes = rng.choice(len(law), size=rows, p=law / law.sum())
    return np.array([f"{prefix}{code}" for code in range(len(law))], dtype=object)[codes]


def zipf_shares(count: int, exponent: float = 1.0) -> np.ndarray:
    shares = np.arange(1, count + 1, dtype=float) ** -exponent
    return shares / shares.sum()


def ar1(rng: np.random.Generator, rows: int, coefficient: float) -> np.ndarray:
    """A stationary AR(1) of unit variance, from its first row."""
    noise = rng.standard_normal(rows) * np.sqrt(1 - coefficient**2)
    noise[0] = rng.standard_normal()
    return lfilter([1.0], [1.0, -coefficient], noise)


def equicorrelated(rng: np.random.Generator, rows: int, count: int, correlation: float) -> np.ndarray:
    """Standard normal columns, each pair of which has this correlation; shape (rows, count)."""
    common = rng.standard_normal((rows, 1))
    own = rng.standard_normal((rows, count))
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


def times(rows: int, step: np.timedelta64, start: np.datetime64 = START) -> np.ndarray:
    return start + np.arange(rows) * step


def hours(moments: np.ndarray) -> np.ndarray:
    """Hours since the first Monday's midnight."""
    return (moments - START) / HOUR


def daily(moments: np.ndarray, phase: float = 0.0) -> np.ndarray:
    return np.sin(2 * np.pi * (hours(moments) / 24 + phase))


def weekend(moments: np.ndarray) -> np.ndarray:
    return (hours(moments) // 24 % 7 >= 5).astype(float)


def cut(frame: Columns, at: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The rows before `at`, and those from it on."""
    return ({name: values[:at] for name, values in frame.items()}, {n: v[at:] for n, v in frame.items()})
