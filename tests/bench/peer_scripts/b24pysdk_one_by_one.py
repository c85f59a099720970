"""The official ``b24pysdk`` with its defaults: one call after the other."""

from __future__ import annotations

from urllib.parse import urlsplit

from b24pysdk import Client
from b24pysdk.credentials import BitrixWebhook

from tests.bench.peer_scripts.order import Order, run


def work(order: Order) -> None:
    address = urlsplit(order.webhook)
    token = address.path.removeprefix("/rest/").strip("/")
    workflow = Client(BitrixWebhook(domain=address.netloc, webhook_token=token)).bizproc.workflow
    for one in order.ids:
        _ = workflow.terminate(one, status=order.message).result


run(work)
