"""What a portal has had lately, from the journal: what tells its limits once Redis lost them."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from bxapp.journal.models import JournalEntry
from bxapp.portals.clocks import CLOCKS_APART
from bxapp.portals.connections import leaving_none_open
from bxapp.portals.models import Portal

# More than any portal takes at once: what a database that cannot be asked may have known.
_MANY = 1000
_NEWEST = 200


def requests_within(domain: str, seconds: float) -> int:
    """Return how many requests left for the portals at a domain within the last ``seconds``, as far as told.

    A request is told of once it is answered, and within about a second then: what is under way is not, and
    what a killed process had not written never will be.
    """
    since = timezone.now() - timedelta(seconds=seconds) - CLOCKS_APART
    try:
        with leaving_none_open():
            known = Portal.objects.filter(domain__iexact=domain)
            sent = JournalEntry.objects.filter(member_id__in=known.values("member_id"), at__gte=since)
            # The portal's address may have changed meanwhile, those of the authorization servers do not.
            sent = sent.exclude(server__in=[urlsplit(one).netloc for one in settings.BITRIX24_OAUTH_SERVERS])
            return sent[:_MANY].count()
    except (DatabaseError, InterfaceError):
        return _MANY


def longest_call_within(member_id: str, method: str, seconds: float) -> tuple[float, int]:
    """Return how long a call of a method took at most, network included, as far as the newest answers tell,
    and how many requests these were.

    Of a batch each command counts with its share of the whole. 0 and 0 where there were none.
    """
    since = timezone.now() - timedelta(seconds=seconds)
    try:
        with leaving_none_open():
            answered = JournalEntry.objects.filter(member_id=member_id, at__gte=since, status=HTTPStatus.OK)
            newest = answered.filter(method__in=(method, "batch")).order_by("-at")[:_NEWEST]
            rows = list(newest.values_list("method", "commands", "duration_ms"))
    except (DatabaseError, InterfaceError):
        return 0.0, 0
    each = [
        duration_ms / 1000 / (commands[method] if name == "batch" else 1)
        for name, commands, duration_ms in rows
        if name == method or set(commands) == {method}
    ]
    return max(each, default=0.0), len(each)
