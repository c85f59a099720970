"""The door of every screen: only an administrator of an installed portal passes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.http import HttpRequest
from django.views.decorators.cache import never_cache

from bxapp.bitrix.errors import RightsLost
from bxapp.portals import lifecycle, sessions
from bxapp.portals.middleware import bearer
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from bxapp.portals.sessions import Actor

P = ParamSpec("P")


class ActorRequest(HttpRequest):
    """A request whose actor is known: the type that decorated views take."""

    actor: Actor


def administrator(
    view: Callable[Concatenate[ActorRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let only an administrator with a living session see the view; its answers are never cached.

    A person who turns out to have lost the rights, because the portal says so when asked for anything, loses
    all sessions too.
    Raises Refusal: SESSION_ENDED in a frame (the page then proves its user anew and repeats the request),
    OUTSIDE_PORTAL in a browser; REMOVED where the page's portal has removed the application since;
    NOT_ADMINISTRATOR; and BitrixError.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        actor: sessions.Actor | None = getattr(request, "actor", None)
        if actor is None:
            frame = bearer(request)
            if sessions.acted_where_removed(frame, request.session):
                raise Refusal(RefusalReason.REMOVED)
            raise Refusal(RefusalReason.SESSION_ENDED if frame else RefusalReason.OUTSIDE_PORTAL)
        if actor.channel is sessions.Channel.BROWSER and sessions.is_to_be_confirmed(request.session):
            lifecycle.confirm(actor)
            sessions.note_confirmed(request.session)
        try:
            return view(cast("ActorRequest", request), *args, **kwargs)
        except RightsLost:
            lifecycle.expel(actor.grant)
            raise

    # never_cache keeps the signature, but django-stubs cannot say so for Concatenate.
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", never_cache(guarded))
