"""The life of an installation: set up, opened, removed, set up again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction

from bxapp.audit import log as audit_log
from bxapp.audit.models import AuditEntry
from bxapp.bitrix.errors import TokenRefused
from bxapp.bitrix.methods import profile
from bxapp.portals import grants
from bxapp.portals.models import AccessGrant, Portal
from bxapp.portals.removal import portal_removed, uninstall
from bxapp.web.refusals import Refusal, RefusalReason

if TYPE_CHECKING:
    from bxapp.portals.sessions import Actor
    from bxapp.portals.verification import Caller

__all__ = ["admit", "confirm", "expel", "install", "opened", "portal_removed", "uninstall"]


def admit(caller: Caller, *, not_administrator: RefusalReason = RefusalReason.NOT_ADMINISTRATOR) -> None:
    """Let an administrator pass whose application has the permission it needs.

    Of anybody else nothing is stored but the refusal itself, in the audit log of a portal that is known
    already; somebody who was an administrator until now loses all sessions.
    Raises Refusal with ``not_administrator``, or SCOPE_MISSING.
    """
    if not caller.profile.is_admin:
        reason = not_administrator
    elif not caller.has_scope:
        reason = RefusalReason.SCOPE_MISSING
    else:
        return
    with transaction.atomic(durable=True):
        portal = Portal.objects.filter(member_id=caller.owner.member_id, state=Portal.State.INSTALLED).first()
        if portal is not None:
            if not caller.profile.is_admin:
                portal.grants.filter(user_id=caller.user_id).update(is_admin=False)
            _note_refusal(portal, caller.user_id, caller.profile.full_name, reason)
    refusal = Refusal(reason)
    refusal.client_endpoint = caller.owner.client_endpoint
    raise refusal


def confirm(actor: Actor) -> None:
    """Ask the portal whether somebody who is inside is still an administrator.

    Raises Refusal NOT_ADMINISTRATOR, after all sessions of that person have ended, and BitrixError.
    """
    person = profile(grants.client_for(actor.grant))
    if person.user_id != actor.user_id:
        raise TokenRefused("", "the portal names another user than the session")
    if not person.is_admin:
        expel(actor.grant)
        raise Refusal(RefusalReason.NOT_ADMINISTRATOR)


def expel(grant: AccessGrant) -> None:
    """End all sessions of somebody whom the portal no longer treats as an administrator."""
    with transaction.atomic(durable=True):
        if AccessGrant.objects.filter(pk=grant.pk, is_admin=True).update(is_admin=False):
            _note_refusal(grant.portal, grant.user_id, grant.user_name, RefusalReason.NOT_ADMINISTRATOR)


def install(
    caller: Caller, *, application_token: str = "", license_status: str = "", language: str = ""
) -> tuple[Portal, AccessGrant]:
    """Set a portal up, for the first time or once more, in the name of a confirmed administrator.

    Empty texts leave what is known. The event handlers are bound afterwards (``handlers.bind``).
    Raises Refusal NOT_INSTALLED when the application was removed while the caller was being confirmed.
    """
    return _enter(caller, application_token, license_status, language, by_installer=True)


def opened(
    caller: Caller, *, application_token: str = "", license_status: str = "", language: str = ""
) -> tuple[Portal, AccessGrant]:
    """Let a confirmed administrator in; a portal that is not set up is set up on this occasion."""
    return _enter(caller, application_token, license_status, language, by_installer=False)


def _enter(
    caller: Caller, application_token: str, license_status: str, language: str, *, by_installer: bool
) -> tuple[Portal, AccessGrant]:
    with transaction.atomic(durable=True):
        portal, is_new = Portal.objects.select_for_update().get_or_create(
            member_id=caller.owner.member_id,
            defaults={"installed_at": caller.asked_at, "confirmed_at": caller.asked_at},
        )
        if portal.uninstalled_at is not None and portal.uninstalled_at > caller.asked_at:
            raise Refusal(RefusalReason.NOT_INSTALLED)
        is_fresh = is_new or portal.state == Portal.State.UNINSTALLED
        # The installer runs again after an update; before it has ended once, another run is no news.
        is_news = is_fresh or (by_installer and portal.handlers_bound_at is not None)
        if portal.state == Portal.State.UNINSTALLED:
            portal.installation += 1
            portal.installed_at = caller.asked_at
        _remember(portal, caller)
        portal.application_token = application_token or portal.application_token
        portal.license_status = license_status or portal.license_status
        portal.language = language or portal.language
        portal.save()
        grant, is_new_person = grants.store(portal, caller, language=language)
        if is_news or is_new_person:
            kind = AuditEntry.Kind.INSTALLED if is_news else AuditEntry.Kind.OPENED
            entry = audit_log.entry(portal, kind, actor_id=grant.user_id, actor_name=grant.user_name)
            audit_log.append([entry])
    return portal, grant


def _note_refusal(portal: Portal, user_id: int, name: str, reason: RefusalReason) -> None:
    entry = audit_log.entry(
        portal, AuditEntry.Kind.REFUSED, actor_id=user_id, actor_name=name, reason=reason.value
    )
    audit_log.append([entry])


def _remember(portal: Portal, caller: Caller) -> None:
    """Note what the authorization server confirmed."""
    portal.state = Portal.State.INSTALLED
    portal.domain = urlsplit(caller.owner.client_endpoint).netloc
    portal.client_endpoint = caller.owner.client_endpoint
    portal.authorization_server = caller.owner.server
    portal.scope = sorted(caller.owner.scope)
    portal.confirmed_at = max(portal.confirmed_at, caller.asked_at)
    portal.absent_since = None
