"""Names of people and templates, per portal: kept when the portal tells them, used when it does not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from bxapp.bitrix.methods import Person
from bxapp.workflows.models import PersonName, TemplateName

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

    from bxapp.portals.models import Portal

# An unchanged name is written again after this, so that its age says when it was last heard.
_REFRESH_AFTER = timedelta(days=1)


def people(portal: Portal, wanted: Set[int], heard: Mapping[int, Person]) -> dict[int, Person]:
    """Return the people of ``wanted``: as just ``heard`` from the portal, else as heard before.

    What was heard is kept. People whom the portal never named (bots, system users) are left out.
    """
    known = {row.user_id: row for row in PersonName.objects.filter(portal=portal, user_id__in=wanted)}
    now = timezone.now()
    news = [
        PersonName(
            portal=portal,
            user_id=user_id,
            name=person.name[:255],
            is_active=person.is_active,
            refreshed_at=now,
        )
        for user_id, person in heard.items()
        if user_id in wanted and _is_news(known.get(user_id), person, now)
    ]
    if news:
        PersonName.objects.bulk_create(
            news,
            update_conflicts=True,
            unique_fields=["portal", "user_id"],
            update_fields=["name", "is_active", "refreshed_at"],
        )
    remembered = {user_id: Person(row.name, row.is_active) for user_id, row in known.items()}
    return remembered | {user_id: person for user_id, person in heard.items() if user_id in wanted}


def templates(portal: Portal, wanted: Set[int], heard: Mapping[int, str]) -> dict[int, str]:
    """Return the templates' names of ``wanted``, as for ``people``; hidden ones (automation) are left out."""
    known = {
        row.template_id: row for row in TemplateName.objects.filter(portal=portal, template_id__in=wanted)
    }
    now = timezone.now()
    news = [
        TemplateName(portal=portal, template_id=template_id, name=name[:500], refreshed_at=now)
        for template_id, name in heard.items()
        if template_id in wanted
        and (
            (row := known.get(template_id)) is None
            or row.name != name[:500]
            or row.refreshed_at < now - _REFRESH_AFTER
        )
    ]
    if news:
        TemplateName.objects.bulk_create(
            news,
            update_conflicts=True,
            unique_fields=["portal", "template_id"],
            update_fields=["name", "refreshed_at"],
        )
    remembered = {template_id: row.name for template_id, row in known.items()}
    return remembered | {template_id: name for template_id, name in heard.items() if template_id in wanted}


def erase(portal: Portal) -> None:
    """Forget every name of a portal that removed the application."""
    PersonName.objects.filter(portal=portal).delete()
    TemplateName.objects.filter(portal=portal).delete()


def _is_news(row: PersonName | None, person: Person, now: datetime) -> bool:
    return (
        row is None
        or row.name != person.name[:255]
        or row.is_active != person.is_active
        or row.refreshed_at < now - _REFRESH_AFTER
    )
