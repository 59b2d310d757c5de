"""Run by NannyML's own Python: its data sets with their truth, its estimates and the realised metrics.

``python estimation_peer.py FOLDER DATA SIZE``: writes DATA-reference.parquet and DATA-analysis.parquet into
FOLDER and prints what NannyML estimates for chunks of SIZE rows as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from pathlib import Path

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")

import nannyml  # noqa: E402 - it must be told before it is loaded

BINARY = {"roc_auc": "roc_auc", "accuracy": "accuracy", "f1": "f1_score"}
SEVERAL = BINARY | {"f1": "f1_score_macro"}  # its F1 of several classes is the mean over the classes
NUMBER = {"rmse": "rmse", "mae": "mae"}
CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")
DATA = {
    "california": (
        nannyml.load_modified_california_housing_dataset,
        "clf_target",
        "y_pred",
        "y_pred_proba",
        BINARY,
    ),
    "employment": (
        nannyml.load_us_census_ma_employment_data,
        "employed",
        "prediction",
        "predicted_probability",
        BINARY,
    ),
    "loan": (nannyml.load_synthetic_car_loan_dataset, "repaid", "y_pred", "y_pred_proba", BINARY),
    "home": (
        nannyml.load_synthetic_binary_classification_dataset,
        "work_home_actual",
        "y_pred",
        "y_pred_proba",
        BINARY,
    ),
    "cards": (
        nannyml.load_synthetic_multiclass_classification_dataset,
        "y_true",
        "y_pred",
        {card: f"y_pred_proba_{card}" for card in CARDS},
        SEVERAL,
    ),
    "car price": (nannyml.load_synthetic_car_price_dataset, "y_true", "y_pred", None, NUMBER),
}


def main() -> None:
    folder, name, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    load, target, prediction, score, metrics = DATA[name]
    reference, analysis, truth = load()
    for frame in (reference, analysis, truth):
        frame.rename(columns={"identifier": "id"}, inplace=True)
    analysis = analysis.merge(truth[["id", target]], on="id")
    if prediction not in reference:  # this set comes without, its authors cut at 0.5
        for frame in (reference, analysis):
            frame[prediction] = (frame[score] >= 0.5).astype(int)
    reference = reference.dropna(subset=[target])
    reference.to_parquet(folder / f"{name}-reference.parquet")
    analysis.to_parquet(folder / f"{name}-analysis.parquet")
    roles = {"y_true": target, "y_pred": prediction, "metrics": list(metrics), "chunk_size": size}
    if score is None:
        features = [name for name in reference if name not in ("id", "timestamp", target, prediction)]
        roles["problem_type"] = "regression"
        estimator = nannyml.DLE(
            feature_column_names=features, **{k: v for k, v in roles.items() if k != "problem_type"}
        )
    else:
        several = isinstance(score, dict)
        roles["problem_type"] = "classification_multiclass" if several else "classification_binary"
        roles["y_pred_proba"] = score
        estimator = nannyml.CBPE(**roles)
    began = time.perf_counter()
    fitted = estimator.fit(reference)
    estimated = fitted.estimate(analysis.drop(columns=[target])).filter(period="analysis").to_df()
    took = time.perf_counter() - began
    realised = nannyml.PerformanceCalculator(**roles).fit(reference).calculate(analysis)
    realised = realised.filter(period="analysis").to_df()
    found = {
        ours: [
            estimated[(theirs, "value")].tolist(),
            realised[(theirs, "value")].tolist(),
            estimated[(theirs, "lower_confidence_boundary")].tolist(),
            estimated[(theirs, "upper_confidence_boundary")].tolist(),
        ]
        for theirs, ours in metrics.items()
    }
    roles = {"target": target, "prediction": prediction, "score": score}
    print(json.dumps({"roles": roles, "metrics": found, "took": took}))


main()
