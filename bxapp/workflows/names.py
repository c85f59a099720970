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
    known = {row.user_id: row for row in PersonName.objects.filter(portal=portal, user_id__in=wanted)}
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
        if (row := known.get(user_id)) is None
        or (row.name, row.is_active) != (person.name, person.is_active)
        or _is_old(row, now)
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
    return {user_id: Person(row.name, row.is_active) for user_id, row in known.items()} | told


def templates(portal: Portal, wanted: Set[int], heard: Mapping[int, str]) -> dict[int, str]:
    """Return the templates' names of ``wanted``, as for ``people``; hidden ones (automation) are left out."""
    known = {
        row.template_id: row for row in TemplateName.objects.filter(portal=portal, template_id__in=wanted)
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
        if (row := known.get(template_id)) is None or row.name != name or _is_old(row, now)
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
    return {template_id: row.name for template_id, row in known.items()} | told


def erase(portal: Portal) -> None:
    """Forget every name of a portal that removed the application."""
    PersonName.objects.filter(portal=portal).delete()
    TemplateName.objects.filter(portal=portal).delete()


def _is_old(row: PersonName | TemplateName, now: datetime) -> bool:
    return row.refreshed_at < now - _REFRESH_AFTER


def is_still_there(portal: Portal) -> bool:
    """Say whether names may be kept: the portal may have removed the application while it was asked.

    Locks the portal's row, as the removal does, so that no name is written behind its back.
    """
    same = Portal.objects.select_for_update().filter(
        pk=portal.pk, installation=portal.installation, state=Portal.State.INSTALLED
    )
    return same.exists()
