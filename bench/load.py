"""A load generator in a process of its own: ``python -m bench.load`` with a JSON plan on standard input.

Raw sockets kept alive, a few connections, bodies made beforehand: the generator shares the machine with the
server, so it must cost little. Answers are read whole and their ``accepted`` is added up.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.bodies import MARK

_ACCEPTED = re.compile(rb'"accepted":(\d+)')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Run:
    """One run of a plan: url, path, type, body (file), connections, seconds, rate (requests/s or 0).

    Instead of a body there may be `turns`, pairs of headers and body (file): requests of one number follow
    each other, one of each turn.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        turns = plan.get("turns") or [("", plan["body"])]
        self.turns = [(headers.encode(), Path(body).read_bytes()) for headers, body in turns]
        self.number = plan.get("first", 0)
        self.accepted = 0
        self.failures: dict[int, int] = {}
        self.latencies: list[float] = []

    def request(self) -> bytes:
        self.number += 1
        number, turn = divmod(self.number, len(self.turns))
        headers, body = (part.replace(MARK, b"%08x" % number) for part in self.turns[turn])
        split = urlsplit(self.plan["url"])
        head = (
            f"POST {self.plan['path']} HTTP/1.1\r\nHost: {split.netloc}\r\n"
            f"Content-Type: {self.plan['type']}\r\nContent-Length: {len(body)}\r\n"
        )
        return head.encode() + headers + b"\r\n" + body

    async def connection(self, started: float, first: int) -> None:
        split = urlsplit(self.plan["url"])
        reader, writer = await asyncio.open_connection(split.hostname, split.port, limit=1 << 24)
        rate, connections, seconds = self.plan["rate"], self.plan["connections"], self.plan["seconds"]
        turn = first
        while (now := time.perf_counter()) < started + seconds:
            due = now
            if rate:
                # Latency counts from when the request was due, not from when the connection came to it.
                due = started + turn / rate
                turn += connections
                if due >= started + seconds:
                    break
                if due > now:
                    await asyncio.sleep(due - now)
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            assert length is not None, head
            answer = await reader.readexactly(int(length[1]))
            self.latencies.append(time.perf_counter() - due)
            status = int(head[9:12])
            if status == 200:
                found = _ACCEPTED.search(answer)
                self.accepted += int(found[1]) if found else 0
            else:
                self.failures[status] = self.failures.get(status, 0) + 1
        writer.close()

    async def all(self) -> dict[str, Any]:
        started = time.perf_counter()
        await asyncio.gather(
            *(self.connection(started, number) for number in range(self.plan["connections"]))
        )
        elapsed = time.perf_counter() - started
        ordered = sorted(self.latencies)

        def quantile(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3 if ordered else 0.0

        return {
            "seconds": elapsed,
            "requests": len(ordered),
            "accepted": self.accepted,
            "failures": self.failures,
            "p50_ms": quantile(0.5),
            "p99_ms": quantile(0.99),
            "last": self.number,
            "cpu": time.process_time(),
        }


def main() -> None:
    print(json.dumps(uvloop.run(Run(json.load(sys.stdin)).all())))


if __name__ == "__main__":
    main()
