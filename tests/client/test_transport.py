"""Retries: which failures, how often, how long in between, and what stays the same."""

from __future__ import annotations

import random
import traceback

import httpx
import pytest
import zstandard

import assay
from assay import errors
from assay.client.transport import Retry, Transport, retry_after


class Server:
    """Answers with the given answers one after the other; an exception is raised instead."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def transport_to(server, pauses=None, url="http://localhost:1", **options):
    options.setdefault("retry", Retry(attempts=4, first=0.2, longest=1.0))
    return Transport(
        url,
        transport=httpx.MockTransport(server),
        sleep=(pauses if pauses is not None else []).append,
        rng=random.Random(1),
        **options,
    )


OK = httpx.Response(200, json={"fine": True})


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(429),
        httpx.Response(503),
    ],
    ids=repr,
)
def test_passing_failures_are_tried_again_under_the_same_key(failure):
    server = Server(failure, failure, OK)
    pauses = []
    answer = transport_to(server, pauses).send("/x", b"body", content_type="a/b", idempotency_key="k")
    assert answer == {"fine": True}
    assert [request.headers["Idempotency-Key"] for request in server.requests] == ["k", "k", "k"]
    assert [request.content for request in server.requests] == [b"body"] * 3
    assert len(pauses) == 2
    assert all(0 <= pause <= 0.2 * 2**number for number, pause in enumerate(pauses))


def test_retry_after_is_the_least_pause():
    pauses = []
    server = Server(httpx.Response(503, headers={"Retry-After": "7"}), OK)
    transport_to(server, pauses).get("/x")
    assert 7 <= pauses[0] <= 7.2


def test_a_date_in_retry_after_is_understood():
    pauses = []
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    transport_to(Server(httpx.Response(503, headers={"Retry-After": date}), OK), pauses).get("/x")
    assert pauses[0] <= 0.2


def test_it_gives_up_after_the_last_attempt():
    server = Server(*[httpx.ConnectError("refused")] * 4)
    with pytest.raises(errors.StorageUnavailable, match="assay serve"):
        transport_to(server).get("/x")
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Unreadable", errors.Unreadable),
        (404, "NotFound", errors.NotFound),
        (409, "IdempotencyConflict", errors.IdempotencyConflict),
        (409, "", errors.Conflict),
        (413, "TooLarge", errors.TooLarge),
        (422, "InvalidInput", errors.InvalidInput),
        (422, "os", errors.InvalidInput),
        (500, "InternalError", errors.AssayError),
    ],
)
def test_an_error_is_raised_at_once_as_in_process(status, code, kind):
    server = Server(httpx.Response(status, json={"detail": "because of this", "code": code}))
    with pytest.raises(kind, match="because of this") as caught:
        transport_to(server).get("/x")
    assert type(caught.value) is kind
    assert len(server.requests) == 1


def test_a_full_disk_is_told_at_once():
    pauses = []
    server = Server(httpx.Response(507, json={"detail": "no room", "code": "StorageFull"}))
    with pytest.raises(errors.StorageFull, match="no room"):
        transport_to(server, pauses).get("/x")
    assert not pauses


def test_another_server_is_recognised():
    with pytest.raises(errors.AssayError, match="is it an Assay server"):
        transport_to(Server(httpx.Response(200, text="<html>"))).get("/x")
    with pytest.raises(errors.AssayError, match="status 418"):
        transport_to(Server(httpx.Response(418, text="<html>"))).get("/x")


def test_bodies_are_compressed_over_a_network_only():
    body = b"x" * 10_000
    server = Server(OK, OK)
    transport_to(server, url="http://assay.example:1").send("/x", body, content_type="a/b")
    transport_to(server).send("/x", body, content_type="a/b")
    far, near = server.requests
    assert far.headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(far.content) == body
    assert near.content == body


@pytest.mark.parametrize("url", ["http://", "http://a b:x"])
def test_bad_addresses_are_refused(url):
    with pytest.raises(errors.InvalidInput):
        Transport(url)


@pytest.mark.parametrize("text", ["nan", "-inf", "-1", "soon", "Mon, 01 Jan 99999 00:00:00 GMT", None])
def test_a_pause_that_makes_no_sense_is_none(text):
    assert retry_after(text) == 0.0


def test_no_pause_is_endless():
    assert retry_after("inf") == retry_after("1e300") == 60.0


def test_a_password_in_an_address_is_sent():
    server = Server(OK)
    transport = transport_to(server, url="http://assay:hidden@localhost:1")
    transport.get("/x")
    assert server.requests[0].headers["Authorization"] == "Basic YXNzYXk6aGlkZGVu"
    assert server.requests[0].url == "http://localhost:1/x"


@pytest.mark.parametrize(
    "address",
    [
        "http://assay:hidden@127.0.0.1:1",
        "http://hidden@127.0.0.1:1",
        "http://assay:hidden@",
        "http://assay:hid/hidden@h/",
        "http://assay:hidden@a b:x",
        "ftp://assay:hidden@h",
    ],
)
def test_a_password_in_an_address_is_told_nowhere(address):
    told = []
    try:
        monitor = assay.open(address, retry=Retry(attempts=1))
        told.append(repr(monitor))
        with monitor:
            monitor.models()
    except errors.AssayError as error:
        told += traceback.format_exception(error.with_traceback(None))
    assert told
    assert "hidden" not in "".join(told)
