"""Who works at the command line: an operator, with the rights of an administrator of a portal.

Bitrix24 knows no operators, only its users. So every command acts in the name of one of them: of the
webhook's user, or of an administrator who has opened the application. The audit log names both.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from bxapp.portals import webhooks
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.sessions import Actor, Channel

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bxapp.bitrix.webhooks import Webhook


class NoSuchPortal(Exception):  # noqa: N818  (a finding; its message is for the operator)
    """There is no such portal, or more than one, or nobody in it whose rights could be used."""


def actor_for(portal: str = "", user_id: int | None = None) -> Actor:
    """Return who acts in a portal.

    ``portal``: domain or ``member_id`` of one where the application is installed, or the domain of the
    configured webhook. Empty: the configured webhook, else the only installed portal. ``user_id``: whose
    rights, where several administrators have opened the application; else who did so last.

    Raises NoSuchPortal, and BitrixError when the portal does not confirm the webhook.
    """
    webhook: Webhook | None = settings.BITRIX24_WEBHOOK
    installed = _installed(portal)
    is_webhooks = webhook is not None and portal.lower() in {"", webhook.domain, webhook.portal_id}
    if webhook is not None and is_webhooks and (not portal or not installed.exists()):
        if user_id not in {None, webhook.user_id}:
            raise NoSuchPortal(f"The webhook is user {webhook.user_id}'s, not user {user_id}'s.")
        return _actor(webhooks.opened(webhook))
    found = list(installed[:2])
    if len(found) == 1:
        return _actor(_grant(found[0], user_id))
    if found:
        raise NoSuchPortal(f"Name the portal: {', '.join(_domains())}.")
    if portal:
        raise NoSuchPortal(
            f"{portal} is not an installed portal. There are: {', '.join(_domains()) or 'none'}."
        )
    raise NoSuchPortal("No portal is installed, and BITRIX24_WEBHOOK_URL names none.")


def _installed(portal: str) -> QuerySet[Portal]:
    installed = Portal.objects.filter(kind=Portal.Kind.APPLICATION, state=Portal.State.INSTALLED)
    return installed.filter(Q(domain__iexact=portal) | Q(member_id=portal)) if portal else installed


def _domains() -> list[str]:
    return list(_installed("").order_by("domain").values_list("domain", flat=True)[:20])


def _grant(portal: Portal, user_id: int | None) -> AccessGrant:
    grants = portal.grants.filter(is_admin=True, state=AccessGrant.State.ACTIVE).select_related("portal")
    if user_id is not None:
        grants = grants.filter(user_id=user_id)
    grant = grants.order_by("-confirmed_at").first()
    if grant is None:
        who = "no administrator" if user_id is None else f"no administrator with the ID {user_id}"
        raise NoSuchPortal(
            f"Flowstop holds the rights of {who} of {portal.domain}: let one open it in the portal."
        )
    return grant


def _actor(grant: AccessGrant) -> Actor:
    return Actor(grant.portal, grant, Channel.COMMAND_LINE, operator=_login_name())


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A user ID without a name, as in some containers.
        return ""
