"""One named child process: started in a group of its own, watched, stopped, or killed on purpose."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(parent_id: int) -> None:
    """Ask the kernel to send this process SIGTERM when its parent dies, however that happens.

    ``parent_id`` is the expected parent: if it has died already, nothing more would tell us.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_id:
        os.kill(os.getpid(), signal.SIGTERM)


class Process:
    """A child process with a name, whose output goes to a log file.

    It leads a process group: Ctrl-C in the terminal reaches only the supervisor, which stops its children
    in order, and :meth:`kill` reaches the children's children too. It ends with the supervisor even where
    that is killed.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._folder = folder
        self._environment = dict(environment)
        self._running: subprocess.Popen[bytes] | None = None
        self._log_offset_bytes = 0

    def start(self) -> None:
        """Start it; its output is appended to the log."""
        supervisor = os.getpid()
        with self.log.open("ab") as output:
            self._log_offset_bytes = output.tell()
            self._running = subprocess.Popen(  # noqa: S603  (our own fixed commands)
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(supervisor),
            )

    @property
    def id(self) -> int:
        """The process ID, which is its group's too."""
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: minus the signal that ended it."""
        return self._child.poll()

    def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Ask it to end, wait, and kill what is left of its group."""
        self.ask_to_end()
        self.wait(grace_seconds)
        self.kill()

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process itself, which ends its own children in its own way."""
        if self.is_alive:
            self._child.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the whole group and wait for the leader to be gone."""
        if self._running is None:
            return
        with suppress(ProcessLookupError):  # nobody of the group is left
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def wait(self, seconds: float) -> bool:
        """Wait until it ends by itself; returns whether it did (or never ran)."""
        if self._running is None:
            return True
        try:
            self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def children(self) -> list[int]:
        """The process IDs of its direct children (Linux)."""
        found: list[int] = []
        for task in os.listdir(f"/proc/{self.id}/task"):  # noqa: PTH208  (names only)
            with open(f"/proc/{self.id}/task/{task}/children", encoding="ascii") as file:  # noqa: PTH123
                found += [int(number) for number in file.read().split()]
        return found

    def output(self) -> str:
        """What it has written since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._log_offset_bytes)
            return log.read().decode(errors="replace")

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for a person who has to find out why it died."""
        if not self.log.exists():
            return ""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=count)).rstrip()

    @property
    def _child(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._running


def wait_until_gone(process_id: int, seconds: float) -> bool:
    """Wait until no process has this ID; returns whether that came true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
