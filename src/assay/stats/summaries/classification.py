"""Classification: what was predicted against what was true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from assay.errors import InvalidInput
from assay.stats.summaries.base import Mergeable
from assay.stats.summaries.bounded import bottom_k, shorten
from assay.stats.summaries.classes import MAX_CLASSES, class_codes, default_positive, union
from assay.stats.summaries.codec import Floats, Ints, Kind, Reader, Writer
from assay.stats.summaries.floats import as_floats
from assay.stats.summaries.probabilities import ProbabilitySummary
from assay.stats.summaries.scores import ScoreSummary, gather
from assay.stats.summaries.texts import Texts, encode_texts

__all__ = ["ClassificationSummary"]


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationSummary(Mergeable):
    """Confusion counts, and what scores and probabilities say, of predictions labelled or not.

    Classes are texts. At most `MAX_CLASSES` are told apart; the arrays' last row and column are for the
    others.

    Attributes
    ----------
    classes : the classes told apart, sorted.
    predicted : int64[classes + 1], predictions of each class, labelled or not.
    matrix : int64[classes + 1, classes + 1], labelled predictions by actual (row) and predicted class.
    n_predictions : rows with a prediction, a score or probabilities.
    n_labelled : those of them that have their truth.
    correct : rows whose prediction is the truth.
    scores : distribution of scores, or None where there were none.
    probabilities : what the probabilities say, or None where there were none.
    """

    classes: tuple[str, ...]
    predicted: Ints
    matrix: Ints
    n_predictions: int = 0
    n_labelled: int = 0
    correct: int = 0
    scores: ScoreSummary | None = None
    probabilities: ProbabilitySummary | None = None

    @classmethod
    def empty(cls) -> Self:
        """Summary of no rows."""
        return cls((), np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.int64))

    @classmethod
    def of(
        cls,
        actual: Texts,
        predicted: Texts,
        score: npt.ArrayLike | None = None,
        probabilities: Mapping[str, npt.ArrayLike] | None = None,
        *,
        positive_class: str | None = None,
        exact: bool = False,
        late: bool = False,
    ) -> Self:
        """Summarise a batch.

        Parameters
        ----------
        actual : the true classes, None where not known yet; or a pair (codes, dictionary).
        predicted : the predicted classes, None where there is none; or a pair (codes, dictionary).
        score : probability of the positive class, NaN where there is none.
        probabilities : for each class its probability in each row, NaN where there is none. With exactly
            two classes and no `score`, the positive class's is the score.
        positive_class : which of two classes `score` speaks of; None: see
            :func:`assay.stats.summaries.classes.default_positive`.
        exact : count each distinct score by itself, so that metrics of rank are exact. The summary then
            grows with the rows.
        late : the predictions have been counted before; count only what these labels add.
            ``of(rows without labels) + of(same rows, late=True)`` equals ``of(rows)``.

        Raises
        ------
        InvalidInput
            Where the arguments differ in length, or a class is not text.

        Examples
        --------
        >>> summary = ClassificationSummary.of(["1", "0", None], ["1", "1", "0"], [0.9, 0.6, 0.2])
        >>> summary.n_predictions, summary.n_labelled, summary.correct
        (3, 2, 1)
        """
        actual_codes, actual_names = encode_texts(actual, "actual")
        guess_codes, guess_names = encode_texts(predicted, "predicted")
        rows = actual_codes.size
        if guess_codes.size != rows:
            raise InvalidInput(f"{rows} actual classes, but {guess_codes.size} predicted ones")
        scores = None if score is None else _column(score, rows, "score")
        columns = {name: _column(values, rows, name) for name, values in (probabilities or {}).items()}
        if scores is None and len(columns) == 2:
            positive = positive_class if positive_class in columns else default_positive(list(columns))
            scores = columns[positive] if positive is not None else None
        present = guess_codes >= 0
        if scores is not None:
            present |= ~np.isnan(scores)
        for values in columns.values():
            present |= ~np.isnan(values)
        actual_codes = np.where(present, actual_codes, -1)
        labelled = actual_codes >= 0

        counted = labelled if late else present
        names = _seen(actual_codes[labelled], actual_names) | _seen(guess_codes[counted], guess_names)
        classes = bottom_k(names, MAX_CLASSES)
        size = len(classes) + 1
        guess = class_codes(guess_codes, guess_names, classes)
        both = labelled & (guess_codes >= 0)
        pairs = class_codes(actual_codes[both], actual_names, classes) * size + guess[both]
        # Right or wrong is exact also among classes that are not told apart.
        same = {name: place for place, name in enumerate(guess_names)}
        twin = np.array([same.get(name, -2) for name in actual_names] + [-1], dtype=np.int64)
        correct = int(np.count_nonzero(twin[actual_codes[both]] == guess_codes[both]))
        predictions = np.zeros(size, dtype=np.int64)
        if not late:
            predictions += np.bincount(guess[guess_codes >= 0], minlength=size)

        found = None
        if scores is not None:
            found = ScoreSummary.of(actual_codes, actual_names, scores, exact=exact, late=late)
        fit = None
        if len(columns) > 2 or (columns and score is not None):
            names_of_all = list(dict.fromkeys((*actual_names, *guess_names)))
            place = {name: i for i, name in enumerate(names_of_all)}
            guessed = np.array([place[name] for name in guess_names] + [-1], dtype=np.int64)[guess_codes]
            fit = ProbabilitySummary.of(actual_codes, names_of_all, guessed, columns, exact=exact, late=late)
        return cls(
            tuple(classes),
            predictions,
            np.bincount(pairs, minlength=size * size).astype(np.int64).reshape(size, size),
            0 if late else int(np.count_nonzero(present)),
            int(np.count_nonzero(labelled)),
            correct,
            found,
            fit,
        )

    @property
    def n(self) -> int:
        """Labelled rows with a predicted class."""
        return int(self.matrix.sum())

    @property
    def coverage(self) -> float | None:
        """Share of the predictions that have their truth; None where there is no prediction."""
        return self.n_labelled / self.n_predictions if self.n_predictions else None

    @property
    def complete(self) -> bool:
        """Whether every class seen is told apart."""
        return not (self.matrix[-1].any() or self.matrix[:, -1].any() or self.predicted[-1])

    @property
    def score_invalid(self) -> int:
        """Scores outside [0, 1], or infinite."""
        return self.scores.invalid if self.scores else 0

    @property
    def confusion(self) -> dict[tuple[str | None, str | None], int]:
        """Counts by (actual, predicted) where there are any; None stands for classes not told apart."""
        names: tuple[str | None, ...] = (*self.classes, None)
        rows, columns = np.nonzero(self.matrix)
        return {
            (names[row], names[column]): int(self.matrix[row, column])
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        }

    def merge(self, other: Self) -> Self:
        """Describe the rows of both."""
        classes, ours, theirs = union(self.classes, other.classes)
        size = len(classes) + 1

        def square(matrix: Ints, places: Ints) -> Ints:
            return gather(gather(matrix, places, size).T, places, size).T.astype(np.int64)

        return type(self)(
            classes,
            gather(self.predicted, ours, size).astype(np.int64)
            + gather(other.predicted, theirs, size).astype(np.int64),
            np.ascontiguousarray(square(self.matrix, ours) + square(other.matrix, theirs)),
            self.n_predictions + other.n_predictions,
            self.n_labelled + other.n_labelled,
            self.correct + other.correct,
            self.scores + other.scores if self.scores and other.scores else self.scores or other.scores,
            self.probabilities + other.probabilities
            if self.probabilities and other.probabilities
            else self.probabilities or other.probabilities,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON; a class of None stands for those not told apart."""
        names = (*self.classes, None)
        return {
            "kind": "classification",
            "n_predictions": self.n_predictions,
            "n_labelled": self.n_labelled,
            "coverage": self.coverage,
            "correct": self.correct,
            "predicted": [
                {"class": name, "n": count}
                for name, count in zip(names, self.predicted.tolist(), strict=True)
                if count
            ],
            "confusion": [
                {"actual": pair[0], "predicted": pair[1], "n": count}
                for pair, count in self.confusion.items()
            ],
            "score_invalid": self.score_invalid,
        }

    def to_bytes(self) -> bytes:
        """Compact versioned bytes."""
        writer = Writer()
        writer.texts(self.classes)
        writer.ints([self.n_predictions, self.n_labelled, self.correct])
        writer.ints(self.predicted)
        writer.ints(self.matrix)
        writer.uint((self.scores is not None) | (self.probabilities is not None) << 1)
        if self.scores is not None:
            self.scores.write(writer)
        if self.probabilities is not None:
            self.probabilities.write(writer)
        return writer.finish(Kind.CLASSIFICATION)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        InvalidInput
            Where the bytes do not read back.
        """
        reader = Reader(data, Kind.CLASSIFICATION)
        classes = tuple(reader.texts(limit=MAX_CLASSES))
        size = len(classes) + 1
        n_predictions, n_labelled, correct = reader.ints(size=3).tolist()
        predicted = reader.ints(size=size)
        matrix = reader.ints(size=size * size).reshape(size, size)
        parts = reader.uint()
        scores = ScoreSummary.read(reader) if parts & 1 else None
        probabilities = ProbabilitySummary.read(reader) if parts & 2 else None
        reader.done()
        return cls(classes, predicted, matrix, n_predictions, n_labelled, correct, scores, probabilities)


def _column(values: npt.ArrayLike, rows: int, what: str) -> Floats:
    array = as_floats(values, what)
    if array.size != rows:
        raise InvalidInput(f"{rows} rows, but {array.size} values of {what[:80]!r}")
    return array


def _seen(codes: Ints, names: list[str]) -> set[str]:
    places = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(names))) if names else ()
    return {shorten(names[place]) for place in places}
