"""What every test may ask for: Redis for the run, and the whole product as processes."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from playwright.sync_api import sync_playwright
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from deploy.process import Process
from deploy.stack import INHERITED, embedded_valkey
from tests.browser import launch_chromium
from tests.environment import EMBEDDED_REDIS_PORT
from tests.limits import forget_limits
from tests.stack import Start, started_stacks
from tests.terminations.database import migrated_database, own_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Playwright
    from pytest_django.plugin import DjangoDbBlocker

ON_SERVERS = os.environ["DATABASE_URL"].startswith("postgres")
# What takes longest begins first, so that no process of a parallel run is left alone with it at the end.
# What waits most of its time takes turns with what keeps a browser busy.
LONGEST_FIRST = (
    "tests/breaking/test_killed_worker.py",
    "tests/frontend/test_access.py",
    "tests/bench/",
    "tests/stories/test_cleaning_up.py",
    "tests/breaking/test_short_form.py",
    "tests/frontend/test_selection.py",
    "tests/house/test_static_checks.py",
    "tests/frontend/test_jobs.py",
    "tests/breaking/test_wake_ups.py",
    "tests/frontend/test_languages.py",
    "tests/terminations/test_slots.py",
    "tests/stories/",
    "tests/house/test_demo.py",
    "tests/frontend/",
)


def pytest_configure(config: pytest.Config) -> None:
    """Start the Valkey of this run, unless ``REDIS_URL`` named a server; parallel workers share it."""
    # A run in the background ignores Ctrl-C, and would hand that on to every process that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if EMBEDDED_REDIS_PORT is None or hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="flowstop-tests-redis-"))
    server = Process(
        "redis",
        [
            embedded_valkey(),
            *("--bind", "127.0.0.1", "--port", str(EMBEDDED_REDIS_PORT)),
            *("--dir", str(folder), "--save", "", "--appendonly", "no"),
        ],
        folder=folder,
        environment={name: os.environ[name] for name in INHERITED if name in os.environ},
        log=folder / "redis.log",
    )
    server.start()
    # The first test may be one that needs no database, and be there before it.
    patient = Retry(ConstantBackoff(0.05), 200, supported_errors=(redis.ConnectionError,))
    with redis.Redis(port=EMBEDDED_REDIS_PORT, retry=patient) as client:
        client.ping()

    def end() -> None:
        server.stop()
        shutil.rmtree(folder)

    config.add_cleanup(end)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; leave out what only PostgreSQL and Redis servers can show."""
    items.sort(key=lambda item: _place(item.nodeid))
    if not ON_SERVERS:
        left_out = [item for item in items if item.get_closest_marker("servers")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _place(node_id: str) -> int:
    """Return where a test stands among the longest; all others keep their order behind them."""
    return next(
        (place for place, path in enumerate(LONGEST_FIRST) if node_id.startswith(path)), len(LONGEST_FIRST)
    )


@pytest.fixture(autouse=True)
def _portals_are_rested() -> None:
    """No portal has had any request yet when a test begins."""
    forget_limits()


@pytest.fixture(autouse=True)
def _journal_is_empty() -> Iterator[None]:
    """What a test said to a portal is not written to the journal in the middle of the next test."""
    yield
    from bxapp.journal.recording import WAITING  # after Django's start

    WAITING.take()


@pytest.fixture(scope="session")
def migrated(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The name of a migrated database, to be cloned."""
    with django_db_blocker.unblock(), migrated_database() as name:
        yield name


@pytest.fixture
def database(migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database of the test's own, with real commits: for threads, processes, and rules of transactions."""
    with django_db_blocker.unblock(), own_database(migrated):
        yield


@pytest.fixture(scope="module")
def start_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """A function that starts a product of its own; all end with the module."""
    with started_stacks(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, for one module: its event loop, left running, would keep other tests from theirs."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A Chromium with third-party cookies blocked."""
    context = launch_chromium(playwright, tmp_path_factory.mktemp("profile"))
    yield context
    context.close()
