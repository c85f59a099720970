"""The figures on top of the list: each says how much runs of something, and its link lists just that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from bxapp.workflows import filter_query, growth, names, overview_keeping, overview_words
from bxapp.workflows.filters import EVERYTHING, KINDS, Filter, Origin, RowState
from bxapp.workflows.kinds import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bxapp.portals.models import Portal
    from bxapp.workflows.growth import Rise
    from bxapp.workflows.overview_counts import Counts

MOST_TEMPLATES = 5
MOST_KINDS = 6

_OLDEST_FIRST = {"sort": "started", "direction": "asc"}
_SHOWN_AGAIN_FOR = timedelta(seconds=60)
# While something is being stopped the figures count down; two pages of one portal still ask only once.
_SHOWN_AGAIN_FOR_FRESH = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` and ``label`` are read together: "31 hung". Without ``url`` the portal did not tell it.

    ``is_current``: the list shows just this at the moment; the link then leads back to everything.
    """

    value: str
    label: str
    url: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """``others`` run in templates that were not counted one by one; None where that is not known.

    ``rises`` have grown since the visit that ``since`` names.
    """

    counted_at: datetime
    tiles: list[Figure]
    templates: list[Figure]
    others: int | None
    kinds: list[Figure]
    rises: list[Figure]
    since: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the overview is looked at: what the list there ``meant``, and the order that links keep."""

    meant: Filter = EVERYTHING
    order: Mapping[str, str] = field(default_factory=dict)

    def figure(self, lists: Filter, value: str, label: str, order: Mapping[str, str] | None = None) -> Figure:
        """Return the figure that lists what ``lists`` means."""
        if lists == self.meant:
            return Figure(value, label, filter_query.address(EVERYTHING, self.order), is_current=True)
        return Figure(value, label, filter_query.address(lists, order or self.order))


def recent(portal: Portal, now: datetime, *, shown_total: int | None, is_fresh: bool) -> Counts | None:
    """Return the portal's last counts where they may be shown again, else None.

    ``shown_total``: how many the list on the screen has, where it shows everything; counts with another
    number would contradict it. ``is_fresh``: something is being stopped, so only the last moment will do.
    """
    counts = overview_keeping.latest(portal)
    longest = _SHOWN_AGAIN_FOR_FRESH if is_fresh else _SHOWN_AGAIN_FOR
    if counts is None or not now - longest < counts.counted_at <= now:
        return None
    return counts if shown_total is None or shown_total == counts.total else None


def of_counts(portal: Portal, counts: Counts, place: Place) -> Overview:
    """Return the figures for somebody who looks at ``place``."""
    risen = growth.rises(counts, lambda moment: overview_keeping.latest(portal, until=moment))
    named = names.templates(portal, {*counts.templates, *(rise.template_id for rise in risen)}, {})
    kinds = sorted(counts.kinds.items(), key=lambda each: -each[1])[:MOST_KINDS]
    return Overview(
        counted_at=counts.counted_at,
        tiles=[
            _total(counts, place),
            _hung(counts, place),
            _dismissed(counts, place),
            _oldest(counts, place),
        ],
        templates=_templates(counts, named, place),
        others=counts.other_templates,
        kinds=[
            place.figure(_of_kind(name), overview_words.exactly(count), str(LABELS[name]))
            for name, count in kinds
        ],
        rises=[_rise(rise, named.get(rise.template_id, ""), place) for rise in risen],
        since=overview_words.since(risen[0].since, counts.counted_at) if risen else "",
    )


def _total(counts: Counts, place: Place) -> Figure:
    return place.figure(
        EVERYTHING, overview_words.exactly(counts.total), overview_words.running(counts.total)
    )


def _hung(counts: Counts, place: Place) -> Figure:
    if counts.hung is None:
        return Figure(overview_words.UNTOLD, overview_words.hung(0))
    value = overview_words.about(counts.hung) if counts.hung_is_rough else overview_words.exactly(counts.hung)
    return place.figure(Filter(state=RowState.HUNG), value, overview_words.hung(counts.hung))


def _dismissed(counts: Counts, place: Place) -> Figure:
    label = _("started by dismissed employees")
    if counts.dismissed is None:
        return Figure(overview_words.UNTOLD, label)
    say = overview_words.at_least if counts.dismissed_is_least else overview_words.exactly
    return place.figure(Filter(started_by_dismissed=True), say(counts.dismissed), label)


def _oldest(counts: Counts, place: Place) -> Figure:
    """Return the age of the oldest; its link lists all of that age, the oldest first."""
    label = _("the oldest")
    if counts.oldest is None:
        return Figure(overview_words.UNTOLD, label)
    age = max(timedelta(), counts.counted_at - counts.oldest)
    value, least = overview_words.age(age), overview_words.least_of_age(age)
    if least is None:
        # All of it is younger than what an address can say.
        return Figure(value, label, filter_query.address(EVERYTHING, _OLDEST_FIRST))
    return place.figure(Filter(older_than=least), value, label, _OLDEST_FIRST)


def _templates(counts: Counts, named: Mapping[int, str], place: Place) -> list[Figure]:
    """Return the largest templates, and all automation rules together among them."""
    found = [(count, _of_template(ID), named[ID]) for ID, count in counts.templates.items() if named.get(ID)]
    found = sorted(found, key=lambda each: -each[0])[:MOST_TEMPLATES]
    rules = counts.rules or 0
    found.append((rules, Filter(origin=Origin.RULES), overview_words.rules(rules)))
    return [
        place.figure(lists, overview_words.exactly(count), label)
        for count, lists, label in sorted(found, key=lambda each: -each[0])
        if count
    ]


def _rise(rise: Rise, name: str, place: Place) -> Figure:
    label = overview_words.template(name, rise.template_id)
    return place.figure(_of_template(rise.template_id), overview_words.more(rise.more), label)


def _of_kind(name: str) -> Filter:
    return Filter(kinds=frozenset({KINDS[name]}))


def _of_template(template_id: int) -> Filter:
    return Filter(templates=frozenset({template_id}))
