"""How much a stranger may send before anybody knows who it is."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# Launch forms and events have a few kilobytes; the options of a placement are the portal's user's to fill.
LONGEST_BYTES = 128 * 1024


def short_body(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a longer body than any portal has a reason to post, before it is read.

    Raises Refusal FORM_INCOMPLETE.
    """

    @wraps(view)
    def limited(request: HttpRequest) -> HttpResponse:
        # Without this header Django reads no body at all.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > LONGEST_BYTES:
            raise Refusal(RefusalReason.FORM_INCOMPLETE)
        return view(request)

    return limited
