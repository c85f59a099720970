"""The person's language and time zone around every view, and refusals turned into pages."""

from __future__ import annotations

import logging
import zoneinfo
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from bxapp.bitrix.errors import BitrixError
from bxapp.bitrix.launch import language_of
from bxapp.web import framing
from bxapp.web.refusal_pages import respond
from bxapp.web.refusals import Refusal, of_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

log = logging.getLogger(__name__)


class LocaleMiddleware:
    """Speaks the person's language: as chosen, else as in the portal, else as the browser asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        actor = getattr(request, "actor", None)
        known = actor.language if actor else ""
        language = supported_language(known) if known else _asked_language(request)
        with translation.override(language), timezone.override(zone_of(actor.time_zone if actor else "")):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or language)
        patch_vary_headers(response, ("Accept-Language",))
        return response


class RefusalMiddleware:
    """Answers a Refusal, or an error of Bitrix24 that a view let through, with the page for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            if exception.client_endpoint:
                framing.allow_portal(request, exception.client_endpoint)
            return respond(request, exception)
        if isinstance(exception, BitrixError):
            # Its text is redacted by the room that raised it.
            log.warning("%s %s: %s", request.method, request.path, exception)
            return respond(request, of_error(exception))
        return None


def supported_language(language: str) -> str:
    """Return the language of ours that fits best; English when none does."""
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Return the time zone of that name; UTC when a portal names one that this machine does not know."""
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def _asked_language(request: HttpRequest) -> str:
    portal_language = request.GET.get("LANG", "") if request.method == "POST" else ""
    if portal_language:
        return supported_language(language_of(portal_language))
    return translation.get_language_from_request(request)
