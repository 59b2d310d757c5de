"""The model: a logistic regression that knows winter only.

It learns in January and February that cold and wet days delay flights. In summer it finds the weather fine
and expects 9% of the flights to be late where thunderstorms and full airports make it 31%; in autumn, when
little is late, what it learned hardly tells flights apart.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.cli.demo.flights import CATEGORIES, FEATURES, NUMBERS
from assay.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Classifier", "Scored", "train"]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of some flights, and the milliseconds that the two stages took."""

    score: np.ndarray
    late: np.ndarray
    preprocessing_ms: float
    inference_ms: float


@dataclass(frozen=True, slots=True)
class Classifier:
    """A trained model; flights whose score reaches `threshold` are called late."""

    preparation: Any
    regression: Any
    threshold: float

    def predict(self, flights: pd.DataFrame) -> Scored:
        """Score flights, and take the time."""
        started = time.perf_counter()
        inputs = self.preparation.transform(flights[list(FEATURES)])
        between = time.perf_counter()
        score = self.regression.predict_proba(inputs)[:, 1]
        ended = time.perf_counter()
        return Scored(
            score=score,
            late=(score >= self.threshold).astype(float),
            preprocessing_ms=(between - started) * 1e3,
            inference_ms=(ended - between) * 1e3,
        )


def train(flights: pd.DataFrame) -> Classifier:
    """Train on those of the flights whose truth is known.

    The threshold is set so that among them as many are called late as were late.

    Raises
    ------
    MissingExtra
        Where scikit-learn is not installed.
    """
    try:
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler
    except ImportError as exc:
        raise MissingExtra.of("demo", purpose="the demonstration") from exc
    known = flights[flights["late"].notna()]
    preparation = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=100, sparse_output=False),
            list(CATEGORIES),
        ),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(NUMBERS)),
    )
    inputs = preparation.fit_transform(known[list(FEATURES)])
    regression = LogisticRegression(max_iter=500).fit(inputs, known["late"])
    score = regression.predict_proba(inputs)[:, 1]
    threshold = float(np.quantile(score, 1.0 - known["late"].mean()))
    return Classifier(preparation, regression, threshold)
