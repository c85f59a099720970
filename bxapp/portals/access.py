"""The door of every screen: only an administrator of an installed portal passes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast

from django.http import HttpRequest
from django.views.decorators.cache import never_cache

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

    Raises Refusal: SESSION_ENDED in a frame (the page then proves its user anew and repeats the request),
    OUTSIDE_PORTAL in a browser.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if getattr(request, "actor", None) is None:
            in_frame = bearer(request) is not None
            raise Refusal(RefusalReason.SESSION_ENDED if in_frame else RefusalReason.OUTSIDE_PORTAL)
        return view(cast("ActorRequest", request), *args, **kwargs)

    # never_cache keeps the signature, but django-stubs cannot say so for Concatenate.
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", never_cache(guarded))
