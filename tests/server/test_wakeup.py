"""Results of a thread reach the loop, each to the one who waits for it, errors and cancellations too."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import Future

import pytest

from assay.server.wakeup import Wakeup


def test_every_result_reaches_its_waiter() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        wakeup: Wakeup[int] = Wakeup(loop)
        futures: list[Future[int]] = [Future() for _ in range(5_000)]
        order = list(range(5_000))
        random.Random(1).shuffle(order)

        def finish(part: list[int]) -> None:
            for number in part:
                if number % 100 == 7:
                    futures[number].set_exception(KeyError(number))
                else:
                    futures[number].set_result(number)

        threads = [threading.Thread(target=finish, args=(order[i::4],)) for i in range(4)]
        waiting = [asyncio.ensure_future(wakeup.result(future)) for future in futures]
        waiting[50].cancel()
        await asyncio.sleep(0)
        for thread in threads:
            thread.start()
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30)
        for number, result in enumerate(results):
            if number == 50:
                assert isinstance(result, asyncio.CancelledError)
            elif number % 100 == 7:
                assert isinstance(result, KeyError)
            else:
                assert result == number
        for thread in threads:
            thread.join()

    asyncio.run(main())


def test_a_future_that_is_done_is_not_waited_for() -> None:
    async def main() -> None:
        wakeup: Wakeup[int] = Wakeup(asyncio.get_running_loop())
        done: Future[int] = Future()
        done.set_result(5)
        assert await wakeup.result(done) == 5
        failed: Future[int] = Future()
        failed.set_exception(ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await wakeup.result(failed)

    asyncio.run(main())
