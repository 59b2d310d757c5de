"""Raw rows as a stream: the same in process and over HTTP, and in a form that can be logged again."""

from __future__ import annotations

import httpx
import pyarrow as pa
import pytest

from assay.errors import InvalidInput, NotFound, StorageUnavailable
from assay.testing.names import HOSTILE_NAMES


@pytest.fixture
def filled(monitor, model):
    monitor.log(
        model=model,
        version="v1",
        predictions={
            "prediction_id": ["a", "b", "c"],
            "timestamp": ["2024-01-01T00:00Z", "2024-01-02T00:00Z", "2024-01-03T00:00Z"],
            "prediction": [1, 0, 1],
            "score": [0.9, 0.2, float("nan")],
            "amount": [1, 2, "many"],
            "country": ["NL", None, "DE"],
        },
        tags=["country"],
    )
    monitor.log(model=model, version="v2", predictions={"prediction_id": ["d"], "prediction": [0]})
    for actual, day in ((0, 4), (1, 5)):
        labels = {"prediction_id": ["a"], "actual": [actual], "observed_at": [f"2024-01-0{day}T00:00Z"]}
        monitor.label(model=model, labels=labels)
    return model


def by_id(reader):
    return {row["prediction_id"]: row for row in reader.read_all().to_pylist()}


def test_predictions_have_the_names_they_are_logged_with(monitor, filled):
    reader = monitor.rows(filled)
    assert reader.schema.names == [
        "prediction_id",
        "model_version",
        "timestamp",
        "prediction",
        "score",
        "feature.amount",
        "feature.amount (text)",
        "tag.country",
    ]
    rows = by_id(reader)
    assert sorted(rows) == ["a", "b", "c", "d"]
    assert rows["a"]["feature.amount"] == 1
    assert rows["a"]["feature.amount (text)"] is None
    assert rows["c"]["feature.amount (text)"] == "many"
    assert rows["c"]["score"] != rows["c"]["score"]  # NaN stays NaN
    assert rows["b"]["tag.country"] is None


def test_joined_rows_have_the_latest_truth(monitor, filled):
    rows = by_id(monitor.rows(filled, kind="joined"))
    assert rows["a"]["actual"] == 1.0
    assert rows["a"]["observed_at"].day == 5
    assert rows["b"]["actual"] is None


def test_labels_come_all(monitor, filled):
    labels = monitor.rows(filled, kind="labels").read_all()
    assert labels.column_names == ["prediction_id", "actual", "observed_at"]
    assert labels.num_rows == 2


def test_a_window_a_version_and_columns(monitor, filled):
    window = monitor.rows(filled, start="2024-01-02", end="2024-01-03")
    assert set(by_id(window)) == {"b"}
    assert set(by_id(monitor.rows(filled, version="v2"))) == {"d"}
    chosen = monitor.rows(filled, columns=["feature.amount", "received_at", "error_type"])
    assert chosen.schema.names == ["feature.amount", "received_at", "error_type"]
    assert chosen.read_all().num_rows == 4
    assert set(by_id(monitor.rows(filled, period="1d", end="2024-01-04"))) == {"c"}


def test_what_cannot_be_is_told_at_the_call(monitor, filled):
    with pytest.raises(NotFound, match="there is no model"):
        monitor.rows("nobody")
    with pytest.raises(InvalidInput, match="there is no column 'x'"):
        monitor.rows(filled, columns=["x"])
    with pytest.raises(InvalidInput, match="kind"):
        monitor.rows(filled, kind="everything")
    with pytest.raises(InvalidInput, match="labels have no version"):
        monitor.rows(filled, kind="labels", version="v1")


def test_a_model_without_rows_gives_columns_and_no_rows(monitor, model):
    monitor.configure(model, task="binary")
    for kind in ("predictions", "labels", "joined"):
        table = monitor.rows(model, kind=kind).read_all()
        assert table.num_rows == 0
        assert "prediction_id" in table.column_names


def test_mixed_outcomes_are_the_texts_they_are_compared_by(monitor, model):
    monitor.log(model=model, predictions={"prediction_id": ["a", "b"], "prediction": [1.0, "late"]})
    rows = by_id(monitor.rows(model))
    assert (rows["a"]["prediction"], rows["b"]["prediction"]) == ("1", "late")


def test_hostile_names_come_back_as_they_were(monitor, model):
    record = {
        "prediction_id": "a",
        "features": dict.fromkeys(HOSTILE_NAMES, 1.5),
        "tags": dict.fromkeys(HOSTILE_NAMES, "x"),
    }
    hostile = f"</script>../{model}"
    monitor.log(model=hostile, predictions=[record])
    row = by_id(monitor.rows(hostile))["a"]
    for name in HOSTILE_NAMES:
        assert (row[f"feature.{name}"], row[f"tag.{name}"]) == (1.5, "x")


def test_a_feature_may_be_named_like_another_ones_texts(monitor, model):
    records = [
        {"prediction_id": "a", "features": {"x": 1, "x (text)": "own"}},
        {"prediction_id": "b", "features": {"x": "two"}},
    ]
    monitor.log(model=model, predictions=records)
    table = monitor.rows(model).read_all()
    assert len(set(table.column_names)) == table.num_columns
    stored = {table.schema.field(name).metadata[b"assay.name"] for name in table.column_names[3:]}
    assert stored == {b"n:x", b"s:x", b"s:x (text)"}


def test_streams_of_one_server_are_limited_and_freed(server_url, remote, model):
    remote.log(model=model, predictions={"prediction": [1]})
    address = f"{server_url}/api/v1/models/{model}/rows?wait=5"
    for _ in range(9):  # more than may be open at once: each is freed at its end
        assert httpx.get(address).status_code == 200


def test_an_answer_that_breaks_off_is_an_error():
    from assay.client.remote import RemoteMonitor
    from assay.client.transport import Retry

    table = pa.table({"prediction_id": ["a"] * 1000})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()

    class Cut(httpx.SyncByteStream):
        def __iter__(self):
            yield body[: len(body) // 2]
            raise httpx.RemoteProtocolError("peer closed connection")

    def answer(_):
        return httpx.Response(200, stream=Cut())

    monitor = RemoteMonitor(
        "http://localhost:1", transport=httpx.MockTransport(answer), retry=Retry(attempts=1)
    )
    with pytest.raises(StorageUnavailable, match="broke off"):
        monitor.rows("m").read_all()
