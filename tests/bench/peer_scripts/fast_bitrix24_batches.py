"""``fast_bitrix24`` with its defaults: one ``call`` with the whole list, which it sends in batches of 50."""

from __future__ import annotations

from fast_bitrix24 import Bitrix  # type: ignore[import-not-found]  # only in the peers' environment

from tests.bench.peer_scripts.order import Order, run


def work(order: Order) -> None:
    items = [{"ID": one, "STATUS": order.message} for one in order.ids]
    Bitrix(order.webhook, verbose=False).call("bizproc.workflow.terminate", items)


run(work)
