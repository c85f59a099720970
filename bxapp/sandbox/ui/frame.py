"""The page ``/ui/app``: an application in the portal's frame, and what its script must know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from bxapp.sandbox.launch import EntryPage, LaunchForm, build_launch, entry_page, may_install
from bxapp.sandbox.ui.placements import escaped, placement_options
from bxapp.sandbox.ui.rendering import page
from bxapp.sandbox.ui.switches import LANGUAGES, PLACEMENTS, Switches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal, User

REFUSALS = {
    EntryPage.NOT_INSTALLED: "The installation of this application is not finished yet. "
    "Ask an administrator of your Bitrix24 to finish it.",
    EntryPage.ABSENT: "The application was not found in this Bitrix24. It may have been removed.",
}
"""The portal's own words where it does not open the application."""


def frame_page(
    sandbox: Sandbox, portal: Portal, user: User, request: web.Request, shell: Mapping[str, object]
) -> web.Response:
    """The frame with the form in it, or the portal's own error. ``shell`` is the page around it."""
    application = portal.application
    refusal = _refusal(portal, application, user)
    if refusal:
        return page("refusal.html", {**shell, "title": application.title, "message": refusal})
    switches = Switches.read(request.query)
    in_slider = request.query.get("IFRAME") == "Y"
    passed = request.query.get("_options")
    options = (
        _parameters(passed)
        if passed
        else placement_options(switches, request.query, request.headers.get("Referer", ""), portal.origin)
    )
    installing = entry_page(application, user) is EntryPage.INSTALLER
    form = build_launch(
        sandbox,
        portal,
        user.id,
        placement=switches.placement,
        placement_options=options or "",
        older=switches.older_form,
        installer=installing,
        language=switches.language,
    )
    data = frame_data(portal, user, form, switches, options, installing=installing, in_slider=in_slider)
    context = {
        **shell,
        "title": request.query.get("_title") or application.title,
        "form": form,
        "frame_data": data,
        "switches": switches,
        "placements": PLACEMENTS,
        "languages": LANGUAGES,
    }
    return page("app.html", context)


def frame_data(
    portal: Portal,
    user: User,
    form: LaunchForm,
    switches: Switches,
    options: Mapping[str, object],
    *,
    installing: bool,
    in_slider: bool,
) -> dict[str, object]:
    """What the page's script needs: the answer to ``getInitData`` and the rules of this frame.

    Oddities kept: empty options are lists, expiry is a text, ``IS_ADMIN`` also means "may install",
    placement options are escaped for HTML (facts section 2).
    """
    application = portal.application
    address = urlsplit(form.url)
    denied = [] if switches.in_default_placement else ["setTitle"]
    return {
        "appOrigin": f"{address.scheme}://{address.netloc}",
        "appSid": form.app_sid,
        "appCode": application.client_id,
        "denied": [*denied, "resizeWindow"] if in_slider else denied,
        "olderPaths": switches.older_paths,
        "inSlider": in_slider,
        "mayInstall": may_install(user),
        "people": [
            {"id": str(one.id), "name": one.full_name, "position": one.position}
            for one in portal.users.values()
            if one.active and not one.bot
        ],
        "init": {
            "LANG": switches.language or portal.settings.language,
            "DOMAIN": portal.domain,
            "PROTOCOL": 0,
            "PATH": "/rest",
            "AUTH_ID": form.fields["AUTH_ID"],
            "AUTH_EXPIRES": form.fields["AUTH_EXPIRES"],
            "REFRESH_ID": form.fields["REFRESH_ID"],
            "MEMBER_ID": portal.member_id,
            "FIRST_RUN": (user.id, application.version) not in application.first_run_seen,
            "IS_ADMIN": may_install(user),
            "INSTALL": installing,
            "USER_OPTIONS": user.options or [],
            "APP_OPTIONS": application.options or [],
            "PLACEMENT": switches.placement,
            "PLACEMENT_OPTIONS": escaped(options),
        },
    }


def _refusal(portal: Portal, application: Application, user: User) -> str:
    if not portal.settings.rest_available:
        return "Applications are not available on your plan."
    if portal.settings.payment_expired:
        return "The subscription has ended. Extend it to go on using this application."
    return REFUSALS.get(entry_page(application, user), "")


def _parameters(text: str) -> dict[str, object]:
    """Parameters of ``openApplication``. Raises 400 for what is no JSON object."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise web.HTTPBadRequest(text="The parameters are no JSON.") from error
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(text="The parameters are no JSON object.")
    return found
