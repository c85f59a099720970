"""Which pages may be shown in whose frame: the parts of the content policy that differ by request."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_ATTRIBUTE = "frame_ancestors"


def allow_portal(request: HttpRequest, client_endpoint: str) -> None:
    """Let the answer be framed by the pages of the portal that was confirmed, and by nobody else.

    A portal on a server of one's own may be opened by http as well as by https, whichever of the two the
    authorization server was told; cloud portals are on https only.
    """
    parts = urlsplit(client_endpoint)
    origins = [f"{parts.scheme}://{parts.netloc}"]
    if not _is_cloud(parts.hostname or ""):
        origins.append(f"{'http' if parts.scheme == 'https' else 'https'}://{parts.netloc}")
    setattr(request, _ATTRIBUTE, origins)


def allow_unconfirmed(request: HttpRequest) -> None:
    """Let the answer be framed by any page, as long as nobody knows which portal is asking.

    Only refusals are shown in this state. They hold no data and no control that does anything, so nothing
    is won by framing them; forbidding it would leave the person with an empty frame instead of a reason.
    """
    setattr(request, _ATTRIBUTE, web_origins())


def is_framed(request: HttpRequest) -> bool:
    """Whether the answer goes into a portal's frame, as far as the view has found out."""
    return hasattr(request, _ATTRIBUTE)


def let_forms_lead_to_portals(response: HttpResponseBase) -> None:
    """Let the sign-in form of a page be redirected to a portal, whose address nobody knows beforehand.

    Browsers apply ``form-action`` to the redirects that follow a form, too.
    """
    response._csp_update = {"form-action": web_origins()}  # type: ignore[attr-defined]  # django-csp's way


def web_origins() -> list[str]:
    """Return every origin that a portal can have: https, and http only where that is allowed."""
    return ["https:", "http:"] if settings.BITRIX24_ALLOW_INSECURE else ["https:"]


class FramingMiddleware:
    """Puts the ancestors that a view allowed into the content policy; otherwise nobody may frame."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        ancestors = getattr(request, _ATTRIBUTE, None)
        if ancestors:
            response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]  # django-csp
        return response


def _is_cloud(host: str) -> bool:
    _name, separator, zone = host.partition(".bitrix24.")
    return bool(separator) and zone.replace(".", "").isalpha()
