"""The decorator: what it logs of each way to write a predict function, and that it changes nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest

import assay
from assay import errors
from assay.domain.columns import class_text


@dataclasses.dataclass
class Order:
    amount: float
    country: str


class OrderModel(pydantic.BaseModel):
    amount: float
    country: str


def test_arguments_by_name_are_features(monitor, stored):
    @assay.monitored(model="m", version="7", monitor=monitor, returns="score", tags=["country"])
    def predict(amount: float, country: str = "NL", **more: float) -> float:
        """Say how likely fraud is."""
        return amount / 100

    assert predict(20.0) == 0.2
    assert predict(30.0, country="DE", age=4.0) == 0.3
    assert predict.__doc__ == "Say how likely fraud is."
    assert list(inspect.signature(predict).parameters) == ["amount", "country", "more"]
    one, other = stored(predict.logger)
    assert (one.features, one.tags, one.score) == ({"amount": 20.0}, {"country": "NL"}, 0.2)
    assert (other.features, other.tags) == ({"amount": 30.0, "age": 4.0}, {"country": "DE"})
    assert one.model_version == "7"
    assert one.values["latency_ms"] >= 0


@pytest.mark.parametrize(
    "row",
    [
        {"amount": 5.0, "country": "NL"},
        Order(5.0, "NL"),
        OrderModel(amount=5.0, country="NL"),
        pd.Series({"amount": 5.0, "country": "NL"}),
    ],
    ids=lambda row: type(row).__name__,
)
def test_one_argument_with_names_is_the_row(monitor, stored, row):
    @assay.monitored(model="m", monitor=monitor)
    def predict(order):
        return {"prediction": "fine", "score": 0.1, "elapsed": 3}

    assert predict(row) == {"prediction": "fine", "score": 0.1, "elapsed": 3}
    (one,) = stored(predict.logger)
    assert one.features == {"amount": 5.0, "country": "NL"}
    assert (one.prediction, one.score) == ("fine", 0.1)


FRAME = {"amount": [1.0, 2.0, 3.0], "country": ["NL", "DE", "NL"]}


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        pd.DataFrame(FRAME),
        pl.DataFrame(FRAME),
        pa.table(FRAME),
        [{"amount": a, "country": c} for a, c in zip(*FRAME.values(), strict=True)],
        [Order(a, c) for a, c in zip(*FRAME.values(), strict=True)],
    ],
    ids=lambda frame: type(frame).__module__.split(".")[0],
)
def test_a_frame_is_many_predictions(monitor, stored, frame):
    @assay.monitored(model="m", monitor=monitor, returns="score", tags=["country"])
    def predict(orders):
        return np.array([0.1, 0.2, 0.3])

    with assay.prediction_ids() as ids:
        predict(frame)
    rows = stored(predict.logger)
    assert sorted(row.prediction_id for row in rows) == sorted(ids)
    by_id = {row.prediction_id: row for row in rows}
    assert [by_id[one].features for one in ids] == [{"amount": 1.0}, {"amount": 2.0}, {"amount": 3.0}]
    assert [by_id[one].tags["country"] for one in ids] == ["NL", "DE", "NL"]
    assert [by_id[one].score for one in ids] == [0.1, 0.2, 0.3]


def test_an_array_gets_its_names(monitor, stored):
    @assay.monitored(model="m", monitor=monitor, features=["a", "b"], classes=["ham", "spam"])
    def predict(matrix):
        matrix[:] = -1  # what the function does to its arguments is not what it was asked
        return np.array([[0.9, 0.1], [0.3, 0.7]])

    with assay.prediction_ids() as ids:
        predict(np.array([[1.0, 2.0], [3.0, 4.0]]))
    rows = {row.prediction_id: row for row in stored(predict.logger)}
    assert [rows[one].features for one in ids] == [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}]
    assert [rows[one].prediction for one in ids] == ["ham", "spam"]
    assert [rows[one].score for one in ids] == [0.1, 0.7]
    assert rows[ids[1]].probabilities == {"ham": 0.3, "spam": 0.7}


@pytest.mark.parametrize(
    ("result", "returns", "expected"),
    [
        (1, None, (1.0, None, {})),
        ("late", None, ("late", None, {})),
        (np.float32(0.5), "score", (None, 0.5, {})),
        (np.array([1]), None, (1.0, None, {})),
        ([0.25, 0.75], None, ("b", 0.75, {"a": 0.25, "b": 0.75})),
        ({"a": 0.25, "c": 0.75}, None, (None, None, {"a": 0.25, "c": 0.75})),
        ({"a": 0.25, "c": 0.75}, "probabilities", (None, None, {"a": 0.25, "c": 0.75})),
        (("late", 0.9), lambda pair: {"prediction": pair[0], "score": pair[1]}, ("late", 0.9, {})),
    ],
)
def test_what_is_returned_is_understood(monitor, stored, result, returns, expected):
    @assay.monitored(model="m", monitor=monitor, returns=returns, classes=["a", "b"])
    def predict(x):
        return result

    assert predict(1.0) is result
    (one,) = stored(predict.logger)
    prediction, score, probabilities = expected
    assert class_text(one.prediction) == class_text(prediction)
    assert (one.score, one.probabilities or {}) == (score, probabilities)


def test_exceptions_are_logged_and_go_on_unchanged(monitor, stored):
    error = KeyError("amount")

    @assay.monitored(model="m", monitor=monitor)
    def predict(order):
        raise error

    with pytest.raises(KeyError) as raised:
        predict({"amount": 1.0})
    assert raised.value is error
    with pytest.raises(KeyError):
        predict(pd.DataFrame({"amount": [1.0, 2.0]}))
    rows = stored(predict.logger)
    assert [row.values.get("error_type") for row in rows] == ["KeyError"] * 3
    assert rows[0].features["amount"] == 1.0


def test_coroutines_and_methods(monitor, stored):
    class Service:
        @assay.monitored(model="m", monitor=monitor)
        async def predict(self, amount: float) -> float:
            await asyncio.sleep(0.02)
            if amount < 0:
                raise ValueError("negative")
            return amount

    async def main():
        with assay.prediction_ids() as ids:
            assert await asyncio.gather(*(service.predict(float(n)) for n in range(5))) == [0, 1, 2, 3, 4]
        with pytest.raises(ValueError, match="negative"):
            await service.predict(-1.0)
        return ids

    service = Service()
    assert inspect.iscoroutinefunction(Service.predict)
    ids = asyncio.run(main())
    rows = {row.prediction_id: row for row in stored(Service.predict.logger)}
    assert len(rows) == 6
    assert sorted(rows[one].features["amount"] for one in ids) == [0, 1, 2, 3, 4]
    assert {row.values.get("error_type") for row in rows.values()} == {None, "ValueError"}


def test_ids_are_those_of_the_own_thread(monitor):
    @assay.monitored(model="m", monitor=monitor)
    def predict(x):
        return x

    start = threading.Barrier(4)

    def work(number):
        start.wait()
        with assay.prediction_ids() as ids:
            for turn in range(number + 1):
                predict(turn)
        return ids

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert [len(ids) for ids in found] == [1, 2, 3, 4]
    assert len({one for ids in found for one in ids}) == 10


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError("arguments with code of their own")


def test_what_cannot_be_logged_is_counted_and_predicted_all_the_same(monitor):
    @assay.monitored(model="m", monitor=monitor, features=["a", "b"])
    def predict(values):
        return values

    weird = [[1, 2, 3], Hostile(), np.zeros((2, 2, 2)), {"a": 1}, None]
    for value in weird:
        assert predict(value) is value
    with pytest.raises(TypeError):
        predict()
    assert predict.logger.flush()
    assert predict.logger.stats.dropped == {"unusable": len(weird), "rejected": 1}
    assert predict.logger.stats.sent == 0


def test_wrong_parameters_are_refused_where_they_are_given(monitor):
    with pytest.raises(errors.InvalidInput, match="returns"):
        assay.monitored(model="m", monitor=monitor, returns="guess")
    with pytest.raises(errors.InvalidInput, match="list"):
        assay.monitored(model="m", monitor=monitor, features="amount")
    with pytest.raises(errors.InvalidInput, match="monitor"):
        assay.monitored(model="m", monitor=5)
    with pytest.raises(errors.InvalidInput, match="another model"):
        assay.monitored(model="m", monitor=monitor.logger(model="other"))
    with pytest.raises(errors.InvalidInput, match="yields"):

        @assay.monitored(model="m", monitor=monitor)
        def many(x):
            yield x


def test_decorating_touches_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    @assay.monitored(model="m")
    def predict(x):
        return x

    assert list(tmp_path.iterdir()) == []
    predict(1)
    assert predict.logger.close()
    with assay.open() as monitor:
        assert monitor.model("m").predictions == 1
