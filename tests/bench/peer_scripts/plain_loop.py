"""What administrators write themselves: a loop with a pause that keeps it under two requests a second."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress

from tests.bench.peer_scripts.order import Order, run

PAUSE_SECONDS = 0.8


def work(order: Order) -> None:
    for one in order.ids:
        request = urllib.request.Request(  # noqa: S310 -- the webhook's own http address
            f"{order.webhook}bizproc.workflow.terminate",
            data=json.dumps({"ID": one, "STATUS": order.message}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with suppress(OSError), urllib.request.urlopen(request, timeout=65) as answer:  # noqa: S310 -- as above
            answer.read()
        time.sleep(PAUSE_SECONDS)


run(work)
