"""Gunicorn's settings, for production and the demo alike; the command line adds the address (``--bind``)."""

from __future__ import annotations

import gc

wsgi_app = "bxapp.wsgi"
# Requests wait for Bitrix24 most of their time: threads are what serves many at once.
worker_class = "gthread"
workers = 2
threads = 8
# A request waits at most 65 s for a portal (the cloud's own limit is 60 s).
timeout = 90
graceful_timeout = 20
accesslog = "-"
# A filter of two hundred workflows fits into an address.
limit_request_line = 8190
# Without the query string and the referrer: OAuth's callback carries a code there.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
# The application is loaded before the workers are forked: a bad configuration ends the start at once.
preload_app = True
# Nobody manages it at run time, and its default place is shared by everything that this user runs.
control_socket_disable = True

# A page makes tens of thousands of objects and leaves hardly a cycle behind: looking for cycles after every
# 700 of them was a tenth of a page's time.
gc.set_threshold(20_000, 20, 20)


def when_ready(server: object) -> None:
    """Leave the loaded application out of every later look for cycles; the workers share its memory."""
    gc.collect()
    gc.freeze()
