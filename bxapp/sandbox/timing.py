"""The ``time`` part of an answer, in its older and its newer form (``CRestServer::appendDebugInfo``).

In the newer source the properties that hold the beginnings are whole numbers, so fractions get lost:
``duration`` is up to a second too long and ``processing`` mostly 0.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bxapp.sandbox import dates
from bxapp.sandbox.settings import TimeForm

if TYPE_CHECKING:
    from bxapp.sandbox.call import RequestScope
    from bxapp.sandbox.limits import OperatingLimiter
    from bxapp.sandbox.settings import PortalSettings


def time_part(
    settings: PortalSettings,
    limiter: OperatingLimiter,
    request: RequestScope,
    *,
    entity: str,
    method: str,
    begun: float,
    processing: tuple[float, float],
) -> dict[str, Any]:
    """``begun`` is when the server took the call up, ``processing`` when the method ran. Unix seconds."""
    finish = time.time()
    start: float = begun
    process_start, process_finish = processing
    if settings.time_form is TimeForm.NEWER:
        start = int(begun)
        process_start, process_finish = int(process_start), int(process_finish)
    part: dict[str, Any] = {
        "start": start,
        "finish": finish,
        "duration": finish - start,
        "processing": process_finish - process_start,
        "date_start": _told(start, settings.server_zone_minutes),
        "date_finish": _told(finish, settings.server_zone_minutes),
    }
    if settings.operating_limited:
        part["operating_reset_at"] = limiter.reset_at(settings, entity, method, request)
        part["operating"] = limiter.seconds(entity, method, request)
    return part


def _told(moment: float, zone_minutes: int) -> str:
    return _told_second(int(moment), zone_minutes)


@lru_cache(maxsize=64)
def _told_second(second: int, zone_minutes: int) -> str:
    return dates.tell(datetime.fromtimestamp(second, UTC), zone_minutes) or ""
