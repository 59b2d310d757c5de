"""Regressions without labels: losses learnt from the stored rows of labelled days, told from profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.domain.columns import LABEL_FIELDS, TAG, Kind
from assay.domain.model import Model
from assay.domain.time import DAY
from assay.monitoring.estimation_ways import LOSSES, Day, Taught, Way
from assay.monitoring.feature_rows import FeatureRows, feature_rows
from assay.monitoring.label_join import micros_of, truth_index
from assay.monitoring.raw_rows import POSITION, RawRows, concat
from assay.monitoring.references import is_feature
from assay.monitoring.summary_pool import StoredSummary
from assay.stats.estimation.loss_cells import CellGroups, Labelled, fit_cell_losses
from assay.stats.estimation.result import MetricEstimate
from assay.stats.metrics import regression_metrics
from assay.stats.summaries.column import Column
from assay.stats.summaries.feature_profile import FeatureProfile
from assay.stats.summaries.reference import Reference
from assay.stats.summaries.regression import RegressionSummary

__all__ = ["MOST_ROWS", "way_of_losses"]

MOST_ROWS = 20_000
"""Rows of the labelled days that losses are learnt from at most, evenly spread over them."""

_Part = tuple[str | None, tuple[str, str]]


class _Rows(NamedTuple):
    columns: dict[str, Column]
    truth: npt.NDArray[np.float64]
    prediction: npt.NDArray[np.float64]
    day: npt.NDArray[np.int64]


def way_of_losses(model: Model, reference: Reference | None, raw: RawRows, part: _Part) -> Way | str:
    """Return how a regression's performance is estimated, or why it cannot be.

    Parameters
    ----------
    model : whose.
    reference : the active one, in whose cells features are counted.
    raw : the stored rows; those of the labelled days are read once, when they or the reference change.
    part : the version or None for all, and the slice, that is estimated.
    """
    if reference is None or not reference.features:
        return "a regression is estimated by its features, and none has been logged yet"

    def fit(days: Sequence[Day]) -> Taught:
        rows = _labelled_rows(model, reference, raw, part, days)
        if rows is None:
            reason = "the labelled predictions of these days are not stored row by row any more"
            return Taught(lambda stored, _: _refused(_outcome(stored).n_predictions, reason), reason)
        groups = CellGroups.of(reference.profile)
        day = np.unique(rows.day, return_inverse=True)[1].astype(np.int64)
        group = groups.of_rows(rows.columns, day.size)
        fitted = fit_cell_losses(groups, Labelled(group, rows.truth, rows.prediction, day), LOSSES)

        def estimate(
            stored: StoredSummary | None, profile: FeatureProfile | None
        ) -> dict[str, MetricEstimate]:
            count = _outcome(stored).n_predictions
            if profile is None:
                return _refused(count, "there is no profile of its features")
            return fitted.estimate(profile, count)

        seen = sum(_outcome(one).n for _, _, one in days)
        notes = (f"{day.size:,} of {seen:,} labelled rows were read, evenly spread",)
        return Taught(estimate, fitted.refusal, notes if day.size < seen else ())

    def realised(stored: StoredSummary | None) -> Mapping[str, float | None]:
        found = regression_metrics(_outcome(stored), names=LOSSES)
        return {name: one.value for name, one in found.items()}

    def mark(stored: StoredSummary) -> int:
        one = _outcome(stored)
        return hash((reference.id, one.n_predictions, one.n, one.error2, one.absolute))

    return Way(
        "regression",
        LOSSES,
        None,
        lambda stored: _outcome(stored).n,
        lambda stored: _outcome(stored).n_predictions,
        realised,
        mark,
        fit,
        of_features=True,
    )


def _outcome(stored: StoredSummary | None) -> RegressionSummary:
    return stored if isinstance(stored, RegressionSummary) else RegressionSummary.empty()


def _refused(count: int, reason: str) -> dict[str, MetricEstimate]:
    return {name: MetricEstimate.refused(name, count, reason) for name in LOSSES}


def _labelled_rows(
    model: Model, reference: Reference, raw: RawRows, part: _Part, days: Sequence[Day]
) -> _Rows | None:
    """Read the labelled rows of some days, every k-th where there are many; None where there is none."""
    wanted = {"prediction_id", "model_version", "timestamp", "received_at", "prediction"}
    wanted |= {TAG + part[1][0]}
    columns = [
        name
        for name in raw.still(model.model_id, Kind.PREDICTIONS).names()
        if name in wanted or is_feature(name)
    ]
    every = max(1, -(-sum(_outcome(one).n_predictions for _, _, one in days) // MOST_ROWS))
    kept: list[pa.Table] = []
    seen = 0
    pieces = raw.pieces(
        model.model_id, Kind.PREDICTIONS, upto=None, columns=columns, start=days[0][0], end=days[-1][1]
    )
    for piece in pieces:
        some = _of_part(piece, part)
        first = -seen % every
        seen += some.num_rows
        kept.append(some.take(pa.array(np.arange(first, some.num_rows, every))))
    table = concat([one for one in kept if one.num_rows])
    if not table.num_rows or "prediction" not in table.column_names:
        return None
    labels = raw.read(
        model.model_id,
        Kind.LABELS,
        ids=table.column("prediction_id").to_pylist(),
        columns=tuple(LABEL_FIELDS),
    )
    truth, _ = truth_index(table, labels, horizon=model.settings.label_horizon)
    if "actual" not in labels.column_names:
        return None
    actual = np.append(_floats(labels, "actual"), np.nan)[truth]
    guess = _floats(table, "prediction")
    good = np.flatnonzero(np.isfinite(actual) & np.isfinite(guess))
    if not good.size:
        return None
    found = feature_rows(table, reference)
    return _Rows(
        {name: _column(one.take(good)) for name, one in found.items()},
        actual[good],
        guess[good],
        micros_of(table, "timestamp")[good] // DAY,
    )


def _of_part(table: pa.Table, part: _Part) -> pa.Table:
    """Rows of the version and the slice."""
    version, (key, value) = part
    if POSITION in table.column_names:
        table = table.drop_columns([POSITION])
    if version is not None:
        table = table.filter(pc.equal(table.column("model_version"), version))
    if key and TAG + key not in table.column_names:
        return table.slice(0, 0)
    return table.filter(pc.equal(table.column(TAG + key), value)) if key else table


def _floats(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    column = table.column(name).cast(pa.float64(), safe=False)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _column(rows: FeatureRows) -> Column:
    """One value a row: NaN, or a code of -1, where there is none of the feature's kind."""
    missing = None if rows.valid is None else ~rows.valid
    if rows.kind == "numeric":
        values = rows.values if missing is None else np.where(missing, np.nan, rows.values)
        return Column("numeric", values=values)
    codes = rows.values if missing is None else np.where(missing, -1, rows.values)
    return Column("categorical", codes=codes, dictionary=rows.dictionary)
