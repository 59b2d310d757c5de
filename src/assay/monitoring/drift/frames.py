"""From two data frames to what the verdict on drift is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.errors import InvalidInput
from assay.monitoring.feature_rows import FeatureRows, feature_rows
from assay.monitoring.frames import feature_table, frame_columns
from assay.monitoring.intake.faults import shown
from assay.monitoring.intake.moments import instants
from assay.monitoring.intake.values import Values
from assay.stats.summaries.bounded import shorten
from assay.stats.summaries.categorical import Categories
from assay.stats.summaries.codec import Ints
from assay.stats.summaries.parallel import map_columns
from assay.stats.summaries.reference import Reference
from assay.stats.verdict.blocks import Blocks, assemble, block_width, count_categories, count_numeric
from assay.stats.verdict.contrasts import ContrastKind, Contrasts

__all__ = ["Frames", "Roles", "read_frames"]

BLOCKS = 512
"""Blocks that rows are cut into where only their order is known."""

_SORTED = 0.95
"""A column that goes with the row number this closely was sorted by: the order of rows is no time then."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns that are no features."""

    timestamp: str | None = None
    prediction: str | None = None
    target: str | None = None
    score: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """Column by role, those that are given."""
        given = {role: getattr(self, role) for role in ("timestamp", "prediction", "target", "score")}
        return {role: name for role, name in given.items() if name is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Both frames in one shape.

    Attributes
    ----------
    reference, current : columns in row order, by name: features, prediction and score.
    outcome : the truth on either side, None where there is none.
    times : microseconds since 1970 of the rows on either side, -1 where unknown; None without timestamps.
    rows : of both sides.
    features : names of the features, without prediction and score.
    broken : columns that cannot be judged, with the reason.
    """

    reference: Mapping[str, FeatureRows]
    current: Mapping[str, FeatureRows]
    outcome: tuple[FeatureRows, FeatureRows] | None
    times: tuple[Ints, Ints] | None
    rows: tuple[int, int]
    features: tuple[str, ...]
    broken: Mapping[str, str]


def read_frames(
    reference: Any, current: Any, roles: Roles, features: Collection[str] | None = None
) -> tuple[Frames, Reference]:
    """Read both frames.

    Parameters
    ----------
    reference, current : Polars, pandas or PyArrow frames, or dictionaries of arrays.
    roles : columns that are no features.
    features : columns that are; None: all others of the reference.

    Raises
    ------
    InvalidInput
        Where one is no frame, a named column is absent, or the reference has no rows.
    """
    before, n = frame_columns(reference)
    after, m = frame_columns(current)
    if not n:
        raise InvalidInput("the reference has no rows; give rows of a time when the model was well")
    for role, name in roles.names.items():
        for side, columns in (("reference", before), ("current", after)):
            if name not in columns and not (role == "target" and side == "current"):
                known = ", ".join(shown(column) for column in list(columns)[:10])
                raise InvalidInput(
                    f"{role}: there is no column {shown(name)} in the {side} frame; it has {known or 'none'}"
                )
    taken = set(roles.names.values())
    chosen = [name for name in before if name not in taken] if features is None else list(features)
    for name in chosen:
        if name not in before:
            known = ", ".join(shown(column) for column in list(before)[:10])
            raise InvalidInput(f"features: there is no column {shown(name)} in the reference; it has {known}")
    outputs = [name for name in (roles.prediction, roles.score) if name is not None]
    wanted = list(dict.fromkeys([*chosen, *outputs]))
    table, left_out = feature_table({name: before[name] for name in wanted}, n)
    rows = feature_rows(table, _NONE)
    whole = slice(0, n)
    learnt = Reference.of({name: one.column(whole) for name, one in rows.items()}, rows=n)
    found = {name: after[name] for name in wanted if name in after and name not in left_out}
    table, spoilt = feature_table(found, m)
    now = feature_rows(table, learnt)
    broken = dict.fromkeys(left_out, "it holds nested values or moments, which are no feature")
    broken |= dict.fromkeys(spoilt, "in the current frame it holds nested values or moments")
    outcome = None
    if roles.target is not None and roles.target in after:
        outcome = _outcome(before[roles.target], after[roles.target], (n, m))
    times = None
    if roles.timestamp is not None:
        times = (
            instants(f"column {shown(roles.timestamp)} of the reference", before[roles.timestamp]),
            instants(f"column {shown(roles.timestamp)} of the current frame", after[roles.timestamp]),
        )
    return (
        Frames(
            rows,
            now,
            outcome,
            times,
            (n, m),
            tuple(name for name in chosen if name in rows),
            broken,
        ),
        learnt,
    )


_NONE = Reference.of({}, rows=0)


def _outcome(before: Values, after: Values, rows: tuple[int, int]) -> tuple[FeatureRows, FeatureRows] | None:
    """Read the truth of both sides as one kind; None where it cannot be read."""
    table, left_out = feature_table({"truth": before}, rows[0])
    if left_out:
        return None
    ours = feature_rows(table, _NONE)["truth"]
    kind = Reference.of({"truth": ours.column(slice(0, rows[0]))}, rows=rows[0])
    table, left_out = feature_table({"truth": after}, rows[1])
    return None if left_out else (ours, feature_rows(table, kind)["truth"])


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The block of each row of the reference.

    Attributes
    ----------
    block : int64[rows]; -1 for rows without a time.
    count : number of blocks.
    starts : int64[blocks], microseconds; None where only the order of rows is known.
    width : microseconds, or rows.
    """

    block: Ints
    count: int
    starts: Ints | None
    width: int


def order_of(frames: Frames) -> Order | None:
    """Cut the reference into blocks in the order of time; by row number where there are no times.

    None where the reference is too short, or sorted by a column: then the order says nothing of time.
    """
    n, m = frames.rows
    if frames.times is not None:
        before, after = frames.times
        known = before[before >= 0]
        current = after[after >= 0]
        if known.size < 2 or not current.size:
            return None
        span = int(known.max() - known.min())
        window = int(current.max() - current.min())
        if current.size > 1:  # from the first row to where the next one would be
            window += window // (current.size - 1)
        width = block_width(span, window)
        first = int(known.min()) // width
        count = int(known.max()) // width - first + 1
        if count > _MOST_BLOCKS:
            return None
        block = np.where(before >= 0, before // width - first, -1)
        return Order(block, count, (np.arange(count) + first) * width, width)
    width = max(1, min(m or 1, -(-n // BLOCKS)))
    if n < 2 or any(_sorted(one) for one in frames.reference.values()):
        return None
    return Order(np.arange(n) // width, -(-n // width), None, width)


_MOST_BLOCKS = 50_000


def _sorted(column: FeatureRows) -> bool:
    """Whether rows seem to have been sorted by this column."""
    if column.kind != "numeric":
        return False
    step = max(1, len(column.values) // 1000)
    some = column.values[::step]
    some = some[np.isfinite(some)]
    if some.size < 20 or np.ptp(some) == 0:
        return False
    ranks = np.argsort(np.argsort(some, kind="stable"), kind="stable")
    return bool(abs(np.corrcoef(ranks, np.arange(some.size))[0, 1]) > _SORTED)


def blocks_of(frames: Frames, reference: Reference, contrasts: Contrasts, order: Order) -> Blocks:
    """Count the contrasts of every block of the reference."""
    timed = order.block >= 0
    everywhere = bool(timed.all())
    block = order.block if everywhere else order.block[timed]

    def count(item: tuple[int, str]) -> tuple[int, Ints, Ints, Ints, Ints]:
        place, name = item
        rows = frames.reference[name]
        values = rows.values if everywhere else rows.values[timed]
        valid = rows.valid if rows.valid is None or everywhere else rows.valid[timed]
        where = contrasts.of_feature(place)
        kinds = contrasts.kind[where]
        if rows.kind == "numeric":
            cuts = contrasts.cut[where][kinds == ContrastKind.BELOW]
            own, present, absent = count_numeric(values, valid, block, order.count, cuts)
            return place, own, np.zeros(order.count, dtype=np.int64), present, absent
        categories = reference.features[name]
        chosen = contrasts.start[where][kinds == ContrastKind.CATEGORY] - contrasts.layout.offsets[place]
        rank = {int(one): i for i, one in enumerate(chosen.tolist())}
        kept = len(rank)
        index = categories.index if isinstance(categories, Categories) else {}
        place_of = np.array(
            [
                kept + 1 if (found := index.get(shorten(text))) is None else rank.get(found, kept)
                for text in rows.dictionary
            ],
            dtype=np.int64,
        )
        own, new, present, absent = count_categories(values, valid, block, order.count, place_of, kept)
        return place, own, new, present, absent

    counted = map_columns(count, enumerate(reference.features), values=block.size * len(reference.features))
    return assemble(contrasts, order.count, counted, order.starts, order.width)
