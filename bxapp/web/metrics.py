"""Figures for Prometheus, counted in the database when they are asked for.

Several processes serve the web and others do the work, so a counter kept in one process would tell a part
of the truth, and a different one each time. The rooms register collectors here (``AppConfig.ready``), because
this floor may not know them. No figure names a portal or a person.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

if TYPE_CHECKING:
    from django.http import HttpRequest

log = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures of all rooms as Prometheus reads them; 503 while the database does not answer."""
    try:
        figures = generate_latest(REGISTRY)
    except DatabaseError as error:
        log.warning("No figures: %s", error)
        return HttpResponse(status=503)
    return HttpResponse(figures, content_type=CONTENT_TYPE_PLAIN_0_0_4)
