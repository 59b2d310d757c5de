"""Requests that are tried again where that is safe, and answered as in process."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx
import msgspec
import zstandard

from assay.client.problems import error_of
from assay.errors import AssayError, InvalidInput, StorageUnavailable

__all__ = ["Retry", "Transport", "retry_after", "without_password"]

# Not 507: a disk that is full stays full for longer than a caller should be kept waiting.
_AGAIN: Final = frozenset({429, 502, 503, 504})
_COMPRESS_FROM = 4_096
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often and how soon a request is tried again.

    The n-th pause is drawn evenly from 0 to ``first * 2**n`` seconds, at most `longest`, so that many
    clients do not come back at once; a server's Retry-After is a pause's least length.
    """

    attempts: int = 6
    first: float = 0.2
    longest: float = 10.0


class Transport:
    """A connection to one server.

    Parameters
    ----------
    url : address of the server, such as ``http://localhost:8004``. A name and password in it are sent (HTTP's
        Basic scheme), and told nowhere: neither by `url` nor by an error.
    timeout : seconds to wait for an answer.
    retry : when requests are tried again.
    compress : send bodies compressed (zstd); worth it over a network, not on one machine.
    api_key : key that the server asks for; None: none is sent.
    sleep, rng : pause and source of randomness, for tests.
    transport : HTTPX transport, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 30.0,
        retry: Retry | None = None,
        compress: bool | None = None,
        api_key: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            base = httpx.URL(url.rstrip("/"))
        except httpx.InvalidURL as exc:
            # What the library says of it may quote it.
            raise InvalidInput(f"{without_password(url)[:200]!r} is not an address") from (
                None if "@" in url else exc
            )
        if not base.host:
            raise InvalidInput(f"{without_password(url)[:200]!r} names no host; write http://host:port")
        self.url = str(base.copy_with(userinfo=b""))
        password = (base.username, base.password) if base.userinfo else None
        local = base.host in ("localhost", "127.0.0.1", "::1")
        self._compress = not local if compress is None else compress
        self._retry = retry or Retry()
        if api_key is not None and not (api_key.isascii() and api_key.isprintable() and api_key.strip()):
            raise InvalidInput("the key holds characters that no key has; was it copied whole, and alone?")
        own = {} if api_key is None else {"Authorization": f"Bearer {api_key.strip()}"}
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._connect: Callable[[], httpx.Client] = lambda: httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            transport=transport,
            headers=own,
            auth=password,
            trust_env=not local,
        )
        self._client = self._connect()

    def once(self) -> Transport:
        """Return another with connections of its own, which tries each request once.

        It is for callers who wait between attempts in their own way, and for the child of a fork, which must
        not write to the connections of its parent.
        """
        other = copy.copy(self)
        other._retry = replace(self._retry, attempts=1)  # noqa: SLF001 - one of our own class
        other._client = self._connect()  # noqa: SLF001
        return other

    def get(self, path: str, **params: Any) -> Any:
        """Return the decoded answer of a GET; parameters that are None are left out."""
        return self._decoded(self.request("GET", path, params=params))

    def put(self, path: str, document: Any) -> Any:
        """Send a JSON document with PUT and return the decoded answer."""
        return self._decoded(self.request("PUT", path, body=msgspec.json.encode(document)))

    def post(self, path: str, document: Any) -> Any:
        """Send a JSON document with POST and return the decoded answer."""
        return self._decoded(self.request("POST", path, body=msgspec.json.encode(document)))

    def send(
        self,
        path: str,
        body: bytes,
        *,
        content_type: str,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a batch with POST; the key stays the same over all attempts, so that it counts once."""
        body, headers = self.packed(body, content_type, idempotency_key)
        return self._decoded(self.request("POST", path, params=params, body=body, headers=headers))

    def packed(
        self, body: bytes, content_type: str, idempotency_key: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return a batch as it goes over the wire, compressed where that is worth it, and its headers."""
        headers = {"Content-Type": content_type}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        if self._compress and len(body) >= _COMPRESS_FROM:
            body = zstandard.ZstdCompressor(level=3).compress(body)
            headers["Content-Encoding"] = "zstd"
        return body, headers

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
        stream: bool = False,
    ) -> httpx.Response:
        """Send a request, again where it failed for a passing reason, and return the good answer.

        Parameters
        ----------
        method, path, params, body, headers : the request; a body is JSON unless a header says otherwise.
        accept : statuses besides 2xx that are answers rather than errors.
        stream : leave a good answer's body to be read by the caller, who closes the answer.

        Raises
        ------
        AssayError
            The error that the server's answer stands for; StorageUnavailable where there is no answer.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        query = {name: value for name, value in (params or {}).items() if value is not None}
        for attempt in range(self._retry.attempts):
            wait = 0.0
            try:
                asked = self._client.build_request(
                    method, self.url + path, params=query or None, content=body, headers=sent
                )
                answer = self._client.send(asked, stream=stream)
                if stream and not answer.is_success:
                    answer.read()
            except httpx.TransportError as exc:
                failure: AssayError = StorageUnavailable(self._unreachable(exc))
                failure.__cause__ = exc
            else:
                if answer.is_success or answer.status_code in accept:
                    return answer
                failure = error_of(answer.status_code, answer.content, url=self.url)
                if answer.status_code not in _AGAIN:
                    raise failure
                wait = retry_after(answer.headers.get("Retry-After"))
            if attempt + 1 < self._retry.attempts:
                ceiling = min(self._retry.longest, self._retry.first * 2**attempt)
                self._sleep(wait + self._rng.uniform(0, ceiling))
        raise failure

    def _unreachable(self, exc: httpx.TransportError) -> str:
        """Say that there was no answer."""
        if isinstance(exc, httpx.TimeoutException):
            return f"{self.url} did not answer in time; is it overloaded? Try again, or give a longer timeout"
        return f"cannot reach {self.url} ({exc}); is the server running? Start one with: assay serve"

    def _decoded(self, answer: httpx.Response) -> Any:
        """Return the document of an answer."""
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as exc:
            raise AssayError(f"{self.url} did not answer with JSON; is it an Assay server?") from exc

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def without_password(url: str) -> str:
    """Return an address without the name and password that may stand in it, whether it is a good one or not.

    >>> without_password("http://assay:secret@localhost:8004/x")
    'http://localhost:8004/x'
    """
    scheme, colon, rest = url.partition("://")
    return f"{scheme}{colon}{rest.rpartition('@')[2]}"  # the last one: a password may hold any sign


def retry_after(text: str | None) -> float:
    """Seconds of a Retry-After header: a number, or a date; 0 where it is neither."""
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(0.0, seconds), _LONGEST_WAIT)  # in this order, what is no number becomes 0
