"""Hours of a model as blocks in the order of time, read from stored profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.domain.profile import ProfileKey, ProfileKind
from assay.domain.time import DAY, HOUR, Granularity
from assay.ports.profiles import Profiles
from assay.stats.summaries.codec import Floats, Ints
from assay.stats.summaries.packed_profile import N, PackedProfile
from assay.stats.summaries.parallel import map_columns
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.traffic import TrafficSummary
from assay.stats.verdict.blocks import Blocks
from assay.stats.verdict.contrasts import ContrastKind, Contrasts

__all__ = ["Hours", "SeriesName", "read_hours", "read_volume", "scan_hours"]


@dataclass(frozen=True, slots=True)
class SeriesName:
    """Which rows of a model: a version or all, a slice or all."""

    model_id: str
    version: str | None = None
    slice: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Hours that hold rows.

    Attributes
    ----------
    blocks : their contrasts; ``blocks.starts`` are microseconds.
    rows : int64[hours].
    """

    blocks: Blocks
    rows: Ints

    @property
    def starts(self) -> Ints:
        """When they begin (microseconds)."""
        assert self.blocks.starts is not None  # noqa: S101 - hours are in time
        return self.blocks.starts

    def chosen(self, which: np.ndarray) -> Hours:
        """Return some of the hours (bool[hours])."""
        blocks = self.blocks
        return Hours(
            Blocks(
                blocks.contrasts,
                blocks.successes[which],
                blocks.trials[which],
                self.starts[which],
                blocks.width,
            ),
            self.rows[which],
        )

    def usual_rows(self) -> Floats:
        """Return the mean rows of each hour of the day (UTC), that of all for one without: float64[24]."""
        of_day = (self.starts // HOUR) % (DAY // HOUR)
        count = np.bincount(of_day, minlength=24)
        total = np.bincount(of_day, self.rows, minlength=24)
        mean = float(self.rows.mean()) if self.rows.size else 1.0
        return np.where(count > 0, total / np.maximum(count, 1), mean)


def scan_hours(
    profiles: Profiles,
    name: SeriesName,
    kind: ProfileKind,
    start: int,
    end: int,
    *,
    reference_id: str = "",
) -> list[tuple[ProfileKey, bytes]]:
    """Read the profiles of hours that begin in ``[start, end)`` (µs), one of each version and hour."""
    return profiles.scan(
        name.model_id,
        kind,
        Granularity.HOUR,
        start=start,
        end=end,
        version=name.version,
        slice_key=name.slice[0],
        slice_value=name.slice[1],
        reference_id=reference_id,
    )


def read_hours(
    profiles: Profiles, name: SeriesName, reference: Reference, contrasts: Contrasts, start: int, end: int
) -> Hours:
    """Read the hours that begin in ``[start, end)``."""
    stored = scan_hours(profiles, name, ProfileKind.FEATURES, start, end, reference_id=reference.id)
    counted = map_columns(
        lambda item: _counted(PackedProfile.from_bytes(item[1], reference.layout), contrasts),
        stored,
        values=len(stored) * reference.layout.size,
    )
    return _hours([key for key, _ in stored], counted, contrasts)


def _hours(
    keys: Sequence[ProfileKey], counted: Iterable[tuple[Ints, Ints, int]], contrasts: Contrasts
) -> Hours:
    """Add up what several versions have in one hour."""
    starts, place = np.unique(np.array([key.start for key in keys], dtype=np.int64), return_inverse=True)
    successes = np.zeros((starts.size, contrasts.size), dtype=np.int64)
    trials = np.zeros_like(successes)
    rows = np.zeros(starts.size, dtype=np.int64)
    for at, (ours, among, n) in zip(place.tolist(), counted, strict=True):
        successes[at] += ours
        trials[at] += among
        rows[at] += n
    return Hours(Blocks(contrasts, successes, trials, starts, HOUR), rows)


def _counted(packed: PackedProfile, contrasts: Contrasts) -> tuple[Ints, Ints, int]:
    """Rows of each contrast, those among which it counts, and all rows, without laying the counts out."""
    edges = np.unique(np.concatenate([contrasts.start, contrasts.stop]))
    below = np.concatenate([[0], np.cumsum(packed.counts.sums(edges))])
    named = below[np.searchsorted(edges, contrasts.stop)] - below[np.searchsorted(edges, contrasts.start)]
    n = packed.tallies[contrasts.feature, N]
    missing = contrasts.kind == ContrastKind.MISSING
    successes = np.where(contrasts.kind == ContrastKind.NEW, n - named, named)
    return (
        np.where(missing, packed.rows - n, successes),
        np.where(missing, packed.rows, n),
        packed.rows,
    )


def read_volume(profiles: Profiles, name: SeriesName, start: int, end: int) -> tuple[Ints, Floats]:
    """Return the hours from `start` to `end` that hold predictions, and how many: int64, float64[hours]."""
    found: dict[int, int] = {}
    for key, data in scan_hours(profiles, name, ProfileKind.TRAFFIC, start, end):
        found[key.start] = found.get(key.start, 0) + TrafficSummary.from_bytes(data).n
    return np.array(list(found), dtype=np.int64), np.array(list(found.values()), dtype=np.float64)
