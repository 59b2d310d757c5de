"""How many requests a key may send: a token bucket each (as in RFC 2697's meter, with one colour)."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from assay.errors import RateLimited

__all__ = ["Bucket", "SlowDown"]

_BURST_SECONDS = 2.0


class Bucket:
    """Lets `rate` requests a second pass, and two seconds' worth of them at once.

    Parameters
    ----------
    rate : requests a second, above 0.
    clock : monotonic seconds.
    """

    __slots__ = ("_clock", "_lock", "_moment", "_tokens", "burst", "rate")

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = max(1.0, rate * _BURST_SECONDS)
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = self.burst
        self._moment = clock()

    def take(self) -> None:
        """Let one request pass.

        Raises
        ------
        RateLimited
            Where it must wait, with the seconds until it may come.
        """
        with self._lock:
            now = self._clock()
            self._tokens = min(self.burst, self._tokens + (now - self._moment) * self.rate)
            self._moment = now
            if self._tokens >= 1.0:
                self._tokens -= 1.0
                return
            wait = (1.0 - self._tokens) / self.rate
        raise RateLimited(
            f"this key may send {self.rate:g} requests a second, and has sent them; "
            f"send it again in {math.ceil(wait)} s",
            retry_after=wait,
        )


class SlowDown:
    """Makes those wait who failed often: after five failures 1 s, then 2, 4, 8, ... up to five minutes.

    All addresses of one IPv6 network (/64) count as one, since one machine may have all of them. Addresses
    are forgotten a quarter of an hour after their last failure, and the oldest where there are more than
    10,000.

    Parameters
    ----------
    clock : monotonic seconds.
    """

    FREE = 5
    LONGEST = 300.0
    MEMORY = 900.0
    MOST = 10_000

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Let an attempt pass.

        Raises
        ------
        RateLimited
            Where the address must wait.
        """
        address = _network(address)
        with self._lock:
            failed, last = self._failures.get(address, (0, 0.0))
            if failed < self.FREE:
                return
            wait = last + min(self.LONGEST, 2.0 ** (failed - self.FREE)) - self._clock()
        if wait > 0:
            raise RateLimited(f"too many failed attempts; try again in {math.ceil(wait)} s", retry_after=wait)

    def failed(self, address: str) -> None:
        """Count a failure."""
        address = _network(address)
        with self._lock:
            now = self._clock()
            count, last = self._failures.pop(address, (0, now))
            self._failures[address] = (1 if now - last > self.MEMORY else count + 1, now)
            while len(self._failures) > self.MOST:
                self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget an address."""
        with self._lock:
            self._failures.pop(_network(address), None)


def _network(address: str) -> str:
    """Return what an address is counted as.

    >>> _network("192.0.2.7"), _network("2001:db8::1:2:3:4"), _network("")
    ('192.0.2.7', '2001:db8::/64', '')
    """
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), 64), strict=False))
