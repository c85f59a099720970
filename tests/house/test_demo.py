"""``make demo``: one command, one line to open, and nothing left behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from deploy.ports import choose_free
from tests.house.tree import copy_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree as git has it, beside the environment that is already installed."""
    copy_tree(tmp_path)
    return tmp_path


@contextmanager
def demo(tree: Path, **ports: int) -> Iterator[subprocess.Popen[str]]:
    """``make demo`` in a session of its own; it is ended hard if a test leaves it running."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tree)}
    running = subprocess.Popen(
        ["make", "demo", *(f"{variable}={port}" for variable, port in ports.items())],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
        running.communicate()


def free_ports() -> dict[str, int]:
    names = ("DEMO_PORTAL_PORT", "DEMO_AUTHORIZATION_PORT", "DEMO_APP_PORT")
    return dict(zip(names, choose_free(3), strict=True))


def read_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline()


def processes_of(tree: Path) -> list[int]:
    """Every process whose command names the tree or that works in it."""
    found = []
    for folder in os.listdir("/proc"):  # noqa: PTH208  (names only)
        try:
            command = open(f"/proc/{folder}/cmdline").read()  # noqa: PTH123, SIM115
            place = os.readlink(f"/proc/{folder}/cwd")  # noqa: PTH115
        except OSError:
            continue
        if folder.isdecimal() and command and (str(tree) in command or place == str(tree)):
            found.append(int(folder))
    return found


def nothing_is_left(tree: Path, within_seconds: float) -> bool:
    until = time.monotonic() + within_seconds
    while processes_of(tree):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def test_it_says_what_to_open_and_ends_at_ctrl_c(tree: Path) -> None:
    with demo(tree, **free_ports()) as running:
        line = read_line(running)
        address = re.match(r"Open (http://localhost:\d+/ui/app)\b", line)

        assert address, line + running.communicate()[1]
        assert requests.get(address.group(1), timeout=10).status_code == 200
        assert len(processes_of(tree)) > 5

        # A terminal sends it to the whole foreground group: make and the demo.
        os.killpg(running.pid, signal.SIGINT)
        rest, errors = running.communicate(timeout=90)

    assert rest == ""
    assert "Traceback" not in errors
    assert nothing_is_left(tree, 30)


def test_the_portal_and_the_application_are_different_sites(tree: Path) -> None:
    with demo(tree, **(ports := free_ports())) as running:
        assert read_line(running).startswith(f"Open http://localhost:{ports['DEMO_PORTAL_PORT']}/")
        ready = requests.get(f"http://127.0.0.1:{ports['DEMO_APP_PORT']}/health/ready", timeout=10)

    assert ready.status_code == 200


@pytest.mark.parametrize("victim", ["make", "supervisor"])
def test_nothing_is_left_when_it_is_killed(tree: Path, victim: str) -> None:
    with demo(tree, **free_ports()) as running:
        assert read_line(running).startswith("Open ")
        [supervisor] = [
            int(pid)
            for pid in open(f"/proc/{running.pid}/task/{running.pid}/children").read().split()  # noqa: PTH123, SIM115
        ]

        os.kill(running.pid if victim == "make" else supervisor, signal.SIGKILL)

        assert nothing_is_left(tree, 90)


def test_a_port_in_use(tree: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        with demo(tree, **{**free_ports(), "DEMO_APP_PORT": taken}) as running:
            _, errors = running.communicate(timeout=60)

    [sentence] = [line for line in errors.splitlines() if not line.startswith("make: ***")]
    assert sentence.startswith(f"make demo: port {taken} for the application is in use")
    assert sentence.endswith("make demo DEMO_APP_PORT=PORT")
    assert running.returncode != 0


def test_a_second_demo_of_the_same_tree(tree: Path) -> None:
    with demo(tree, **free_ports()) as first:
        assert read_line(first).startswith("Open ")
        with demo(tree, **free_ports()) as second:
            _, errors = second.communicate(timeout=60)

    assert "it already runs from this folder" in errors


def test_a_part_that_dies_ends_it_with_its_last_lines(tree: Path) -> None:
    with demo(tree, **free_ports()) as running:
        assert read_line(running).startswith("Open ")
        [valkey] = [
            pid
            for pid in processes_of(tree)
            if "valkey-server" in open(f"/proc/{pid}/cmdline").read()  # noqa: PTH123, SIM115
        ]

        os.kill(valkey, signal.SIGKILL)
        _, errors = running.communicate(timeout=60)

    assert "make demo: redis ended with exit code -9. Its last lines:" in errors
    assert "Ready to accept connections" in errors
    assert running.returncode != 0
    assert nothing_is_left(tree, 30)
