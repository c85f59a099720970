"""Things that a portal's administrators save under a name and share: filters, and messages one floor above.

A name is unique in its portal whatever its case and blanks. Each change locks the portal's row, as its
removal does, and is told to the audit log in the same transaction.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bxapp.audit import log
from bxapp.audit.texts import storable
from bxapp.web.refusals import Refusal, RefusalReason
from bxapp.workflows.models import SavedThing
from bxapp.workflows.names import is_still_there

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from bxapp.audit.models import AuditEntry
    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor

LONGEST_NAME_CHARACTERS = 80
# Some rare characters become eighteen when they are compared.
LONGEST_KEY_CHARACTERS = 320
# A menu longer than this is no help; and no portal shall fill the database.
MOST = 100

T = TypeVar("T", bound=SavedThing)


class NameProblemError(ValueError):
    """The name cannot be had; the text of the error is a sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """All saved things of one kind, of all portals; each function starts from the portal it is given."""

    model: type[T]
    created: AuditEntry.Kind
    changed: AuditEntry.Kind
    deleted: AuditEntry.Kind

    def all_of(self, portal: Portal) -> list[T]:
        """Return the portal's saved things in the order of their names."""
        return sorted(self._of(portal), key=lambda one: one.name_key)

    def get(self, portal: Portal, number: int) -> T:
        """Return one of the portal's; raises Refusal NOT_FOUND."""
        found = self._of(portal).filter(pk=number).first()
        if found is None:
            raise Refusal(RefusalReason.NOT_FOUND)
        return found

    def create(self, actor: Actor, name: str, content: str) -> T:
        """Save ``content`` under a name; raises NameProblemError, and Refusal NOT_INSTALLED."""
        named = clean_name(name)
        with transaction.atomic():
            self._hold(actor.portal)
            self._check_is_free(actor.portal, named)
            if self._of(actor.portal).count() >= MOST:
                raise NameProblemError(
                    ngettext(
                        "The portal keeps at most %(most)s of them. Delete one first.",
                        "The portal keeps at most %(most)s of them. Delete one first.",
                        MOST,
                    )
                    % {"most": MOST}
                )
            made = self.model(portal=actor.portal, name=named, name_key=key_of(named), content=content)
            self._note(actor, made)
            self._tell(actor, self.created, made)
        return made

    def change(self, actor: Actor, number: int, *, name: str, content: str | None = None) -> T:
        """Give one another name, and another content if given; what stays the same is no news.

        Raises NameProblemError, and Refusal NOT_FOUND or NOT_INSTALLED.
        """
        named = clean_name(name)
        with transaction.atomic():
            self._hold(actor.portal)
            found = self.get(actor.portal, number)
            before = found.name
            if (named, found.content if content is None else content) == (before, found.content):
                return found
            self._check_is_free(actor.portal, named, but=found)
            found.name, found.name_key = named, key_of(named)
            if content is not None:
                found.content = content
            self._note(actor, found)
            self._tell(actor, self.changed, found, before=before)
        return found

    def delete(self, actor: Actor, number: int) -> None:
        """Delete one; raises Refusal NOT_INSTALLED. One that is gone already is no error."""
        with transaction.atomic():
            self._hold(actor.portal)
            found = self._of(actor.portal).filter(pk=number).first()
            if found is not None:
                self._tell(actor, self.deleted, found)
                found.delete()

    def erase(self, portal: Portal) -> None:
        """Forget all of a portal that removed the application."""
        self._of(portal).delete()

    def _of(self, portal: Portal) -> QuerySet[T]:
        return self.model._default_manager.filter(portal=portal)

    def _hold(self, portal: Portal) -> None:
        if not is_still_there(portal):
            raise Refusal(RefusalReason.NOT_INSTALLED)

    def _check_is_free(self, portal: Portal, named: str, but: T | None = None) -> None:
        others = self._of(portal).filter(name_key=key_of(named))
        if but is not None:
            others = others.exclude(pk=but.pk)
        if others.exists():
            raise NameProblemError(_("This name is taken. Choose another one."))

    def _note(self, actor: Actor, saved: T) -> None:
        saved.saved_by_id = actor.user_id
        saved.saved_by_name = storable(actor.name, 255)
        saved.saved_at = timezone.now()
        saved.save()

    def _tell(self, actor: Actor, kind: AuditEntry.Kind, saved: T, before: str = "") -> None:
        named = saved.name if before in {"", saved.name} else f"{before} → {saved.name}"
        log.append(
            [
                log.entry(
                    actor.portal,
                    kind,
                    actor_id=actor.user_id,
                    actor_name=actor.name,
                    document=named,
                    message=saved.status_message,
                )
            ]
        )


def clean_name(typed: str) -> str:
    """Return a name without superfluous blanks; raises NameProblemError where none is left or it is long."""
    name = " ".join(unicodedata.normalize("NFC", storable(typed)).split())
    if not any(character.isprintable() and not character.isspace() for character in name):
        raise NameProblemError(_("Enter a name."))
    if not name.isprintable():
        raise NameProblemError(_("The name holds a character that cannot be shown. Type it again."))
    if len(name) > LONGEST_NAME_CHARACTERS or len(key_of(name)) > LONGEST_KEY_CHARACTERS:
        raise NameProblemError(
            ngettext(
                "Shorten the name: at most %(most)s character.",
                "Shorten the name: at most %(most)s characters.",
                LONGEST_NAME_CHARACTERS,
            )
            % {"most": LONGEST_NAME_CHARACTERS}
        )
    return name


def key_of(name: str) -> str:
    """Return what two names have in common that a person would call the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
