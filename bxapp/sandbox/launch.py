"""The form a portal posts into the iframe of an application, and the choice of the page it opens.

Facts section 2; documentation page ``settings/app-installation``, server component
``app.layout`` (public copies).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bxapp.sandbox.authorization import Grant
    from bxapp.sandbox.state import Sandbox
    from bxapp.sandbox.world import Application, Portal, User


class EntryPage(StrEnum):
    """What a user sees who opens the application in the portal."""

    APPLICATION = "application"
    INSTALLER = "installer"
    NOT_INSTALLED = "not_installed"
    """The portal's own error: not installed yet, and this user may not install."""
    ABSENT = "absent"
    """The application is not in this portal (removed)."""


@dataclass(frozen=True, slots=True)
class LaunchForm:
    """``fields`` are POSTed to ``url`` inside an iframe named ``frame_name``."""

    url: str
    fields: dict[str, str]
    frame_name: str
    app_sid: str


def may_install(user: User) -> bool:
    """Whether the portal lets ``user`` install applications (administrators always)."""
    return user.active and (user.admin or user.may_install)


def entry_page(application: Application, user: User) -> EntryPage:
    """What opening the application shows to ``user``."""
    if not application.present:
        return EntryPage.ABSENT
    if application.installed:
        return EntryPage.APPLICATION
    return EntryPage.INSTALLER if may_install(user) else EntryPage.NOT_INSTALLED


def build_launch(
    sandbox: Sandbox,
    portal: Portal,
    user_id: int,
    *,
    placement: str = "DEFAULT",
    placement_options: Mapping[str, object] | str | None = None,
    older: bool = False,
    installer: bool | None = None,
    language: str = "",
    client_id: str = "",
) -> LaunchForm:
    """The form exactly as the portal's frame would POST it, with a fresh pair of tokens.

    ``installer`` None means: the installer URL as long as the installation is unfinished. ``older``
    gives the shorter form of older portals. A text in ``placement_options`` is sent as it is.
    Raises ``KeyError`` for a user or an application that does not exist.
    """
    application = portal.applications[client_id] if client_id else portal.application
    user = portal.users[user_id]
    to_installer = installer if installer is not None else not application.installed
    address = application.install_url if to_installer and application.install_url else application.app_url
    if placement != "DEFAULT" and not to_installer:
        address = next(
            (one.handler for one in application.placements if one.placement == placement), application.app_url
        )
    app_sid = secrets.token_hex(16)
    query = {
        "DOMAIN": portal.domain,
        "PROTOCOL": portal.protocol,
        "LANG": language or portal.settings.language,
        "APP_SID": app_sid,
    }
    grant = sandbox.authorization.issue(portal, user.id, application)
    fields = {
        "AUTH_ID": grant.access_token,
        "AUTH_EXPIRES": str(grant.expires_in),
        "REFRESH_ID": grant.refresh_token,
    }
    if not older:
        fields["SERVER_ENDPOINT"] = portal.settings.server_endpoint or sandbox.authorization.rest_endpoint
        fields["APPLICATION_TOKEN"] = application.application_token
        fields["APPLICATION_SCOPE"] = ",".join(application.scope)
    fields["member_id"] = portal.member_id
    fields["status"] = portal.settings.application_status
    fields["PLACEMENT"] = placement
    options = _options_text(placement, placement_options)
    if options:
        fields["PLACEMENT_OPTIONS"] = options
    joint = "&" if "?" in address else "?"
    return LaunchForm(
        url=f"{address}{joint}{urlencode(query)}",
        fields=fields,
        frame_name=f"{portal.domain}|{portal.protocol}|{app_sid}",
        app_sid=app_sid,
    )


def mint_frame_auth(sandbox: Sandbox, portal: Portal, user_id: int, *, client_id: str = "") -> Grant:
    """A fresh pair as the frame's ``refreshAuth`` gives it."""
    application = portal.applications[client_id] if client_id else portal.application
    return sandbox.authorization.issue(portal, user_id, application)


def _options_text(placement: str, options: Mapping[str, object] | str | None) -> str:
    if isinstance(options, str):
        return options
    if options is None:
        return json.dumps({"URI": ""}) if placement == "DEFAULT" else ""
    return json.dumps(dict(options), ensure_ascii=False)
