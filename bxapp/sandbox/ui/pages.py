"""The routes of everything a person opens in the portal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bxapp.sandbox.ui import answers, cards, sessions, workflows
from bxapp.sandbox.ui.frame import frame_page
from bxapp.sandbox.ui.rendering import page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Portal, User

    Opened = Callable[[Portal, User, web.Request], Awaitable[web.StreamResponse]]
    Answered = Callable[[Sandbox, Portal, User, web.Request], Awaitable[web.Response]]

STATIC = Path(__file__).parent / "static"


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """Routes for the portals' port: pages under ``/``, ``/ui/`` and the paths of cards."""
    return PortalPages(sandbox).routes()


class PortalPages:
    """The pages of all portals of a sandbox; which one is asked for says the Host header."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        card_paths = [f"/{prefix}/{{rest:.*}}" for prefix in cards.PREFIXES]
        return [
            web.get("/", self.opened(self.home)),
            web.get("/ui/app", self.opened(self.app)),
            # Where the portal itself shows an application, by its number (``rest/lib/marketplace/url.php``).
            web.get(r"/marketplace/app/{number:\d+}/", self.opened(self.numbered_app)),
            web.get("/ui/workflows", self.opened(self.workflows)),
            *(web.get(path, self.opened(self.card)) for path in card_paths),
            web.get("/ui/static/{name}", self.static),
            web.post("/ui/session", self.sign_in),
            web.post("/ui/session/end", self.sign_out),
            web.post("/ui/frame/tokens", self.answered(answers.fresh_tokens)),
            web.post("/ui/frame/installed", self.answered(answers.installed)),
            web.post("/ui/frame/first-run", self.answered(answers.first_run)),
            web.post("/ui/frame/user-option", self.answered(answers.user_option)),
            web.post("/ui/frame/application-option", self.answered(answers.application_option)),
        ]

    def portal(self, request: web.Request) -> Portal:
        """The portal at the request's host. Raises 404, its "deleted" page, or 302 to its new domain."""
        portal = self.sandbox.portal_at(request.host)
        if portal is None:
            raise web.HTTPNotFound(text="There is no portal at this address.")
        if portal.settings.moved and request.host != portal.domain:
            raise web.HTTPFound(f"{portal.origin}{request.rel_url}")
        return portal

    def opened(self, show: Opened) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A page for a signed-in person: the first visit signs in by itself, an ended session asks who."""

        async def handle(request: web.Request) -> web.StreamResponse:
            portal = self.portal(request)
            if portal.settings.closed:
                return page("closed.html", {"portal": portal}, status=portal.settings.closed_status)
            user = sessions.signed_in(portal, request)
            if user:
                return await show(portal, user, request)
            people = sessions.choices(portal)
            if not people or not sessions.is_first_visit(request):
                asked = {"portal": portal, "choices": people, "next": str(request.rel_url)}
                return page("sign_in.html", asked)
            response = await show(portal, people[0].user, request)
            sessions.begin(portal, people[0].user, response)
            return response

        return handle

    def answered(self, answer: Answered) -> Callable[[web.Request], Awaitable[web.Response]]:
        """What only a living session may ask; without one the answer is an error, its status 200."""

        async def handle(request: web.Request) -> web.Response:
            portal = self.portal(request)
            user = sessions.signed_in(portal, request)
            if user is None:
                return web.json_response({"error": "authorization_required"})
            return await answer(self.sandbox, portal, user, request)

        return handle

    def shell(self, portal: Portal, user: User, request: web.Request) -> dict[str, object]:
        """What the layout around every page needs."""
        return {
            "portal": portal,
            "user": user,
            "choices": sessions.choices(portal),
            "next": str(request.rel_url),
            "current": request.path,
            "in_slider": request.query.get("IFRAME") == "Y",
        }

    async def home(self, portal: Portal, user: User, request: web.Request) -> web.StreamResponse:
        return page("home.html", {**self.shell(portal, user, request), "title": "Start"})

    async def app(self, portal: Portal, user: User, request: web.Request) -> web.StreamResponse:
        return frame_page(self.sandbox, portal, user, request, self.shell(portal, user, request))

    async def numbered_app(self, portal: Portal, user: User, request: web.Request) -> web.StreamResponse:
        if int(request.match_info["number"]) != portal.application.id:
            return await self.card(portal, user, request)
        return await self.app(portal, user, request)

    async def workflows(self, portal: Portal, user: User, request: web.Request) -> web.StreamResponse:
        found = workflows.table(portal, request.query)
        told = [one for one in reversed(portal.notifications) if one.user_id == user.id][:20]
        context = {"title": "Workflows", "table": found, "labels": workflows.LABELS, "notifications": told}
        return page("workflows.html", {**self.shell(portal, user, request), **context})

    async def card(self, portal: Portal, user: User, request: web.Request) -> web.StreamResponse:
        shell = self.shell(portal, user, request)
        found = cards.card_at(portal, request.path)
        if found is None:
            context = {**shell, "title": "Not found", "message": "There is no page here."}
            return page("refusal.html", context, status=404)
        return page("card.html", {**shell, "title": found.title, "card": found})

    async def static(self, request: web.Request) -> web.StreamResponse:
        path = STATIC / request.match_info["name"]
        if path.parent != STATIC or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Sign in as the user whose number the form names, and go back to its ``next``."""
        portal = self.portal(request)
        asked = await request.post()
        number = str(asked.get("user", ""))
        user = portal.users.get(int(number)) if number.isascii() and number.isdigit() else None
        if user is None or not user.active or user.bot:
            raise web.HTTPBadRequest(text="There is no such active user.")
        target = str(asked.get("next", "/"))
        inside = target.startswith("/") and not target.startswith("//")
        response = web.Response(status=303, headers={"Location": target if inside else "/"})
        sessions.end(request)
        sessions.begin(portal, user, response)
        return response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End the session and stay where one is: an open frame goes on until it needs the portal."""
        self.portal(request)
        sessions.end(request)
        return web.Response(status=204)
