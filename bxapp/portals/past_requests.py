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
    each = [
        answer.duration_ms / 1000 / (answer.commands[method] if answer.method == "batch" else 1)
        for answer in _answers(member_id, method, seconds)
    ]
    return max(each, default=0.0), len(each)


def limits_execution_time(member_id: str, method: str, seconds: float) -> bool:
    """Say whether the last answer to a call of a method, within so many seconds, told its execution time, as
    all do where that is limited (documentation "limits.md"); True where there was none.
    """
    answers = _answers(member_id, method, seconds)
    # What failed tells nothing.
    heard = (one for one in answers if not one.error and one.failed < one.commands.get(method, 1))
    newest = next(heard, None)
    return newest is None or newest.operating_seconds is not None


def _answers(member_id: str, method: str, seconds: float) -> list[JournalEntry]:
    """Return the newest answers to calls of a method alone, in batches too, the last one first."""
    since = timezone.now() - timedelta(seconds=seconds)
    try:
        with leaving_none_open():
            answered = JournalEntry.objects.filter(member_id=member_id, at__gte=since, status=HTTPStatus.OK)
            newest = answered.filter(method__in=(method, "batch")).order_by("-at")
            newest = newest.only("method", "commands", "duration_ms", "operating_seconds", "failed", "error")
            return [one for one in newest[:_NEWEST] if one.method == method or set(one.commands) == {method}]
    except (DatabaseError, InterfaceError):
        return []
