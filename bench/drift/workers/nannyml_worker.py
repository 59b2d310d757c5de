"""NannyML: univariate drift (Jensen-Shannon, thresholds from the reference's chunks) and PCA reconstruction.

Chunks have the window's size, or a tenth of the reference where that is less; a window that holds several
chunks has
drifted if any chunk alerts. Where the truth is there, realised performance is judged as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from protocol import Frames, serve, verdict


def _alerts(result: Any) -> np.ndarray:
    return result.filter(period="analysis").to_df().xs("alert", axis=1, level=-1).fillna(False).astype(bool)


def _prepared(frames: Frames) -> tuple[pd.DataFrame, pd.DataFrame]:
    sides = []
    for side in (frames.reference, frames.current):
        frame = side.copy()
        for name in frames.judged:
            if not frames.numeric(name):
                frame[name] = frame[name].astype("object")
        sides.append(frame)
    return sides[0], sides[1]


def judge(frames: Frames) -> dict[str, dict[str, Any]]:
    import nannyml

    reference, current = _prepared(frames)
    size = max(min(len(current), len(reference) // 10), 10)
    time = frames.roles.get("timestamp")
    truth, prediction, score = (frames.roles.get(role) for role in ("target", "prediction", "score"))
    columns = [name for name in frames.judged if name != truth]
    flagged: dict[str, bool] = {}
    if columns:
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=columns,
            treat_as_categorical=[name for name in columns if not frames.numeric(name)],
            timestamp_column_name=time,
            chunk_size=size,
        )
        calculator.fit(reference)
        alerts = _alerts(calculator.calculate(current))
        flagged = {name: bool(alerts[name].to_numpy().any()) for name in columns}
    if truth and prediction:
        flagged["(performance)"] = _performance(
            nannyml, reference, current, truth, prediction, score, time, size
        )
    verdicts = {"NannyML, any column": verdict(flagged)}
    verdicts["NannyML, reconstruction"] = _reconstruction(nannyml, reference, current, frames, size)
    return verdicts


def _reconstruction(
    nannyml: Any, reference: pd.DataFrame, current: pd.DataFrame, frames: Frames, size: int
) -> dict[str, Any]:
    """It fails on frames which the other can judge, so it answers for itself."""
    if len(frames.features) <= 1:
        return verdict({}, drifted=False)
    calculator = nannyml.DataReconstructionDriftCalculator(
        column_names=frames.features, timestamp_column_name=frames.roles.get("timestamp"), chunk_size=size
    )
    try:
        calculator.fit(reference)
        return verdict({}, drifted=bool(_alerts(calculator.calculate(current)).to_numpy().any()))
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is this calculator's
        return {"error": f"{type(exc).__name__}: {exc}"[:500]}


def _performance(
    nannyml: Any,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    truth: str,
    prediction: str,
    score: str | None,
    time: str | None,
    size: int,
) -> bool:
    classes = sorted(map(str, reference[truth].dropna().unique()))
    if len(classes) > 20:
        problem, metrics = "regression", ["mae", "rmse"]
    elif score and len(classes) == 2:
        problem, metrics = "classification_binary", ["roc_auc", "accuracy"]
    elif len(classes) == 2:
        # It insists on a score; the class itself is one.
        problem, metrics, score = "classification_binary", ["accuracy"], prediction
    else:
        # Its multiclass metrics want a probability for each class, which these cases do not have.
        return False
    calculator = nannyml.PerformanceCalculator(
        y_true=truth,
        y_pred=prediction,
        y_pred_proba=score,
        problem_type=problem,
        metrics=metrics,
        timestamp_column_name=time,
        chunk_size=size,
    )
    calculator.fit(reference.dropna(subset=[truth]))
    return bool(_alerts(calculator.calculate(current.dropna(subset=[truth]))).to_numpy().any())


if __name__ == "__main__":
    serve(judge)
