"""Searching the journal, for operators."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from bxapp.journal.models import JournalEntry

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

_SPAN = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; an empty field does not narrow it.

    ``portal``: a domain or a ``member_id``. ``method``: the whole name, alone or in a batch. ``workflow``: an
    ID that is among the parameters, in whichever case; no index helps, so let a portal or a time narrow it.
    ``until``: before that moment.
    """

    portal: str = ""
    method: str = ""
    job_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    workflow: str = ""
    only_errors: bool = False

    def rows(self) -> QuerySet[JournalEntry]:
        """Return the rows, newest first."""
        found = JournalEntry.objects.order_by("-at", "-pk")
        if self.portal:
            found = found.filter(Q(server__iexact=self.portal) | Q(member_id__in=_member_ids(self.portal)))
        if self.method:
            found = found.filter(Q(method__iexact=self.method) | Q(commands__has_key=self.method.lower()))
        if self.job_id is not None:
            found = found.filter(job_id=self.job_id)
        if self.since is not None:
            found = found.filter(at__gte=self.since)
        if self.until is not None:
            found = found.filter(at__lt=self.until)
        if self.only_errors:
            found = found.filter(~Q(error="") | Q(failed__gt=0))
        if self.workflow:
            written = found.alias(written=Cast("params", TextField()))
            found = written.filter(written__icontains=_as_stored(self.workflow))
        return found


def moment(text: str) -> datetime:
    """Return when ``2h`` (also s, m, d) ago was, or the date or time of an ISO text (UTC without offset).

    Raises ValueError.
    """
    if span := _SPAN.fullmatch(text.strip()):
        return timezone.now() - timedelta(**{_UNITS[span[2]]: int(span[1])})
    found = parse_datetime(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is neither a span such as 2h nor a date.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _as_stored(workflow_id: str) -> str:
    """Return a text as it stands in a JSON column: with its quotes, so that it is found as a whole."""
    return json.dumps(workflow_id, ensure_ascii=connection.vendor == "sqlite")


def _member_ids(portal: str) -> list[str]:
    portals = apps.get_model("portals", "Portal")._default_manager
    of_domain = portals.filter(domain__iexact=portal).values_list("member_id", flat=True)
    return [portal, *of_domain]
