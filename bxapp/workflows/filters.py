"""Which of the running workflows are meant, and whether one of them is.

A :class:`Filter` is what a person means; it travels in addresses (``filter_query``). Parts of it the
portal's rows do not tell: who was dismissed, for whom a workflow waits, which templates are no automation
rules. Those are asked of the portal first (``resolving``) and come as :class:`Known`. What may be asked of
the portal is in ``questions``; every row is compared here, whatever the portal made of the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from bxapp.workflows import questions
from bxapp.workflows.kinds import KINDS, DocumentKind
from bxapp.workflows.states import RowState, state_of

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bxapp.bitrix.methods import Instance

__all__ = ["EVERYTHING", "KINDS", "NOTHING_KNOWN", "DocumentKind", "Filter", "Known", "Origin", "RowState"]

Value = TypeVar("Value")


class Origin(StrEnum):
    # Of a template that the portal does not list: automation rules, and the portal's other hidden ones.
    RULES = "rules"
    # Of a template that the portal lists.
    WORKFLOWS = "workflows"


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal was asked for once; None where it was not.

    ``listed_templates``: all that the portal lists. ``dismissed``: dismissed people who started something
    that runs. ``awaited``: IDs of workflows that wait for one of the people whom the filter names.
    ``is_complete`` is false where there was more than could be read: what is found is meant, but there may
    be more of it.
    """

    listed_templates: frozenset[int] | None = None
    dismissed: frozenset[int] | None = None
    awaited: frozenset[str] | None = None
    is_complete: bool = True


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Filter:
    """An empty field does not narrow it; several values of one field are alternatives.

    ``started_by`` 0 is the system, ``templates`` 0 none. ``documents`` are numbers as the portal writes them
    (``DEAL_1633``). Moments are aware: from (inclusive) and before (exclusive). Ages count back from the
    moment of looking: ``older_than`` and ``newer_than`` from the start, ``unchanged_for`` and
    ``changed_within`` from the last change. ``is_impossible``: nothing is meant, because what was asked for
    could not be understood.
    """

    templates: frozenset[int] = frozenset()
    documents: frozenset[str] = frozenset()
    kinds: frozenset[DocumentKind] = frozenset()
    started_by: frozenset[int] = frozenset()
    started_by_dismissed: bool = False
    waits_for: frozenset[int] = frozenset()
    waits_for_dismissed: bool = False
    started_from: datetime | None = None
    started_before: datetime | None = None
    modified_from: datetime | None = None
    modified_before: datetime | None = None
    older_than: timedelta | None = None
    newer_than: timedelta | None = None
    unchanged_for: timedelta | None = None
    changed_within: timedelta | None = None
    state: RowState | None = None
    origin: Origin | None = None
    ids: frozenset[str] = frozenset()
    is_impossible: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether everything that runs is meant."""
        return self == EVERYTHING

    @property
    def needs_asking(self) -> bool:
        """Whether the portal's rows do not tell all of it, so that it must be resolved first."""
        return bool(
            self.started_by_dismissed or self.waits_for or self.waits_for_dismissed or self.origin is not None
        )

    def meets(self, instance: Instance, now: datetime, known: Known = NOTHING_KNOWN) -> bool:
        """Say whether a workflow is meant. One whose date is unknown is not, where a date is asked for.

        Raises ValueError where something of it is needed that is not known.
        """
        started_from, started_before = self.started_between(now)
        modified_from, modified_before = self.modified_between(now)
        return (
            not self.is_impossible
            and (not self.ids or instance.id in self.ids)
            and (not self.templates or instance.template_id in self.templates)
            and (not self.documents or instance.document_id in self.documents)
            and (not self.kinds or any(kind.meets(instance) for kind in self.kinds))
            and _lies_in(instance.started, started_from, started_before)
            and _lies_in(instance.modified, modified_from, modified_before)
            and (self.state is None or state_of(instance, now) == self.state)
            and self._meets_starter(instance, known)
            and self._meets_origin(instance, known)
            and self._meets_waiting(instance, known)
        )

    def question(self, now: datetime, known: Known = NOTHING_KNOWN) -> dict[str, Any]:
        """Return what is asked of the portal: never less than is meant."""
        return questions.of(self, now, known).asked

    def started_between(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return from and before which moment it must have started."""
        return _span(self.started_from, self.started_before, self.newer_than, self.older_than, now)

    def modified_between(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return from and before which moment it must have changed last."""
        return _span(self.modified_from, self.modified_before, self.changed_within, self.unchanged_for, now)

    def _meets_starter(self, instance: Instance, known: Known) -> bool:
        if not self.started_by and not self.started_by_dismissed:
            return True
        if instance.started_by in self.started_by:
            return True
        return self.started_by_dismissed and instance.started_by in _asked(known.dismissed)

    def _meets_origin(self, instance: Instance, known: Known) -> bool:
        if self.origin is None:
            return True
        is_listed = instance.template_id in _asked(known.listed_templates)
        if self.origin is Origin.WORKFLOWS:
            return is_listed
        # Template 0 is none: a ghost, or a row that came without it.
        return not is_listed and instance.template_id != 0

    def _meets_waiting(self, instance: Instance, known: Known) -> bool:
        if not self.waits_for and not self.waits_for_dismissed:
            return True
        return instance.id in _asked(known.awaited)


EVERYTHING = Filter()


def _asked(known: frozenset[Value] | None) -> frozenset[Value]:
    if known is None:
        raise ValueError("This filter must be resolved before anything is compared with it.")
    return known


def _span(
    since: datetime | None,
    before: datetime | None,
    within: timedelta | None,
    older: timedelta | None,
    now: datetime,
) -> tuple[datetime | None, datetime | None]:
    starts = [moment for moment in (since, _back(now, within)) if moment is not None]
    ends = [moment for moment in (before, _back(now, older)) if moment is not None]
    return max(starts, default=None), min(ends, default=None)


def _back(now: datetime, age: timedelta | None) -> datetime | None:
    return None if age is None else now - age


def _lies_in(moment: datetime | None, since: datetime | None, before: datetime | None) -> bool:
    if since is None and before is None:
        return True
    if moment is None:
        return False
    return (since is None or moment >= since) and (before is None or moment < before)
