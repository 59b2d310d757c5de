"""The end of a process, however it comes, and its children."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import assay

START = """
import assay, os, signal, sys, threading, time
where, how = sys.argv[1:]
monitor = assay.open(where)
logger = monitor.logger(model="exit", batch_seconds=100.0, batch_rows=10_000)
ids = [logger.log({"x": float(number)}) for number in range(25)]
"""


def run(program, where, how="", *, start=START):
    """Run a program until its end; return its exit status and what it printed."""
    code = textwrap.dedent(start) + textwrap.dedent(program)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(where), how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def stored(where, model="exit"):
    with assay.open(where) as monitor:
        return sorted(one.prediction_id for one in monitor.predictions(model, limit=1_000))


ENDS = {
    "last line": "",
    "sys.exit": "sys.exit(3)",
    "exception": "raise RuntimeError('the program fails')",
    "signal that is handled": """
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        os.kill(os.getpid(), signal.SIGTERM)
        """,
    "keyboard": "os.kill(os.getpid(), signal.SIGINT); time.sleep(5)",
    "nobody holds it": "del logger, monitor",
}


@pytest.mark.parametrize(
    ("kind", "end"), [("folder", "last line"), ("folder", "exception"), *(("server", end) for end in ENDS)]
)
def test_what_is_queued_is_delivered_at_the_end(tmp_path, server_url, kind, end):
    model = f"exit-{end}-{kind}"
    where = tmp_path if kind == "folder" else server_url
    status, _, errors = run(ENDS[end], where, start=START.replace('"exit"', repr(model)))
    assert status == {"last line": 0, "sys.exit": 3, "nobody holds it": 0}.get(end, status)
    assert len(stored(where, model)) == 25, errors


def test_a_decorated_function_of_a_folder_delivers_at_the_end(tmp_path):
    program = """
        import assay, sys
        @assay.monitored(model="exit", monitor=sys.argv[1])
        def predict(x): return x > 1
        for number in range(7): predict(number)
        """
    status, _, errors = run(program, tmp_path, start="")
    assert (status, errors) == (0, "")
    assert len(stored(tmp_path)) == 7


def test_a_process_that_is_killed_loses_what_is_younger_than_a_batch(tmp_path, server_url):
    program = """
        waiting, logger = logger, monitor.logger(model="killed", batch_seconds=0.1)
        for number in range(10): logger.log({"x": number})
        time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)  # nobody handles it: no code of ours runs any more
        """
    status, _, _ = run(program, server_url, start=START.replace('"exit"', '"killed before"'))
    assert status == -signal.SIGTERM
    assert len(stored(server_url, "killed")) == 10
    with pytest.raises(assay.errors.NotFound):
        stored(server_url, "killed before")


def test_the_end_does_not_wait_for_a_server_that_is_gone():
    began = time.monotonic()
    program = "logger.log({'x': 1})"
    status, _, errors = run(
        program, "http://127.0.0.1:9", start=START.replace("100.0", "100.0, exit_seconds=0.5")
    )
    assert status == 0
    assert time.monotonic() - began < 15
    assert "dropped 26 rows" in errors


@pytest.mark.parametrize("kind", ["folder", "server"])
def test_children_of_a_fork_log_their_own_rows_and_none_twice(tmp_path, server_url, kind):
    where = tmp_path if kind == "folder" else server_url
    model = f"fork-{kind}"
    program = """
        children = []
        for child in range(3):
            if (process := os.fork()) == 0:
                assert logger.stats.queued == 0
                own = [logger.log({"x": float(child)}) for _ in range(10)]
                assert logger.flush(20), logger.stats
                assert logger.stats.sent == 10
                sys.stdout.write(" ".join(own) + chr(10))
                sys.stdout.flush()
                os._exit(0)
            children.append(process)
        assert [os.waitpid(process, 0)[1] for process in children] == [0, 0, 0]
        assert logger.stats.queued == 25
        sys.stdout.write(" ".join(ids) + chr(10))
        """
    status, printed, errors = run(program, where, start=START.replace('"exit"', repr(model)))
    assert status == 0, errors
    ids = printed.split()
    assert len(set(ids)) == 55  # no two processes make the same ids
    assert stored(where, model) == sorted(ids)


@pytest.mark.parametrize(
    "method",
    ["fork", *(pytest.param(name, marks=pytest.mark.nightly) for name in ("spawn", "forkserver"))],
)
def test_workers_of_multiprocessing_deliver_before_they_end(tmp_path, server_url, method):
    model = f"pool-{method}"
    script = tmp_path / "program.py"
    script.write_text(
        textwrap.dedent(f"""
        import multiprocessing, sys
        import assay

        logger = assay.open({server_url!r}).logger(model={model!r}, batch_seconds=100.0)

        def work(number):
            logger.log({{"x": float(number)}})

        if __name__ == "__main__":
            logger.log({{"x": -1.0}})
            context = multiprocessing.get_context({method!r})
            workers = [context.Process(target=work, args=(number,)) for number in range(3)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
                assert worker.exitcode == 0
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert len(stored(server_url, model)) == 4


def test_the_monitor_of_a_parent_says_what_to_do(tmp_path):
    program = """
        if (process := os.fork()) == 0:
            try:
                monitor.models()
            except assay.errors.InvalidInput as exc:
                sys.stdout.write(str(exc))
                sys.stdout.flush()
            os._exit(0)
        os.waitpid(process, 0)
        """
    status, printed, errors = run(program, tmp_path)
    assert status == 0, errors
    assert "parent" in printed
    assert len(stored(tmp_path)) == 25


def test_it_works_inside_a_running_loop(server_url):
    program = """
        import asyncio
        async def main():
            async def one(number):
                logger.log({"x": number})
                await asyncio.sleep(0)
            await asyncio.gather(*(one(number) for number in range(50)))
            assert await asyncio.to_thread(logger.flush, 20)
        asyncio.run(main())
        import json
        print(json.dumps(logger.stats.to_dict()))
        """
    status, printed, errors = run(program, server_url, start=START.replace('"exit"', '"loop"'))
    assert status == 0, errors
    assert json.loads(printed)["sent"] == 75
