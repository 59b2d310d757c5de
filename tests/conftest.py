"""Fixtures that several folders share: a PostgreSQL server of our own, and fresh databases on it."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.register_assert_rewrite("assay.testing")  # so that a failing contract says what it compared

_START_SECONDS = 30

# Files are handed to the workers one by one, in this order: a long one that begins last keeps a core idle.
_LONGEST = (
    "tests/faults/test_kill.py",
    "tests/dashboard/test_every_page.py",
    "tests/dashboard/test_browsing.py",
    "tests/dashboard/test_browser.py",
    "tests/dashboard/test_report_browser.py",
    "tests/docs/test_examples.py",
    "tests/storage/sql/test_contracts.py",
    "tests/demo",
    "tests/dashboard/test_report.py",
    "tests/docs/test_site.py",
    "tests/client/test_monitor.py",
    "tests/monitoring/test_pipeline.py",
    "tests/cli/test_terminal.py",
    "tests/test_worker_process.py",
    "tests/client/test_logger_process.py",
)
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the nightly tests and the files that take long first; the order of all others stays."""

    def rank(item: pytest.Item) -> tuple[float, int]:
        given = item.get_closest_marker("timeout") if item.get_closest_marker("nightly") else None
        place = next((i for i, path in enumerate(_LONGEST) if item.nodeid.startswith(path)), len(_LONGEST))
        return (-given.args[0] if given else 0, place)  # who may take longer begins earlier

    items.sort(key=rank)


@dataclass(frozen=True)
class PostgresServer:
    """A running server that trusts whoever connects from this machine."""

    port: int
    folder: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://assay@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="assay", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


def _binaries() -> Path | None:
    """Folder of the server's programs: that of PATH, else Debian's newest."""
    if (found := shutil.which("initdb")) and shutil.which("postgres"):
        return Path(found).parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def _account() -> str | None:
    """Who runs the server: it refuses root; None where root has no one to hand it to."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _running_server() -> Iterator[PostgresServer]:
    binaries, account = _binaries(), _account()
    try:
        import psycopg
    except ImportError:
        psycopg = None
    if binaries is None or account is None or psycopg is None:
        reason = "needs PostgreSQL's server programs, an account that is not root, and psycopg"
        # Where everything is meant to be installed, nothing may be skipped unnoticed.
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    user = account if os.getuid() == 0 else None
    # Not pytest's own folder: that one is closed to other accounts.
    folder = Path(tempfile.mkdtemp(prefix="assay-postgres-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "assay",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    server: subprocess.Popen[bytes] | None = None
    try:
        subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True)
        port = _free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "autovacuum": "off",
            "max_connections": 200,
            "shared_buffers": "64MB",
        }
        arguments = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, *arguments],
                user=user,
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        running = PostgresServer(port, folder)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                running.execute("SELECT 1")
                break
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail("PostgreSQL did not start:\n" + (folder / "log").read_text()[-4000:])
                time.sleep(0.05)
        yield running
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # "fast" shutdown: open connections are cut
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for the whole run, in a folder of its own, on a free port of the loopback address."""
    with _running_server() as server:
        yield server


@contextmanager
def fresh_database(server: PostgresServer, template: str = "template1") -> Iterator[str]:
    """URL of a database that is what `template` is; it is dropped at the end."""
    name = f"test_{next(_numbers)}"
    # The strategy is twice as fast here as the other.
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of an empty database that no other test sees."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a database that the tests of one module share, empty at first."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/assay.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives URLs of empty databases, as many as are asked for: once SQLite's, once PostgreSQL's."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/assay-{next(_numbers)}.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with ExitStack() as databases:
        yield lambda: databases.enter_context(fresh_database(server))


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """URL of an empty database: once SQLite's, once PostgreSQL's."""
    return new_database_url()
