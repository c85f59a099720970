"""The form in which a filter is put together: what may be chosen, and what is chosen already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from bxapp.bitrix.errors import MethodFailed, OurMistake, TryLater, Unheard
from bxapp.portals import grants
from bxapp.workflows import chips, names, resolving
from bxapp.workflows.filter_query import age_text
from bxapp.workflows.filters import Filter, Origin, RowState
from bxapp.workflows.kinds import KINDS, LABELS
from bxapp.workflows.models import TemplateName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bxapp.portals.models import Portal
    from bxapp.portals.sessions import Actor

_HOUR, _DAY, _YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
# Newest first, then oldest last: the way in which one looks for a loop, and for what was forgotten.
_STARTED = (
    ("newer", _HOUR),
    ("newer", _DAY),
    ("newer", 7 * _DAY),
    ("older", 7 * _DAY),
    ("older", 30 * _DAY),
    ("older", 90 * _DAY),
    ("older", _YEAR),
    ("older", 3 * _YEAR),
)
_CHANGED = (
    ("changed", _HOUR),
    ("changed", _DAY),
    ("unchanged", 7 * _DAY),
    ("unchanged", 30 * _DAY),
    ("unchanged", 90 * _DAY),
    ("unchanged", _YEAR),
)
_SENTENCES: dict[str, Callable[[timedelta], str]] = {
    "older": chips.older,
    "newer": chips.newer,
    "unchanged": chips.unchanged,
    "changed": chips.changed,
}


@dataclass(frozen=True, slots=True)
class Option:
    """One box, or one entry of a list; ``name`` where entries of one list have different names."""

    value: str
    label: str
    is_chosen: bool
    name: str = ""
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """When: an age out of a list, and two days. ``other`` is a second age, which the list cannot hold."""

    ages: Sequence[Option]
    since: str
    before: str
    other: Option | None

    @property
    def name(self) -> str:
        """The name of the entry that is chosen."""
        return next((age.name for age in self.ages if age.is_chosen), self.ages[0].name)


@dataclass(frozen=True, slots=True)
class FilterForm:
    """``is_list_known`` is false where the portal did not tell its templates: those known are offered."""

    meant: Filter
    templates: Sequence[Option]
    is_list_known: bool
    kinds: Sequence[Option]
    states: Sequence[Option]
    origins: Sequence[Option]
    by: Sequence[Option]
    waits: Sequence[Option]
    started: Span
    changed: Span

    @property
    def documents(self) -> str:
        return " ".join(sorted(self.meant.documents))

    @property
    def ids(self) -> str:
        return "\n".join(sorted(self.meant.ids))

    @property
    def by_system(self) -> bool:
        return 0 in self.meant.started_by


def form(actor: Actor, meant: Filter) -> FilterForm:
    """Return the form for a filter. What the portal does not tell now is missing, no more."""
    templates, is_list_known = _templates(actor, meant)
    return FilterForm(
        meant=meant,
        templates=templates,
        is_list_known=is_list_known,
        kinds=[Option(name, str(label), KINDS[name] in meant.kinds) for name, label in LABELS.items()],
        states=[
            Option(state, chips.STATES[state](), meant.state == state)
            for state in (RowState.HUNG, RowState.EXECUTING, RowState.RUNNING)
        ],
        origins=[
            Option(origin, chips.ORIGINS[origin](), meant.origin == origin)
            for origin in (Origin.RULES, Origin.WORKFLOWS)
        ],
        by=_people(actor.portal, meant.started_by - {0}),
        waits=_people(actor.portal, meant.waits_for),
        started=_span(
            _STARTED,
            {"older": meant.older_than, "newer": meant.newer_than},
            (meant.started_from, meant.started_before),
        ),
        changed=_span(
            _CHANGED,
            {"unchanged": meant.unchanged_for, "changed": meant.changed_within},
            (meant.modified_from, meant.modified_before),
        ),
    )


def _templates(actor: Actor, meant: Filter) -> tuple[list[Option], bool]:
    is_known = True
    try:
        listed = resolving.template_names(grants.client_for(actor.grant), actor.portal)
    except (TryLater, Unheard, MethodFailed, OurMistake):
        is_known = False
        rows = TemplateName.objects.filter(portal=actor.portal)
        listed = dict(rows.values_list("template_id", "name"))
    unlisted = meant.templates - listed.keys()
    told = names.templates(actor.portal, unlisted, {}) if unlisted else {}
    every = listed | {number: told.get(number, "") for number in unlisted}
    options = [
        Option(str(number), name or _("no. %(id)s") % {"id": number}, number in meant.templates)
        for number, name in every.items()
    ]
    return sorted(options, key=lambda each: (not each.is_chosen, each.label.casefold())), is_known


def _people(portal: Portal, wanted: frozenset[int]) -> list[Option]:
    known = names.people(portal, wanted, {}) if wanted else {}
    return [
        Option(
            str(user_id),
            known[user_id].name if user_id in known and known[user_id].name else _no(user_id),
            is_chosen=True,
            is_dismissed=user_id in known and not known[user_id].is_active,
        )
        for user_id in sorted(wanted)
    ]


def _span(
    presets: Sequence[tuple[str, timedelta]],
    chosen: dict[str, timedelta | None],
    days: tuple[datetime | None, datetime | None],
) -> Span:
    given = [(name, age) for name, age in chosen.items() if age is not None]
    offered = list(presets) + [each for each in given[:1] if each not in presets]
    ages = [Option("", _("At any time"), not given, offered[0][0])]
    ages += [
        Option(age_text(age), _SENTENCES[name](age), (name, age) in given[:1], name) for name, age in offered
    ]
    other = Option(age_text(given[1][1]), "", is_chosen=True, name=given[1][0]) if len(given) > 1 else None
    since, before = (timezone.localtime(day).date().isoformat() if day else "" for day in days)
    return Span(ages, since, before, other)


def _no(number: int) -> str:
    return _("no. %(id)s") % {"id": number}
