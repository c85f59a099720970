"""Language and theme of a person, kept with the portal: the frame has no cookie that could remember them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from bxapp.portals.models import AccessGrant, Preference

if TYPE_CHECKING:
    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor


class NoSuchChoiceError(ValueError):
    """A language or a theme that the form does not offer."""


def choose(actor: Actor, *, language: str, theme: str) -> Preference:
    """Remember how the actor wants the pages, and let the actor's request have it so at once.

    ``language``: a code of ``settings.LANGUAGES``, empty for the portal's; ``theme``: a ``Preference.Theme``.
    Raises NoSuchChoiceError, also where the portal has removed the application meanwhile.
    """
    if language and language not in dict(settings.LANGUAGES):
        raise NoSuchChoiceError(language)
    if theme not in Preference.Theme.values:
        raise NoSuchChoiceError(theme)
    with transaction.atomic():
        # Locks the row that the removal drops too, so that nothing is written behind its back.
        held = AccessGrant.objects.select_for_update().exclude(state=AccessGrant.State.DROPPED)
        if not held.filter(pk=actor.grant.pk).exists():
            raise NoSuchChoiceError("The portal has removed the application.")
        chosen, _is_new = Preference.objects.update_or_create(
            grant=actor.grant, defaults={"language": language, "theme": theme}
        )
    actor.grant.preference = chosen
    return chosen


def of(grant: AccessGrant) -> Preference:
    """Return what the grant's person prefers; what is not stored is as in the portal and the system."""
    try:
        return grant.preference
    except Preference.DoesNotExist:
        return Preference(grant_id=grant.pk)


def erase(portal: Portal) -> None:
    """Forget how the people of a portal wanted their pages: it removed the application."""
    Preference.objects.filter(grant__portal=portal).delete()
