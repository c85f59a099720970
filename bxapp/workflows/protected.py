"""Templates whose workflows "all" leaves out: set by administrators, kept per portal, told to the audit log.

Protection is of this application and not of the portal: whoever ticks such a workflow by hand may stop it,
after saying so for its template. Every function starts from the portal it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from bxapp.audit import log
from bxapp.audit.models import AuditEntry
from bxapp.audit.texts import storable
from bxapp.workflows.models import ProtectedTemplate, TemplateName
from bxapp.workflows.names import is_still_there

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor

# What a column of the database holds; 0 stands for "no template" and cannot be protected.
_LARGEST_NUMBER = 2**63 - 1


class NoSuchTemplateError(ValueError):
    """The number cannot be a template's, or the portal has removed the application."""


def all_of(portal: Portal) -> list[ProtectedTemplate]:
    """Return the portal's protected templates by name, each as it is called now where that is known."""
    rows = list(ProtectedTemplate.objects.filter(portal=portal))
    known = dict(
        TemplateName.objects.filter(
            portal=portal, template_id__in=[row.template_id for row in rows]
        ).values_list("template_id", "name")
    )
    for row in rows:
        row.name = known.get(row.template_id, row.name)
    return sorted(rows, key=lambda row: (row.name.casefold(), row.template_id))


def numbers(portal: Portal) -> frozenset[int]:
    """Return the IDs of the portal's protected templates."""
    return frozenset(ProtectedTemplate.objects.filter(portal=portal).values_list("template_id", flat=True))


def protect(actor: Actor, template_id: int) -> ProtectedTemplate:
    """Protect a template of the actor's portal and return it; one that is protected already stays as it is.

    Raises NoSuchTemplateError.
    """
    portal = actor.portal
    if not 0 < template_id <= _LARGEST_NUMBER:
        raise NoSuchTemplateError("A template's number is above 0.")
    named = TemplateName.objects.filter(portal=portal, template_id=template_id).first()
    with transaction.atomic():
        # Locks the portal's row: neither a removal nor another administrator comes in between.
        if not is_still_there(portal):
            raise NoSuchTemplateError("The portal has removed the application.")
        row, is_new = ProtectedTemplate.objects.get_or_create(
            portal=portal,
            template_id=template_id,
            defaults={
                "name": named.name if named else "",
                "protected_by_id": actor.user_id,
                "protected_by_name": storable(actor.name, 255),
                "protected_at": timezone.now(),
            },
        )
        if is_new:
            _tell(actor, AuditEntry.Kind.PROTECTED, row)
    return row


def unprotect(actor: Actor, template_id: int) -> bool:
    """End a template's protection; return whether there was one."""
    with transaction.atomic():
        if not is_still_there(actor.portal):
            return False
        row = ProtectedTemplate.objects.filter(portal=actor.portal, template_id=template_id).first()
        if row is None:
            return False
        _tell(actor, AuditEntry.Kind.UNPROTECTED, row)
        row.delete()
    return True


def erase(portal: Portal) -> None:
    """Forget which templates of a portal are protected: it removed the application."""
    ProtectedTemplate.objects.filter(portal=portal).delete()


def _tell(actor: Actor, kind: AuditEntry.Kind, row: ProtectedTemplate) -> None:
    numbered = f"{row.name} ({row.template_id})" if row.name else str(row.template_id)
    log.append(
        [log.entry(actor.portal, kind, actor_id=actor.user_id, actor_name=actor.name, template=numbered)]
    )
