"""A Valkey of one test's own: what stops the run's server would hold other tests up too."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.retry import Retry

from deploy.ports import choose_free
from deploy.process import Process
from deploy.stack import INHERITED, embedded_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def own_valkey(folder: Path) -> Iterator[tuple[Process, str]]:
    """Give the process and its address, once it answers; it is killed when the block ends."""
    port = choose_free(1)[0]
    valkey = Process(
        "redis",
        [embedded_valkey(), *("--bind", "127.0.0.1", "--port", str(port), "--save", "")],
        folder=folder,
        environment={name: os.environ[name] for name in INHERITED if name in os.environ},
        log=folder / "redis.log",
    )
    valkey.start()
    try:
        patient = Retry(ConstantBackoff(0.05), 400, supported_errors=(NoConnectionError,))
        with Redis(port=port, retry=patient) as client:
            client.ping()
        yield valkey, f"redis://127.0.0.1:{port}/0"
    finally:
        valkey.kill()
