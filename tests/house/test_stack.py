"""The product as processes starts whatever its random secrets happen to be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deploy.stack import Secrets, Stack

if TYPE_CHECKING:
    from pathlib import Path


def test_a_client_secret_that_begins_with_a_hyphen(tmp_path: Path) -> None:
    stack = Stack(tmp_path, keys=Secrets(client_secret="-" + "s" * 53))
    sandbox = stack.processes["sandbox"]
    sandbox.start()
    try:
        until = time.monotonic() + 30
        while sandbox.is_alive and stack.sandbox_line() is None and time.monotonic() < until:
            time.sleep(0.1)

        assert stack.sandbox_line() is not None, sandbox.last_lines()
    finally:
        sandbox.stop()
