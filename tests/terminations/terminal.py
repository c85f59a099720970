"""``manage.py workflows`` as an operator types it, with and without a worker at hand."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from django.core.management import CommandError, call_command
from django.db import connection

from bxapp.terminations.engine import dispatch

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, what it wrote, and what it said about it."""

    code: int
    out: str
    said: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def typed(*arguments: str) -> Ended:
    """Run a command in this process."""
    out, said = StringIO(), StringIO()
    code: int | str | None = 0
    try:
        call_command("workflows", *arguments, stdout=out, stderr=said)
    except CommandError as error:
        said.write(str(error))
        code = error.returncode
    except SystemExit as end:
        code = end.code
    assert isinstance(code, int)
    return Ended(int(code), out.getvalue(), said.getvalue())


@contextmanager
def a_worker(portal_id: int) -> Iterator[None]:
    """Let somebody work for a portal meanwhile, as a Celery worker does that is woken at once."""
    end = Event()

    def work() -> None:
        try:
            while not end.wait(0.02):
                dispatch.work(portal_id)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
