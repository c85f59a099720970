"""The end of an installation: told by the portal, or inferred because it never told.

What is stored of persons and rights goes at once; the audit log stays, because it is the only record
of what was stopped. Other rooms clean up theirs when ``portal_removed`` is sent.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.dispatch import Signal
from django.utils import timezone

from bxapp.audit import log as audit_log
from bxapp.audit.models import AuditEntry
from bxapp.bitrix.errors import NotInstalled
from bxapp.portals import preferences
from bxapp.portals.models import AccessGrant, Portal

if TYPE_CHECKING:
    from datetime import datetime

    from bxapp.bitrix.errors import BitrixError

log = logging.getLogger(__name__)

# Sent with ``portal`` (locked, already UNINSTALLED), inside the transaction that removes it. A room stops its
# jobs and erases what it keeps of the portal; it must not speak to the portal, and an error undoes it all.
portal_removed = Signal()

# A portal caches refusals for an hour, and a closed one may come back; so a sign must last.
CERTAIN_AFTER = timedelta(days=1)
UNCERTAIN_AFTER = timedelta(days=30)
# ``invalid_client`` may also mean that our own secret is wrong, and ``invalid_token``, like a refused refresh
# token, that a user is gone; so these take a month without any confirmation.
_UNCERTAIN_CODES = frozenset({"invalid_client", "invalid_token"})


def uninstall(portal_id: int, *, reason: str = "", happened_at: datetime | None = None) -> bool:
    """End a portal's installation; return whether there was one to end.

    Tokens and names of its users are erased, sessions and jobs of this installation are void from here on.
    ``reason`` is for the audit log. ``happened_at`` is when the portal says it was removed: an end from
    before the last confirmed opening belongs to the installation before, and is ignored.
    """
    with transaction.atomic(durable=True):
        portal = Portal.objects.select_for_update().get(pk=portal_id)
        if portal.state == Portal.State.UNINSTALLED:
            return False
        # The portal counts whole seconds.
        if happened_at is not None and happened_at < portal.confirmed_at.replace(microsecond=0):
            log.info("Late removal of portal %s ignored: it was opened since", portal.pk)
            return False
        portal.state = Portal.State.UNINSTALLED
        portal.uninstalled_at = timezone.now()
        portal.application_token = ""
        portal.handlers_bound_at = None
        portal.absent_since = None
        portal.save()
        portal.grants.update(
            state=AccessGrant.State.DROPPED,
            is_admin=False,
            access_token="",
            refresh_token="",
            user_name="",
            time_zone="",
            language="",
            refresh_holder=None,
            refresh_until=None,
        )
        preferences.erase(portal)
        audit_log.append([audit_log.entry(portal, AuditEntry.Kind.UNINSTALLED, reason=reason)])
        portal_removed.send(sender=Portal, portal=portal)
    log.info("Portal %s removed (%s)", portal_id, reason or "told by the portal")
    return True


def is_certain(error: BitrixError) -> bool | None:
    """Return whether an error is a certain sign (or an uncertain one) of a removal, None if it is none."""
    if error.code.lower() in _UNCERTAIN_CODES:
        return False
    return True if isinstance(error, NotInstalled) and error.code else None


def suspect(portal_id: int, *, certain: bool) -> None:
    """Note a sign that the application is gone from a portal; when signs last, end its installation.

    ``certain``: the answer can mean nothing else. A confirmed opening or renewal in between clears the signs.
    """
    now = timezone.now()
    installed = Portal.objects.filter(pk=portal_id, state=Portal.State.INSTALLED)
    if installed.filter(absent_since__isnull=True).update(absent_since=now):
        log.warning("Portal %s may have removed the application", portal_id)
    limit = now - (CERTAIN_AFTER if certain else UNCERTAIN_AFTER)
    if installed.filter(absent_since__lte=limit).exists():
        uninstall(portal_id, reason="inferred")


def clear_suspicion(portal_id: int) -> None:
    """Forget the signs: the portal has just shown that the application is there."""
    Portal.objects.filter(pk=portal_id, absent_since__isnull=False).update(absent_since=None)
