"""Names of people and templates, per portal: kept when the portal tells them, used when it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.audit.texts import storable
from bxapp.bitrix.methods import Person
from bxapp.portals.models import Portal
from bxapp.workflows.models import PersonName, TemplateName

if TYPE_CHECKING:
    from collections.abc import Mapping, Set
    from datetime import datetime

# An unchanged name is written again after this, so that its age says when it was last heard.
_REFRESH_AFTER = timedelta(days=1)


def people(portal: Portal, wanted: Set[int], heard: Mapping[int, Person]) -> dict[int, Person]:
    """Return the people of ``wanted``: as just ``heard`` from the portal, else as heard before.

    What was heard is kept. People whom the portal never named (bots, system users) are left out.
    """
    kept = PersonName.objects.filter(portal=portal, user_id__in=wanted)
    known = {
        user_id: (Person(name, is_active), refreshed_at)
        for user_id, name, is_active, refreshed_at in kept.values_list(
            "user_id", "name", "is_active", "refreshed_at"
        )
    }
    now = timezone.now()
    told = {
        user_id: Person(storable(person.name, 255), person.is_active)
        for user_id, person in sorted(heard.items())
        if user_id in wanted
    }
    news = [
        PersonName(
            portal=portal, user_id=user_id, name=person.name, is_active=person.is_active, refreshed_at=now
        )
        for user_id, person in told.items()
        if _is_news(person, known.get(user_id), now)
    ]
    if news:
        with transaction.atomic():
            if is_still_there(portal):
                PersonName.objects.bulk_create(
                    news,
                    update_conflicts=True,
                    unique_fields=["portal", "user_id"],
                    update_fields=["name", "is_active", "refreshed_at"],
                )
    return {user_id: person for user_id, (person, _refreshed_at) in known.items()} | told


def templates(portal: Portal, wanted: Set[int], heard: Mapping[int, str]) -> dict[int, str]:
    """Return the templates' names of ``wanted``, as for ``people``; hidden ones (automation) are left out."""
    kept = TemplateName.objects.filter(portal=portal, template_id__in=wanted)
    known = {
        template_id: (name, refreshed_at)
        for template_id, name, refreshed_at in kept.values_list("template_id", "name", "refreshed_at")
    }
    now = timezone.now()
    told = {
        template_id: storable(name, 500)
        for template_id, name in sorted(heard.items())
        if template_id in wanted
    }
    news = [
        TemplateName(portal=portal, template_id=template_id, name=name, refreshed_at=now)
        for template_id, name in told.items()
        if _is_news(name, known.get(template_id), now)
    ]
    if news:
        with transaction.atomic():
            if is_still_there(portal):
                TemplateName.objects.bulk_create(
                    news,
                    update_conflicts=True,
                    unique_fields=["portal", "template_id"],
                    update_fields=["name", "refreshed_at"],
                )
    return {template_id: name for template_id, (name, _refreshed_at) in known.items()} | told


def erase(portal: Portal) -> None:
    """Forget every name of a portal that removed the application."""
    PersonName.objects.filter(portal=portal).delete()
    TemplateName.objects.filter(portal=portal).delete()


def _is_news(told: Person | str, known: tuple[Person | str, datetime] | None, now: datetime) -> bool:
    """Whether what was just told has to be kept: it is new, different, or was last kept long ago."""
    return known is None or known[0] != told or known[1] < now - _REFRESH_AFTER


def is_still_there(portal: Portal) -> bool:
    """Say whether names may be kept: the portal may have removed the application while it was asked.

    Locks the portal's row, as the removal does, so that no name is written behind its back.
    """
    same = Portal.objects.select_for_update().filter(
        pk=portal.pk, installation=portal.installation, state=Portal.State.INSTALLED
    )
    return same.exists()
