"""FastAPI: each request's prediction is logged, its id is in the answer, and the end delivers."""

import asyncio
from typing import Annotated

import httpx
import pydantic
import pytest
from fastapi import Depends, FastAPI, HTTPException

import assay
from assay.client.logger.measurement import Measurement
from assay.integrations.fastapi import ID_HEADER, closing, measured


class Order(pydantic.BaseModel):
    amount: float
    country: str


def service(logger, monitor):
    app = FastAPI(lifespan=closing(monitor))
    made_here = Annotated[Measurement, Depends(measured(logger))]

    @app.post("/sync")
    def in_a_thread(order: Order, made: made_here) -> dict[str, float]:
        made.features, made.tags = order, {"country": order.country}
        if order.amount < 0:
            raise ZeroDivisionError
        if order.amount == 0:
            raise HTTPException(422, "nothing to predict")
        made.score = order.amount / 100
        return {"score": made.score}

    @app.post("/async")
    async def in_the_loop(order: Order, made: made_here) -> dict[str, float]:
        made.features = order
        await asyncio.sleep(0.02)
        made.score = order.amount / 100
        return {"score": made.score}

    @app.post("/decorated")
    @assay.monitored(model="m", version="1", monitor=logger, returns=lambda answer: answer)
    def decorated(order: Order) -> dict[str, float]:
        return {"score": order.amount / 100}

    @app.get("/nothing")
    def nothing(made: made_here) -> str:
        return "no prediction"

    return app


@pytest.fixture
def logger(monitor):
    return monitor.logger(model="m", version="1")


async def ask(app, *requests):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://a") as client,
    ):
        return await asyncio.gather(
            *(client.post(path, json={"amount": amount, "country": "NL"}) for path, amount in requests)
        ), await client.get("/nothing")


@pytest.mark.parametrize("path", ["/sync", "/async", "/decorated"])
def test_each_request_is_one_prediction(tmp_path, logger, monitor, path):
    answers, nothing = asyncio.run(ask(service(logger, monitor), *((path, float(n)) for n in range(1, 6))))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.json() for answer in answers] == [{"score": n / 100} for n in range(1, 6)]
    assert nothing.status_code == 200
    with assay.open(tmp_path / "data") as again:  # the service closed its own, and with it delivered
        rows = {row.prediction_id: row for row in again.predictions("m")}
    assert len(rows) == 5
    assert sorted(row.score for row in rows.values()) == [n / 100 for n in range(1, 6)]
    if path != "/decorated":
        for number, answer in enumerate(answers, 1):
            row = rows[answer.headers[ID_HEADER]]
            assert row.features == {"amount": float(number), "country": "NL"}


def test_failures_of_the_model_are_logged_and_those_of_the_client_are_not(tmp_path, logger, monitor):
    answers, _ = asyncio.run(ask(service(logger, monitor), ("/sync", -1.0), ("/sync", 0.0), ("/sync", "x")))
    assert [answer.status_code for answer in answers] == [500, 422, 422]
    with assay.open(tmp_path / "data") as again:
        (row,) = again.predictions("m")
    assert row.values["error_type"] == "ZeroDivisionError"
    assert row.features["amount"] == -1.0
