"""Who is acting, found out once for each request; and proof of origin where cookies are in play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.middleware.csrf import CsrfViewMiddleware

from bxapp.portals import sessions
from bxapp.web import framing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseForbidden
    from django.http.response import HttpResponseBase

_BEARER = "Bearer "
# Probes must be answered without the database.
_WITHOUT_ACTOR = ("/health/", "/metrics")


class ActorMiddleware:
    """Sets ``request.actor``: an Actor, or None.

    A request with an ``Authorization`` header comes from a frame and is judged by that header alone: a cookie
    that happens to be there too must not lend it another person's rights.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        actor = None if request.path.startswith(_WITHOUT_ACTOR) else _actor(request)
        request.actor = actor  # type: ignore[attr-defined]  # read through access.ActorRequest
        if actor is not None and _acts_in_a_frame(request):
            framing.allow_portal(request, actor.portal.client_endpoint)
        return self.get_response(request)


class CsrfMiddleware(CsrfViewMiddleware):
    """Django's check, left out where a bearer session is shown: no browser adds that header by itself.

    A form's token is then of no use, and its cookie is not set: in the frame there is none. A session that
    is over is refused as such, by the view, so that the page can renew it and ask again.
    """

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., HttpResponseBase],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> HttpResponseForbidden | None:
        if bearer(request) is not None:
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if bearer(request) is not None or _acts_in_a_frame(request):
            return response
        return super().process_response(request, response)


def _acts_in_a_frame(request: HttpRequest) -> bool:
    actor: sessions.Actor | None = getattr(request, "actor", None)
    return actor is not None and actor.channel is sessions.Channel.FRAME


def bearer(request: HttpRequest) -> tuple[str, str] | None:
    """Return the frame's session and the document it claims to be in; None when no frame is asking."""
    authorization = request.headers.get("Authorization", "")
    if not authorization.startswith(_BEARER):
        return None
    return authorization.removeprefix(_BEARER).strip(), request.headers.get("X-Flowstop-Document", "")


def _actor(request: HttpRequest) -> sessions.Actor | None:
    frame = bearer(request)
    if frame is not None:
        return sessions.read(*frame)
    return sessions.read_cookie(request.session)
