"""What is known of a portal before it is asked how much runs: who starts workflows, and which templates run.

Neither can be asked for as such. So everybody and everything seen before is counted by number, and what is
left over is asked for too: its rows show whom and what to count the next time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bxapp.workflows import names
from bxapp.workflows.models import PersonName, TemplateName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bxapp.bitrix.methods import Person
    from bxapp.portals.models import Portal
    from bxapp.workflows.overview_counts import Counts

# Somebody whose name is older may have been dismissed since.
_STALE_AFTER = timedelta(days=1)
_MOST_REMEMBERED = 500


@dataclass(slots=True)
class Knowledge:
    """``people``: whether each still works there, by number; ``unnamed``: starters never named.

    ``stale``: people to be asked for again. ``likely``: templates, and about how much runs of each.
    ``listed``: all templates that the portal lists; None while that is not known.
    ``has_met`` and ``has_found``: people, or templates, that would have changed the question.
    """

    portal: Portal
    people: dict[int, bool]
    stale: list[int] = field(default_factory=list)
    unnamed: set[int] = field(default_factory=set)
    likely: dict[int, int] = field(default_factory=dict)
    listed: frozenset[int] | None = None
    has_met: bool = False
    has_found: bool = False

    @classmethod
    def of(cls, portal: Portal, before: Counts | None, now: datetime) -> Knowledge:
        """Return what names and the overview before tell."""
        rows = PersonName.objects.filter(portal=portal).order_by("?")
        known = list(rows.values_list("user_id", "is_active", "refreshed_at"))
        knowledge = cls(
            portal=portal,
            people={user_id: is_active for user_id, is_active, _ in known},
            stale=[user_id for user_id, _, heard_at in known if heard_at < now - _STALE_AFTER],
        )
        if before is None:
            named = TemplateName.objects.filter(portal=portal).values_list("template_id", flat=True)
            knowledge.likely = dict.fromkeys(named, 0)
        else:
            knowledge.unnamed = set(before.unnamed_starters)
            knowledge.likely = {**before.likely_templates, **before.templates}
            knowledge.listed = before.listed_templates
        return knowledge

    @property
    def dismissed(self) -> set[int]:
        return {user_id for user_id, is_active in self.people.items() if not is_active}

    @property
    def starters(self) -> set[int]:
        """Everybody who is known, the system too."""
        return {0, *self.people, *self.unnamed}

    def likeliest(self, most: int) -> list[int]:
        """Return the templates of which most is running, as far as that is known."""
        ranked = sorted(self.likely.items(), key=lambda each: (-each[1], each[0]))
        return [template_id for template_id, _ in ranked[:most]]

    def learn_people(self, asked: Collection[int], heard: Mapping[int, Person]) -> None:
        """Keep what the portal answered to a question for people."""
        told = names.people(self.portal, set(asked), heard)
        now_known = {user_id: person.is_active for user_id, person in told.items()}
        new = {user_id for user_id in asked if user_id not in told and len(self.unnamed) < _MOST_REMEMBERED}
        self.has_met |= any(self.people.get(user_id) != state for user_id, state in now_known.items())
        self.has_met |= bool(new - self.unnamed)
        self.people |= now_known
        self.unnamed |= new

    def learn_list(self, heard: Mapping[int, str], *, is_complete: bool) -> None:
        """Keep the portal's list of templates, and the names in it of those that may be running."""
        named = {ID: name for ID, name in heard.items() if name and ID in self.likely}
        names.templates(self.portal, named.keys(), named)
        listed = frozenset(heard) if is_complete else None
        self.has_found |= listed != self.listed
        self.listed = listed

    def learn_templates(self, found: Mapping[int, int]) -> None:
        """Keep which other templates run, and about how much of each."""
        self.has_found |= bool(found.keys() - self.likely.keys())
        self.likely |= found

    def likely_others(self, counted: Collection[int]) -> dict[int, int]:
        """Return the templates to remember that were not counted one by one."""
        others = {number: count for number, count in self.likely.items() if number not in counted and count}
        return dict(sorted(others.items(), key=lambda each: -each[1])[:_MOST_REMEMBERED])
