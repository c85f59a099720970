"""Coming in by an incoming webhook: no frame, no installation, an administrator's secret address.

A webhook's portal has a row of its own (``Portal.Kind.WEBHOOK``), also where the application is installed in
the same portal: a webhook tells no ``member_id``, so the two cannot be proved to be one, and each has rights,
execution time and an audit log of its own. Each user whose webhook was used has a grant there, whose
access token is the webhook's secret, encrypted like any other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.audit import log as audit_log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.bitrix.errors import RightsLost, TokenRefused
from bxapp.bitrix.methods import profile
from bxapp.portals.grants import client_of_webhook
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from bxapp.bitrix.methods import Profile
    from bxapp.bitrix.webhooks import Webhook

# A webhook's end is the portal's to tell; the column wants a moment.
_NEVER = timedelta(days=100 * 365)


def opened(webhook: Webhook) -> AccessGrant:
    """Return the grant of a webhook, after the portal has confirmed that its user is an administrator.

    Raises BitrixError: TokenRefused when the portal does not accept the webhook, RightsLost when its user is
    no administrator, and what else the portal answers.
    """
    person = profile(client_of_webhook(webhook))
    if person.user_id != webhook.user_id:
        raise TokenRefused("", "the portal names another user than the webhook's address")
    if not person.is_admin:
        raise RightsLost("", "the webhook's user is not an administrator of the portal")
    return _store(webhook, person)


def _store(webhook: Webhook, person: Profile) -> AccessGrant:
    now = timezone.now()
    with transaction.atomic(durable=True):
        portal, _ = Portal.objects.select_for_update().get_or_create(
            member_id=webhook.portal_id,
            defaults={
                "kind": Portal.Kind.WEBHOOK,
                "domain": webhook.domain,
                "client_endpoint": webhook.rest_endpoint,
                "installed_at": now,
                "confirmed_at": now,
            },
        )
        known = AccessGrant.objects.filter(portal=portal, user_id=person.user_id).first()
        grant = known or AccessGrant(portal=portal, user_id=person.user_id)
        grant.user_name = storable(person.full_name, 255)
        grant.time_zone = storable(person.time_zone, 64)
        grant.is_admin = True
        grant.state = AccessGrant.State.ACTIVE
        grant.access_token = webhook.secret
        grant.expires_at = now + _NEVER
        grant.renewed_at = grant.confirmed_at = now
        grant.save()
        if known is None:
            entry = audit_log.entry(
                portal, AuditEntry.Kind.OPENED, actor_id=grant.user_id, actor_name=grant.user_name
            )
            audit_log.append([entry])
    return grant
