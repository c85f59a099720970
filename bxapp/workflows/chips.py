"""A filter as chips: a sentence for each of its parts, and the address of the list without that part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bxapp.web import dates
from bxapp.workflows import documents, filter_query
from bxapp.workflows.filters import Filter, Origin, RowState
from bxapp.workflows.kinds import LABELS, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bxapp.bitrix.methods import Person

_HOUR, _DAY, _YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Chip:
    """``text`` says what must be so; ``without_url`` is the list without it."""

    text: str
    without_url: str


def chips(
    meant: Filter,
    templates: Mapping[int, str],
    people: Mapping[int, Person],
    order: Mapping[str, str],
) -> list[Chip]:
    """Return the chips of a filter; names of which nothing is known are numbers."""
    return [
        Chip(text, filter_query.address(without, order)) for text, without in _parts(meant, templates, people)
    ]


def _parts(
    meant: Filter, templates: Mapping[int, str], people: Mapping[int, Person]
) -> Iterator[tuple[str, Filter]]:
    if meant.is_impossible:
        yield _("A filter that could not be understood"), replace(meant, is_impossible=False)
    for number in sorted(meant.templates):
        name = templates.get(number) or _no(number)
        yield _("Template: %(name)s") % {"name": name}, _less(meant, "templates", number)
    for kind in sorted(meant.kinds, key=lambda one: list(LABELS).index(NAMES[one])):
        yield str(LABELS[NAMES[kind]]), _less(meant, "kinds", kind)
    for document_id in sorted(meant.documents):
        text = _("Document: %(document)s") % {"document": document_label(document_id)}
        yield text, _less(meant, "documents", document_id)
    yield from _people(meant, people)
    yield from _moments(meant)
    if meant.state is not None:
        yield STATES[meant.state](), replace(meant, state=None)
    if meant.origin is not None:
        yield ORIGINS[meant.origin](), replace(meant, origin=None)
    for workflow_id in sorted(meant.ids):
        yield _("Workflow %(id)s") % {"id": workflow_id}, _less(meant, "ids", workflow_id)


def document_label(document_id: str) -> str:
    """Return a document's number as people say it, where it tells its kind: "Deal 1633"."""
    document = documents.describe("crm", "", document_id)
    return document.label if document.kind != "crm" else document_id


def _people(meant: Filter, people: Mapping[int, Person]) -> Iterator[tuple[str, Filter]]:
    for user_id in sorted(meant.started_by):
        if user_id == 0:
            text = _("Started by the system")
        else:
            text = _("Started by %(name)s") % {"name": _name(user_id, people)}
        yield text, _less(meant, "started_by", user_id)
    if meant.started_by_dismissed:
        yield _("Started by dismissed employees"), replace(meant, started_by_dismissed=False)
    for user_id in sorted(meant.waits_for):
        text = _("Waits for %(name)s") % {"name": _name(user_id, people)}
        yield text, _less(meant, "waits_for", user_id)
    if meant.waits_for_dismissed:
        yield _("Waits for dismissed employees"), replace(meant, waits_for_dismissed=False)


def _moments(meant: Filter) -> Iterator[tuple[str, Filter]]:
    for field, sentence in (
        ("started_from", _("Started on %(day)s or later")),
        ("started_before", _("Started before %(day)s")),
        ("modified_from", _("Changed on %(day)s or later")),
        ("modified_before", _("Changed before %(day)s")),
    ):
        moment: datetime | None = getattr(meant, field)
        if moment is not None:
            yield sentence % {"day": dates.day(moment)}, _without(meant, field, None)
    for field, tell in (
        ("older_than", older),
        ("newer_than", newer),
        ("unchanged_for", unchanged),
        ("changed_within", changed),
    ):
        age: timedelta | None = getattr(meant, field)
        if age is not None:
            yield tell(age), _without(meant, field, None)


def older(age: timedelta) -> str:
    count, unit = _counted(age)
    return {
        "hour": ngettext("Started more than %(n)d hour ago", "Started more than %(n)d hours ago", count),
        "day": ngettext("Started more than %(n)d day ago", "Started more than %(n)d days ago", count),
        "year": ngettext("Started more than %(n)d year ago", "Started more than %(n)d years ago", count),
    }[unit] % {"n": count}


def newer(age: timedelta) -> str:
    count, unit = _counted(age)
    return {
        "hour": ngettext("Started in the last %(n)d hour", "Started in the last %(n)d hours", count),
        "day": ngettext("Started in the last %(n)d day", "Started in the last %(n)d days", count),
        "year": ngettext("Started in the last %(n)d year", "Started in the last %(n)d years", count),
    }[unit] % {"n": count}


def unchanged(age: timedelta) -> str:
    count, unit = _counted(age)
    return {
        "hour": ngettext("Not changed for %(n)d hour", "Not changed for %(n)d hours", count),
        "day": ngettext("Not changed for %(n)d day", "Not changed for %(n)d days", count),
        "year": ngettext("Not changed for %(n)d year", "Not changed for %(n)d years", count),
    }[unit] % {"n": count}


def changed(age: timedelta) -> str:
    count, unit = _counted(age)
    return {
        "hour": ngettext("Changed in the last %(n)d hour", "Changed in the last %(n)d hours", count),
        "day": ngettext("Changed in the last %(n)d day", "Changed in the last %(n)d days", count),
        "year": ngettext("Changed in the last %(n)d year", "Changed in the last %(n)d years", count),
    }[unit] % {"n": count}


STATES = {
    RowState.HUNG: lambda: _("Hung"),
    RowState.EXECUTING: lambda: _("Being executed"),
    RowState.RUNNING: lambda: _("Running, not hung"),
}
ORIGINS = {
    Origin.RULES: lambda: _("Automation rules only"),
    Origin.WORKFLOWS: lambda: _("Workflows only, no automation rules"),
}


def _counted(age: timedelta) -> tuple[int, str]:
    for unit, length in (("year", _YEAR), ("day", _DAY)):
        if not age % length:
            return age // length, unit
    return age // _HOUR, "hour"


def _name(user_id: int, people: Mapping[int, Person]) -> str:
    person = people.get(user_id)
    return person.name if person is not None and person.name else _no(user_id)


def _no(number: int) -> str:
    return _("no. %(id)s") % {"id": number}


def _less(meant: Filter, field: str, value: Any) -> Filter:
    return _without(meant, field, getattr(meant, field) - {value})


def _without(meant: Filter, field: str, value: Any) -> Filter:
    changes: dict[str, Any] = {field: value}
    return replace(meant, **changes)
