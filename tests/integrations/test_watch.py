"""The stand-in for estimators: scikit-learn takes it for the estimator, and every row is logged."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import assay
from assay import errors

ROWS = 40


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"amount": rng.normal(size=ROWS), "age": rng.normal(size=ROWS)})
    return frame, np.where(frame["amount"] > 0, "late", "fine")


@pytest.fixture(scope="module")
def fitted(data):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*data)


def ordered(rows, ids):
    by_id = {row.prediction_id: row for row in rows}
    return [by_id[one] for one in ids]


def test_results_are_the_estimator_s_and_rows_are_logged(monitor, stored, data, fitted):
    frame, _ = data
    watched = assay.watch(fitted, model="m", version="3", monitor=monitor, tags={"stage": "test"})
    with assay.prediction_ids() as ids:
        shares = watched.predict_proba(frame)
        labels = watched.predict(frame.head(2))
    np.testing.assert_array_equal(shares, fitted.predict_proba(frame))
    np.testing.assert_array_equal(labels, fitted.predict(frame.head(2)))
    rows = ordered(stored(watched.logger), ids)
    assert len(rows) == ROWS + 2
    positive = list(fitted.classes_).index("late")
    assert positive == 1
    for place in (0, 7, ROWS - 1):
        row = rows[place]
        assert row.features == {"amount": frame["amount"][place], "age": frame["age"][place]}
        assert row.score == shares[place, 1]
        assert row.probabilities == dict(zip(["fine", "late"], shares[place], strict=True))
        assert row.prediction == fitted.predict(frame)[place]
        assert (row.model_version, row.tags) == ("3", {"stage": "test"})
    assert [row.prediction for row in rows[ROWS:]] == list(labels)
    assert rows[-1].score is None


def test_numbers_are_logged_under_the_names_that_were_learned(monitor, stored, data):
    frame, _ = data
    model = RandomForestRegressor(n_estimators=3, random_state=0).fit(frame, frame["age"] * 2)
    watched = assay.watch(model, model="m", monitor=monitor)
    with assay.prediction_ids() as ids, pytest.warns(UserWarning, match="feature names"):
        result = watched.predict(frame.to_numpy()[:3])
    rows = ordered(stored(watched.logger), ids)
    assert [row.features["amount"] for row in rows] == list(frame["amount"][:3])
    assert [row.prediction for row in rows] == list(result)


def test_scikit_learn_takes_it_for_the_estimator(monitor, data, fitted):
    frame, truth = data
    watched = assay.watch(fitted, model="m", monitor=monitor)
    check_is_fitted(watched)
    with pytest.raises(NotFittedError):
        check_is_fitted(assay.watch(LogisticRegression(), model="m", monitor=monitor))
    assert is_classifier(watched)
    assert watched.score(frame, truth) == fitted.score(frame, truth)
    assert watched.get_params().keys() == fitted.get_params().keys()
    assert isinstance(clone(watched), Pipeline)
    assert len(cross_val_score(watched, frame, truth, cv=3)) == 3
    assert watched.logger.stats.sent == watched.logger.stats.queued == 0  # trials are no predictions
    inner = assay.watch(LogisticRegression(), model="m", monitor=monitor)
    assert inner.fit(frame, truth) is inner
    whole = Pipeline([("scale", StandardScaler()), ("model", inner)]).fit(frame, truth)
    whole.predict(frame)
    assert inner.logger.flush()
    assert inner.logger.stats.sent == ROWS
    assert repr(watched).startswith("assay.watch(Pipeline")
    with pytest.raises(AttributeError, match="nonsense"):
        watched.nonsense  # noqa: B018 - the look-up is the point


def test_exceptions_are_logged_and_go_on(monitor, stored, fitted):
    watched = assay.watch(fitted, model="m", monitor=monitor)
    with pytest.raises(ValueError, match="NaN"):
        watched.predict(pd.DataFrame({"amount": [np.nan, 1.0], "age": [1.0, 1.0]}))
    assert [row.values["error_type"] for row in stored(watched.logger)] == ["ValueError"] * 2


def test_what_cannot_be_logged_is_predicted_all_the_same(monitor, data):
    frame, truth = data
    model = LogisticRegression().fit(frame.to_numpy(), truth)
    watched = assay.watch(model, model="m", monitor=monitor)
    matrix = sparse.csr_matrix(frame.to_numpy())
    np.testing.assert_array_equal(watched.predict(matrix), model.predict(matrix))
    watched.logger.flush()
    assert watched.logger.stats.dropped == {"unusable": 1}
    assert "sparse" in watched.logger.stats.last_error


def test_it_travels_to_other_processes_where_its_monitor_can_be_opened(monitor, tmp_path, data, fitted):
    frame, _ = data
    with pytest.raises(errors.InvalidInput, match="address or folder"):
        pickle.dumps(assay.watch(fitted, model="m", monitor=monitor))
    there = assay.watch(fitted, model="m", version="3", monitor=tmp_path / "there")
    back = pickle.loads(pickle.dumps(there))  # noqa: S301 - made one line above
    np.testing.assert_array_equal(back.predict(frame), fitted.predict(frame))
    assert back.logger.close()
    with assay.open(tmp_path / "there") as opened:
        assert opened.model("m").predictions == ROWS


def test_wrong_parameters_are_refused(monitor, fitted):
    with pytest.raises(errors.InvalidInput, match="neither predict"):
        assay.watch(object(), model="m", monitor=monitor)
    with pytest.raises(errors.InvalidInput, match="methods"):
        assay.watch(fitted, model="m", monitor=monitor, methods=["transform"])
