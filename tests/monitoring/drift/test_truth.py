"""What stands for the truth of a window changes with the truth, and with nothing else."""

from __future__ import annotations

import numpy as np

from assay.domain.model import Model, Task
from assay.domain.profile import ProfileChange, ProfileKey, ProfileKind
from assay.domain.time import HOUR, Granularity
from assay.monitoring.drift.hours import SeriesName
from assay.monitoring.drift.truth import TruthReader
from assay.stats.summaries.classification import ClassificationSummary
from assay.testing.memory import MemoryProfiles, MemoryRegistry

CHANCES = {"a": [0.6, 0.5, 0.2], "b": [0.3, 0.3, 0.7], "c": [0.1, 0.2, 0.1]}


def number(truth: list[str | None], order: tuple[int, ...] = (0, 1, 2)) -> tuple[int, int]:
    rows = list(order)
    summary = ClassificationSummary.of(
        [truth[row] for row in rows],
        [["a", "a", "b"][row] for row in rows],
        probabilities={name: np.array(values)[rows] for name, values in CHANCES.items()},
    )
    profiles = MemoryProfiles(MemoryRegistry())
    key = ProfileKey("m", "", ProfileKind.OUTCOMES, Granularity.HOUR, 0)
    profiles.commit(ProfileChange(before=0, after=1, upserts={key: summary.to_bytes()}))
    model = Model("m", Task.MULTICLASS)
    reader = TruthReader(profiles)
    found = reader.read(model, SeriesName("m"), 0, HOUR).of(0, HOUR)
    assert reader.read(model, SeriesName("m"), 0, HOUR).of(0, HOUR) == found  # as it is remembered
    return found


def test_labels_of_several_classes_that_are_exchanged_are_another_truth() -> None:
    # Both rows are predicted "a": the confusion matrix stays, the probabilities of what came true do not.
    before, after = number(["a", "b", "b"]), number(["b", "a", "b"])
    assert before[0] == after[0] == 3
    assert before != after


def test_the_order_of_rows_is_no_news() -> None:
    assert number(["a", "b", "b"]) == number(["a", "b", "b"], (2, 0, 1))
    assert number([None, None, None]) == (0, 0)
