"""What has to be said before so much, or something protected, is stopped."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext, ngettext

from bxapp.workflows import protected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bxapp.portals.models import Portal
    from bxapp.workflows.selection import SelectedWorkflow

# From here on the number is typed: a click may slip.
TYPED_FROM = 100
# What people and languages put between thousands: blanks of any width, commas, points, apostrophes.
_GROUPING = frozenset(" \t\u00a0\u2007\u2009\u202f,.'\u2019\u066c_")
_LONGEST_NUMBER = 32


@dataclass(frozen=True, slots=True)
class Guarded:
    """How many workflows of a protected template are about to be stopped."""

    template_id: int
    name: str
    count: int

    @property
    def label(self) -> str:
        """The words of its box in the dialog."""
        return ngettext(
            "Yes, terminate %(count)s of the protected template “%(name)s”",
            "Yes, terminate %(count)s of the protected template “%(name)s”",
            self.count,
        ) % {"count": self.count, "name": self.name or gettext("no. %(id)s") % {"id": self.template_id}}


class ProtectedNotConfirmedError(ValueError):
    """Workflows of protected templates are among the chosen, and nobody has said that they are meant too."""

    def __init__(self, guarded: list[Guarded]) -> None:
        names = ", ".join(f"{one.name or one.template_id} ({one.count})" for one in guarded)
        super().__init__(
            gettext("Protected templates are among the selection: %(names)s.") % {"names": names}
        )
        self.guarded = guarded


def is_count(typed: str, count: int) -> bool:
    """Say whether what was typed is this number, in any script's digits and with thousands set apart."""
    digits = ""
    for character in typed.strip()[:_LONGEST_NUMBER]:
        value = unicodedata.decimal(character, None)
        if value is not None:
            digits += str(value)
        elif character not in _GROUPING:
            return False
    return digits == str(count)


def guarded(portal: Portal, counts: Mapping[int, int]) -> list[Guarded]:
    """Return which of these templates (number to how many) are protected, by name."""
    return [
        Guarded(one.template_id, one.name, counts[one.template_id])
        for one in protected.all_of(portal)
        if counts.get(one.template_id)
    ]


def check_protected(portal: Portal, chosen: Iterable[SelectedWorkflow], confirmed: Collection[int]) -> None:
    """Raise ProtectedNotConfirmedError unless each protected template among the chosen is ``confirmed``."""
    counts = Counter(one.template_id or 0 for one in chosen)
    missing = [one for one in guarded(portal, counts) if one.template_id not in confirmed]
    if missing:
        raise ProtectedNotConfirmedError(missing)
